import { and, asc, eq, gt, isNull, or, type Placeholder, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { memberships, workspaces } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Making } from "../idempotency/idempotent.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { graceEnd } from "./grace.ts";
import { manages, type WorkspaceRole, writes } from "./roles.ts";

/** A workspace as one of its members sees it. */
export interface Workspace {
  id: string;
  name: string;
  personalUserId: string | null;
  createdAt: number;
  deletedAt: number | null;
  role: WorkspaceRole;
}

const columns = {
  id: workspaces.id,
  name: workspaces.name,
  personalUserId: workspaces.personalUserId,
  createdAt: workspaces.createdAt,
  deletedAt: workspaces.deletedAt,
  role: memberships.role,
};

const ofMember = (db: Database) =>
  db
    .select(columns)
    .from(workspaces)
    .innerJoin(memberships, eq(memberships.workspaceId, workspaces.id))
    .$dynamic();

/** While it waits to be erased, a workspace is there for its owners alone. */
const visible = or(isNull(workspaces.deletedAt), eq(memberships.role, "owner"));

/** The workspace, for one of its members. Throws Problem `not_found`, one and the same for absent and foreign. */
export async function workspaceFor(db: Database, userId: string, id: string): Promise<Workspace> {
  const [found] = await ofMember(db).where(
    and(eq(workspaces.id, id), eq(memberships.userId, userId), visible),
  );
  if (!found) throw noWorkspace();
  return found;
}

/** The workspace, for one who may change it. Throws Problem `forbidden` for a member who may not. */
export async function managedWorkspace(db: Database, userId: string, id: string): Promise<Workspace> {
  const workspace = await workspaceFor(db, userId, id);
  if (!manages(workspace.role))
    throw new Problem("forbidden", "Only owners and admins of a workspace do this.");
  if (workspace.deletedAt !== null) throw noWorkspace();
  return workspace;
}

/** Finds the workspace in which a person creates a document, the one that they name or their personal one, for `writable`. */
export function workspaceNamed(
  db: Database,
  userId: string | Placeholder,
  id: string | Placeholder | undefined,
) {
  const named = id === undefined ? eq(workspaces.personalUserId, userId) : eq(workspaces.id, id);
  return ofMember(db).where(and(named, eq(memberships.userId, userId), isNull(workspaces.deletedAt)));
}

/** What was found, if documents may be created in it. Throws Problem `not_found`, and `forbidden` for one in which they only read. */
export function writable(found: Workspace | undefined): Workspace {
  if (!found) throw noWorkspace();
  if (!writes(found.role))
    throw new Problem("forbidden", "Viewers of a workspace create no documents in it.");
  return found;
}

/** The workspace, for one who may create documents in it. Throws what `writable` throws. */
export async function workspaceToWrite(db: Database, userId: string, id: string): Promise<Workspace> {
  const [found] = await workspaceNamed(db, userId, id);
  return writable(found);
}

/** A person's workspaces, in the order in which they came into them: `createdAt` is when that was. */
export async function listWorkspaces(
  db: Database,
  userId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<(Position & { workspace: Workspace })[]> {
  const later = newerThan({ createdAt: memberships.createdAt, id: memberships.workspaceId }, after);
  const rows = await db
    .select({ workspace: columns, joinedAt: memberships.createdAt })
    .from(workspaces)
    .innerJoin(memberships, eq(memberships.workspaceId, workspaces.id))
    .where(and(eq(memberships.userId, userId), visible, later))
    .orderBy(asc(memberships.createdAt), asc(memberships.workspaceId))
    .limit(limit);
  return rows.map(({ workspace, joinedAt }) => ({ workspace, createdAt: joinedAt, id: workspace.id }));
}

/** Throws Problem `quota_exceeded` for who is in as many workspaces as anyone may be. */
export async function createWorkspace(
  db: Database,
  userId: string,
  { making, name }: { making: Making; name: string },
  now: number,
): Promise<Workspace> {
  const { id } = making;
  if (making.again) {
    const [found] = await ofMember(db).where(and(eq(workspaces.id, id), eq(memberships.userId, userId)));
    if (found) return found;
  }
  const [made] = await db.batch([
    db
      .insert(workspaces)
      .select(
        sql`SELECT ${id}, ${name}, NULL, ${now}, NULL
            WHERE (SELECT count(*) FROM memberships WHERE user_id = ${userId}) < ${limits.workspacesPerPerson}`,
      )
      .returning({ id: workspaces.id }),
    eventIfChanged(
      db,
      { type: "workspaces.created", workspaceId: id, data: { workspace_id: id, user_id: userId } },
      now,
    ),
    db
      .insert(memberships)
      .select(sql`SELECT id, ${userId}, 'owner', ${now} FROM workspaces WHERE id = ${id}`),
  ]);
  if (made.length === 0) {
    throw new Problem("quota_exceeded", `A person is in at most ${limits.workspacesPerPerson} workspaces.`);
  }
  return { id, name, personalUserId: null, createdAt: now, deletedAt: null, role: "owner" };
}

export async function renameWorkspace(db: Database, userId: string, id: string, name: string, now: number) {
  const workspace = await managedWorkspace(db, userId, id);
  await db.batch([
    db.update(workspaces).set({ name }).where(eq(workspaces.id, id)),
    eventIfChanged(
      db,
      { type: "workspaces.updated", workspaceId: id, data: { workspace_id: id, user_id: userId } },
      now,
    ),
  ]);
  return { ...workspace, name };
}

/**
 * Deletes a workspace: from now on it and its documents are shown to its owners alone, who can bring it back until the
 * grace period ends and it is erased. Deleting it again is the same. Throws Problem `forbidden`, `personal_workspace`.
 */
export async function deleteWorkspace(db: Database, userId: string, id: string, now: number): Promise<void> {
  const workspace = await ownedWorkspace(db, userId, id);
  if (workspace.personalUserId !== null) {
    throw new Problem("personal_workspace", "The personal workspace stays as long as its account.");
  }
  await db.batch([
    db
      .update(workspaces)
      .set({ deletedAt: now })
      .where(and(eq(workspaces.id, id), isNull(workspaces.deletedAt))),
    eventIfChanged(
      db,
      { type: "workspaces.deleted", workspaceId: id, data: { workspace_id: id, user_id: userId } },
      now,
    ),
  ]);
}

/**
 * Brings a deleted workspace back, with its documents; one that is not deleted stays as it is. Throws Problem `forbidden`,
 * and `not_found` from the end of the grace period on, be it erased yet or not.
 */
export async function restoreWorkspace(
  db: Database,
  userId: string,
  id: string,
  now: number,
): Promise<Workspace> {
  const workspace = await ownedWorkspace(db, userId, id);
  if (workspace.deletedAt === null) return workspace;
  const [restored] = await db.batch([
    db
      .update(workspaces)
      .set({ deletedAt: null })
      .where(and(eq(workspaces.id, id), gt(workspaces.deletedAt, graceEnd(now))))
      .returning({ id: workspaces.id }),
    eventIfChanged(
      db,
      { type: "workspaces.restored", workspaceId: id, data: { workspace_id: id, user_id: userId } },
      now,
    ),
  ]);
  if (restored.length === 0) throw noWorkspace();
  return { ...workspace, deletedAt: null };
}

async function ownedWorkspace(db: Database, userId: string, id: string): Promise<Workspace> {
  const workspace = await workspaceFor(db, userId, id);
  if (workspace.role !== "owner") throw new Problem("forbidden", "Only owners of a workspace do this.");
  return workspace;
}

export function noWorkspace(): Problem {
  return new Problem("not_found", "There is no such workspace.");
}
