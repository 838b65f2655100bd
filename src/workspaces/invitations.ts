import { and, asc, eq, gt, sql } from "drizzle-orm";
import { normalizeEmail } from "../auth/accounts.ts";
import { hashOf, newRandomToken } from "../auth/random-token.ts";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { invitations, memberships } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Making } from "../idempotency/idempotent.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import type { WorkspaceRole } from "./roles.ts";
import { managedWorkspace, type Workspace, workspaceFor } from "./workspaces.ts";

export type InvitedRole = Exclude<WorkspaceRole, "owner">;

export interface Invitation {
  id: string;
  email: string;
  role: InvitedRole;
  invitedBy: string;
  createdAt: number;
  expiresAt: number;
}

const columns = {
  id: invitations.id,
  email: invitations.email,
  role: invitations.role,
  invitedBy: invitations.invitedBy,
  createdAt: invitations.createdAt,
  expiresAt: invitations.expiresAt,
};

/**
 * Invites an address, or invites it again: then the message before is worth nothing any more. The token is for the
 * message alone. Throws Problem `forbidden`, `personal_workspace`, `quota_exceeded`.
 */
export async function invite(
  db: Database,
  actorId: string,
  {
    making,
    workspaceId,
    email,
    role,
  }: { making: Making; workspaceId: string; email: string; role: InvitedRole },
  now: number,
): Promise<{ invitation: Invitation; token: string }> {
  const workspace = await managedWorkspace(db, actorId, workspaceId);
  if (workspace.personalUserId !== null) {
    throw new Problem(
      "personal_workspace",
      "The personal workspace has one member: share its documents instead.",
    );
  }
  const token = newRandomToken();
  const row = {
    id: making.id,
    email,
    role,
    tokenHash: await hashOf(token),
    invitedBy: actorId,
    createdAt: now,
    expiresAt: now + limits.invitationDays * 86_400_000,
  };
  const emailNormalized = normalizeEmail(email);
  const [, [invitation]] = await db.batch([
    db
      .delete(invitations)
      .where(and(eq(invitations.workspaceId, workspaceId), eq(invitations.emailNormalized, emailNormalized))),
    db
      .insert(invitations)
      .select(
        sql`SELECT ${row.id}, ${workspaceId}, ${email}, ${emailNormalized}, ${role}, ${row.tokenHash}, ${actorId}, ${now}, ${row.expiresAt}
            WHERE (SELECT count(*) FROM invitations WHERE workspace_id = ${workspaceId}) < ${limits.invitationsPerWorkspace}`,
      )
      .returning(columns),
    eventIfChanged(
      db,
      {
        type: "members.invited",
        workspaceId,
        data: { workspace_id: workspaceId, invitation_id: row.id, role, by: actorId },
      },
      now,
    ),
  ]);
  if (!invitation) {
    throw new Problem(
      "quota_exceeded",
      `A workspace has at most ${limits.invitationsPerWorkspace} open invitations.`,
    );
  }
  return { invitation, token };
}

/** The invitations that were not accepted yet, for who may withdraw them. Throws Problem `forbidden`. */
export async function listInvitations(
  db: Database,
  actorId: string,
  workspaceId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<Invitation[]> {
  await managedWorkspace(db, actorId, workspaceId);
  const later = newerThan(invitations, after);
  return db
    .select(columns)
    .from(invitations)
    .where(and(eq(invitations.workspaceId, workspaceId), later))
    .orderBy(asc(invitations.createdAt), asc(invitations.id))
    .limit(limit);
}

/** Withdraws an invitation. Throws Problem `forbidden`, `not_found`. */
export async function withdrawInvitation(
  db: Database,
  actorId: string,
  workspaceId: string,
  id: string,
): Promise<void> {
  await managedWorkspace(db, actorId, workspaceId);
  const gone = await db
    .delete(invitations)
    .where(and(eq(invitations.workspaceId, workspaceId), eq(invitations.id, id)))
    .returning({ id: invitations.id });
  if (gone.length === 0) throw new Problem("not_found", "There is no such invitation.");
}

/**
 * Makes whoever holds the token of an invitation a member, with whatever account: the message proves the mailbox, and
 * people have several. Once: the invitation is used up by it. Who is a member already stays what they are. Throws
 * Problem `invalid_invitation`, one and the same for unknown, used, withdrawn and expired.
 */
export async function acceptInvitation(
  db: Database,
  userId: string,
  token: string,
  now: number,
): Promise<Workspace> {
  const tokenHash = await hashOf(token);
  const valid = and(
    eq(invitations.tokenHash, tokenHash),
    gt(invitations.expiresAt, now),
    sql`(SELECT deleted_at FROM workspaces WHERE id = ${invitations.workspaceId}) IS NULL`,
  );
  const [invitation] = await db
    .select({ id: invitations.id, workspaceId: invitations.workspaceId, role: invitations.role })
    .from(invitations)
    .where(valid);
  if (!invitation) throw invalidInvitation();
  const { id, workspaceId, role } = invitation;
  const data = { workspace_id: workspaceId, user_id: userId, role, by: userId };
  const [, , used] = await db.batch([
    db
      .insert(memberships)
      .select(
        sql`SELECT ${workspaceId}, ${userId}, role, ${now} FROM invitations
            WHERE id = ${id} AND token_hash = ${tokenHash}
              AND (SELECT count(*) FROM memberships WHERE workspace_id = ${workspaceId}) < ${limits.membersPerWorkspace}`,
      )
      .onConflictDoNothing(),
    eventIfChanged(db, { type: "members.added", workspaceId, data }, now),
    db
      .delete(invitations)
      .where(
        and(
          eq(invitations.id, id),
          sql`EXISTS (SELECT 1 FROM ${memberships} WHERE workspace_id = ${workspaceId} AND user_id = ${userId})`,
        ),
      )
      .returning({ id: invitations.id }),
  ]);
  if (used.length > 0) return workspaceFor(db, userId, workspaceId);
  const [still] = await db.select({ id: invitations.id }).from(invitations).where(valid);
  if (!still) throw invalidInvitation();
  throw new Problem("quota_exceeded", `A workspace has at most ${limits.membersPerWorkspace} members.`);
}

function invalidInvitation(): Problem {
  return new Problem("invalid_invitation", "The invitation is not valid (any more). Ask for a new one.");
}
