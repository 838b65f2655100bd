import { and, desc, eq, gt, inArray, isNull, or, type SQL } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { olderThan } from "../db/page-position.ts";
import { documents, memberships, workspaces } from "../db/schema.ts";
import type { Position } from "../platform/cursor.ts";
import { graceEnd } from "../workspaces/grace.ts";
import { workspaceFor } from "../workspaces/workspaces.ts";
import { readableBy, sharedWith } from "./readable-by.ts";
import type { DocumentRow } from "./store.ts";

/** Which documents, and in which order. */
export interface Listing {
  /** Of one workspace. */
  workspaceId: string | undefined;
  /** Of one owner; undefined, and without another choice: one's own. */
  ownerId: string | undefined;
  /** Those that one has by a grant or a link. */
  shared: boolean;
  /** Those in the trash, for who may bring them back. */
  deleted: boolean;
  /** The newest first: made, or changed. */
  order: "created" | "updated";
}

/**
 * The documents of a listing that a person may see, after a position. By the rule of `roleIn`, in SQL. Throws Problem
 * `not_found` for a workspace that they are not in.
 */
export async function listDocuments(
  db: Database,
  userId: string,
  { workspaceId, ownerId, shared, deleted, order }: Listing,
  { after, limit }: { after: Position | undefined; limit: number },
  now: number,
): Promise<(Position & { row: DocumentRow })[]> {
  if (workspaceId !== undefined) await workspaceFor(db, userId, workspaceId);
  const owner = ownerId ?? (workspaceId === undefined && !shared ? userId : undefined);
  const time = order === "created" ? documents.createdAt : documents.updatedAt;
  const rows = await db
    .select({ row: documents })
    .from(documents)
    .innerJoin(workspaces, eq(workspaces.id, documents.workspaceId))
    .leftJoin(
      memberships,
      and(eq(memberships.workspaceId, documents.workspaceId), eq(memberships.userId, userId)),
    )
    .where(
      and(
        isNull(workspaces.deletedAt),
        workspaceId === undefined ? undefined : eq(documents.workspaceId, workspaceId),
        owner === undefined ? undefined : eq(documents.ownerId, owner),
        shared ? inArray(documents.id, sharedWith(userId, now)) : undefined,
        deleted
          ? and(inTrash(now), isOwner(userId))
          : and(isNull(documents.deletedAt), readableBy(userId, now)),
        olderThan({ createdAt: time, id: documents.id }, after),
      ),
    )
    .orderBy(desc(time), desc(documents.id))
    .limit(limit);
  return rows.map(({ row }) => ({
    row,
    id: row.id,
    createdAt: order === "created" ? row.createdAt : row.updatedAt,
  }));
}

const isOwner = (userId: string): SQL | undefined =>
  or(
    inArray(memberships.role, ["owner", "admin"]),
    and(eq(memberships.role, "editor"), eq(documents.ownerId, userId)),
  );

const inTrash = (now: number): SQL => gt(documents.deletedAt, graceEnd(now));
