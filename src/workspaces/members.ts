import { and, asc, eq, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { memberships, users } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { mayChangeMember, type WorkspaceRole } from "./roles.ts";
import { noWorkspace, type Workspace, workspaceFor } from "./workspaces.ts";

/** Somebody in a workspace, as the other members see them. */
export interface Member {
  userId: string;
  name: string;
  email: string;
  role: WorkspaceRole;
  createdAt: number;
}

const columns = {
  userId: memberships.userId,
  name: users.name,
  email: users.email,
  role: memberships.role,
  createdAt: memberships.createdAt,
};

/** The members of a workspace, for one of them, in the order in which they came. */
export async function listMembers(
  db: Database,
  userId: string,
  workspaceId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<Member[]> {
  await workspaceFor(db, userId, workspaceId);
  const later = newerThan({ createdAt: memberships.createdAt, id: memberships.userId }, after);
  return db
    .select(columns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.workspaceId, workspaceId), later))
    .orderBy(asc(memberships.createdAt), asc(memberships.userId))
    .limit(limit);
}

/**
 * Gives a member another role, or none (`null`: out of the workspace; for oneself that is leaving). Throws Problem
 * `forbidden`, `last_owner`, `personal_workspace`, and `not_found` for who is no member.
 */
export async function changeMember(
  db: Database,
  actorId: string,
  { workspaceId, userId, role }: { workspaceId: string; userId: string; role: WorkspaceRole | null },
  now: number,
): Promise<Member> {
  const { workspace, member } = await workspaceAndMember(db, actorId, workspaceId, userId);
  const actor = { role: workspace.role, self: actorId === userId };
  if (!mayChangeMember(actor, member.role, role)) {
    throw new Problem("forbidden", "Your role in the workspace does not allow this.");
  }
  const changed = await change(db, { actorId, actorRole: workspace.role, workspaceId, member, role }, now);
  if (!changed) throw lastOwner();
  return { ...member, role: role ?? member.role };
}

/** Makes another member owner in one's own place, in one step. Throws Problem `forbidden`, `not_found`. */
export async function transferOwnership(
  db: Database,
  actorId: string,
  { workspaceId, userId }: { workspaceId: string; userId: string },
  now: number,
): Promise<Member> {
  const { workspace, member } = await workspaceAndMember(db, actorId, workspaceId, userId);
  if (workspace.role !== "owner") throw new Problem("forbidden", "Only an owner hands a workspace over.");
  if (actorId === userId) return member;
  const data = { workspace_id: workspaceId, user_id: userId, role: "owner", by: actorId };
  const still = sql`EXISTS (SELECT 1 FROM memberships o WHERE o.workspace_id = ${workspaceId} AND o.user_id = ${actorId} AND o.role = 'owner')`;
  const [raised] = await db.batch([
    db
      .update(memberships)
      .set({ role: "owner" })
      .where(and(isMember(workspaceId, userId), still))
      .returning({ userId: memberships.userId }),
    eventIfChanged(db, { type: "members.changed", workspaceId, data }, now),
    db
      .update(memberships)
      .set({ role: "admin" })
      .where(
        and(
          isMember(workspaceId, actorId),
          sql`EXISTS (SELECT 1 FROM memberships o WHERE o.workspace_id = ${workspaceId} AND o.user_id = ${userId} AND o.role = 'owner')`,
        ),
      ),
    eventIfChanged(
      db,
      { type: "members.changed", workspaceId, data: { ...data, user_id: actorId, role: "admin" } },
      now,
    ),
  ]);
  if (raised.length === 0) throw new Problem("not_found", "There is no such member.");
  return { ...member, role: "owner" };
}

async function workspaceAndMember(
  db: Database,
  actorId: string,
  workspaceId: string,
  userId: string,
): Promise<{ workspace: Workspace; member: Member }> {
  const workspace = await workspaceFor(db, actorId, workspaceId);
  if (workspace.deletedAt !== null) throw noWorkspace();
  if (workspace.personalUserId !== null) {
    throw new Problem("personal_workspace", "The personal workspace has one member, and keeps them.");
  }
  const [member] = await db
    .select(columns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(isMember(workspaceId, userId));
  if (!member) throw new Problem("not_found", "There is no such member.");
  return { workspace, member };
}

interface MemberChange {
  actorId: string;
  actorRole: WorkspaceRole;
  workspaceId: string;
  member: Member;
  role: WorkspaceRole | null;
}

/**
 * The change, if all that it was decided by still holds, and somebody stays owner: the conditions are in the statement,
 * since between a question and a statement others act.
 */
async function change(
  db: Database,
  { actorId, actorRole, workspaceId, member, role }: MemberChange,
  now: number,
) {
  const still = and(
    isMember(workspaceId, member.userId),
    eq(memberships.role, member.role),
    sql`EXISTS (SELECT 1 FROM memberships a WHERE a.workspace_id = ${workspaceId} AND a.user_id = ${actorId} AND a.role = ${actorRole})`,
    member.role === "owner" && role !== "owner"
      ? sql`(SELECT count(*) FROM memberships o WHERE o.workspace_id = ${workspaceId} AND o.role = 'owner') > 1`
      : undefined,
  );
  const fact: BatchItem<"sqlite"> & PromiseLike<{ userId: string }[]> = role
    ? db.update(memberships).set({ role }).where(still).returning({ userId: memberships.userId })
    : db.delete(memberships).where(still).returning({ userId: memberships.userId });
  const data = { workspace_id: workspaceId, user_id: member.userId, role, by: actorId };
  const type = role ? "members.changed" : "members.removed";
  const [changed] = await db.batch([fact, eventIfChanged(db, { type, workspaceId, data }, now)]);
  return (changed as unknown[]).length > 0;
}

const isMember = (workspaceId: string, userId: string) =>
  and(eq(memberships.workspaceId, workspaceId), eq(memberships.userId, userId));

function lastOwner(): Problem {
  return new Problem(
    "last_owner",
    "Nobody else owns the workspace (or it has just been changed by somebody else): make another member owner first.",
  );
}
