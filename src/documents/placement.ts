import { and, eq, isNull, sql } from "drizzle-orm";
import { documents } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Making } from "../idempotency/idempotent.ts";
import { limits } from "../protocol/limits.ts";
import type { Author } from "../room/room-api.ts";
import { workspaceToWrite } from "../workspaces/workspaces.ts";
import {
  createDocument,
  type Document,
  documentFor,
  notFound,
  type Places,
  readDocument,
} from "./documents.ts";
import { type DocumentRow, hasRoomFor, refuseFullWorkspace } from "./store.ts";

/**
 * Makes a new document of the text that one has at this moment, without its history and without who has a part in it, in
 * a workspace of the person's. Throws what `createDocument` throws.
 */
export async function duplicateDocument(
  places: Places,
  author: Author,
  id: string,
  {
    making,
    title,
    workspaceId,
  }: { making: Making; title: string | undefined; workspaceId: string | undefined },
  now: number,
): Promise<Document> {
  const { row, content } = await readDocument(places, author.userId, id);
  const copy = title ?? copyTitle(row.title);
  return createDocument(places, author, { making, title: copy, content, workspaceId }, now);
}

const copyOf = "Copy of ";

/** A title that still is one: no longer than titles are, no character cut. */
function copyTitle(title: string): string {
  const kept = title.slice(0, limits.titleUnits - copyOf.length);
  return copyOf + (kept.isWellFormed() ? kept : kept.slice(0, -1));
}

/**
 * Puts a document into another workspace of the person's, with its history, grants and links. Who owned it keeps it if
 * they are in that workspace; else it is the mover's. One statement, so that it is in one of the two. Throws Problem
 * `forbidden`, `not_found`, `quota_exceeded`.
 */
export async function moveDocument(
  { db }: Places,
  userId: string,
  id: string,
  workspaceId: string,
  now: number,
): Promise<DocumentRow> {
  const { row } = await documentFor(db, userId, id, "manage");
  await workspaceToWrite(db, userId, workspaceId);
  if (row.workspaceId === workspaceId) return row;
  const isMember = sql`EXISTS (SELECT 1 FROM memberships WHERE workspace_id = ${workspaceId} AND user_id = ${documents.ownerId})`;
  const data = { document_id: id, from: row.workspaceId, to: workspaceId, user_id: userId };
  const [[moved]] = await db.batch([
    db
      .update(documents)
      .set({ workspaceId, ownerId: sql`CASE WHEN ${isMember} THEN ${documents.ownerId} ELSE ${userId} END` })
      .where(
        and(
          eq(documents.id, id),
          eq(documents.workspaceId, row.workspaceId),
          isNull(documents.deletedAt),
          hasRoomFor(workspaceId),
        ),
      )
      .returning(),
    // For the webhooks of both; the second, since the first has changed something.
    eventIfChanged(db, { type: "documents.moved", workspaceId: row.workspaceId, data }, now),
    eventIfChanged(db, { type: "documents.moved", workspaceId, data }, now),
  ]);
  if (moved) return moved;
  await refuseFullWorkspace(db, workspaceId);
  // Deleted, or moved by somebody else, meanwhile.
  throw notFound();
}
