import { waitUntil } from "cloudflare:workers";
import { and, eq, gte, isNotNull, isNull, lt, ne, notExists, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { type Database, database } from "../db/database.ts";
import {
  auditEvents,
  documentGrants,
  emailTokens,
  idempotencyKeys,
  identities,
  invitations,
  linkVisitors,
  memberships,
  oauthFlows,
  personalTokens,
  users,
  workspaces,
} from "../db/schema.ts";
import { eventsFrom } from "../events/outbox.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import { normalizeEmail, userEvent } from "./accounts.ts";
import { forgetNetworks } from "./attempts.ts";
import { endSessions } from "./end-sessions.ts";
import type { AuthPorts } from "./ports.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { factorRemoval } from "./second-factors.ts";
import { sweepSockets } from "./session-sockets.ts";
import type { User } from "./sessions.ts";

/** Whom documents are handed over to. */
export interface Heir {
  id: string;
  email: string;
}

/**
 * Deletes an account at once and for good: sessions and sockets end, and everything about the person is deleted. Their
 * row stays, empty, for the histories that bear its id: whoever wrote a line of somebody's document goes on being one and
 * the same person, who is nobody. The documents of the personal workspace go to the heir, or are erased behind the
 * answer; those of other workspaces stay there. Throws Problem `last_owner`.
 */
export async function deleteAccount(
  env: Env,
  ports: AuthPorts,
  { user, heir, origin }: { user: User; heir: Heir | undefined; origin: RequestOrigin },
  now: number,
): Promise<void> {
  const db = database(env.DB);
  await refuseLastOwner(db, user.id);
  const own = { userId: user.id };
  await endSessions(
    env,
    ports.closeSockets,
    {
      which: own,
      event: "session.revoked",
      origin,
      also: [
        ...(heir ? [ports.handOverDocuments(db, { from: user.id, to: heir.id })] : []),
        eventsFrom(
          db,
          {
            type: "members.removed",
            workspaceId: sql`workspace_id`,
            data: { user_id: user.id, role: null, by: user.id },
          },
          sql`FROM memberships WHERE user_id = ${user.id}`,
          now,
        ),
        db.delete(memberships).where(eq(memberships.userId, user.id)),
        db.delete(linkVisitors).where(eq(linkVisitors.visitorId, user.id)),
        db.delete(idempotencyKeys).where(eq(idempotencyKeys.userId, user.id)),
        db.delete(documentGrants).where(eq(documentGrants.userId, user.id)),
        db
          .delete(invitations)
          .where(
            or(
              eq(invitations.invitedBy, user.id),
              eq(invitations.emailNormalized, normalizeEmail(user.email)),
            ),
          ),
        db.delete(identities).where(eq(identities.userId, user.id)),
        db.delete(oauthFlows).where(eq(oauthFlows.userId, user.id)),
        db.delete(emailTokens).where(eq(emailTokens.userId, user.id)),
        ...factorRemoval(db, user.id),
        db.delete(personalTokens).where(eq(personalTokens.userId, user.id)),
        db.delete(auditEvents).where(eq(auditEvents.userId, user.id)),
        db
          .update(users)
          .set({
            email: "",
            emailNormalized: deletedPrefix + user.id,
            name: "",
            passwordHash: null,
            emailVerifiedAt: null,
          })
          .where(eq(users.id, user.id)),
        userEvent(db, "users.deleted", user.id, now),
      ],
    },
    now,
  );
  log("info", "account_deleted", { user_id: user.id });
  waitUntil(
    Promise.all([
      // Those of personal tokens, whose rows are gone.
      sweepSockets(env, ports.closeSockets, now),
      forgetNetworks(env, { email: user.email }),
      forgetNetworks(env, { factorOf: user.id }),
      eraseDeleted(env, ports),
    ]).catch((error) => log("error", "erasing_failed", errorFields(error))),
  );
}

/** Begins the `email_normalized` of an account that was deleted: in upper case, so no address that is typed can be it. */
const deletedPrefix = "DELETED:";

/** Accounts that one run erases what is left of. */
const erasedAtOnce = 20;

/** Erases the documents of accounts that were deleted, and with the last of them the personal workspace. */
export async function eraseDeleted(
  env: Env,
  { eraseDocumentsIn }: Pick<AuthPorts, "eraseDocumentsIn">,
): Promise<void> {
  const db = database(env.DB);
  const left = await db
    .select({ workspaceId: workspaces.id })
    .from(users)
    .innerJoin(workspaces, eq(workspaces.personalUserId, users.id))
    // The range of the prefix, which the index knows; LIKE would go through all rows.
    .where(and(gte(users.emailNormalized, deletedPrefix), lt(users.emailNormalized, "DELETED;")))
    .limit(erasedAtOnce);
  for (const { workspaceId } of left) {
    try {
      if (!(await eraseDocumentsIn(env, workspaceId))) continue;
      await db.batch([
        db.delete(memberships).where(eq(memberships.workspaceId, workspaceId)),
        db.delete(invitations).where(eq(invitations.workspaceId, workspaceId)),
        db.delete(workspaces).where(eq(workspaces.id, workspaceId)),
      ]);
    } catch (error) {
      // Tried again later, and keeps nobody else from being erased.
      log("error", "erasing_failed", errorFields(error));
    }
  }
}

/** Somebody with this address who has proved that it is theirs. Throws Problem `not_found`. */
export async function findHeir(db: Database, user: User, email: string): Promise<Heir> {
  const [heir] = await db
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(
      and(
        eq(users.emailNormalized, normalizeEmail(email)),
        isNotNull(users.emailVerifiedAt),
        ne(users.id, user.id),
      ),
    );
  if (!heir) {
    throw new Problem("not_found", "Nobody else here has this e-mail address, and has confirmed it.");
  }
  return heir;
}

/** A workspace needs an owner: who deletes their account names another first, or deletes the workspace. */
async function refuseLastOwner(db: Database, userId: string): Promise<void> {
  const others = alias(memberships, "others");
  const anotherOwner = db
    .select({ one: sql`1` })
    .from(others)
    .where(
      and(
        eq(others.workspaceId, memberships.workspaceId),
        ne(others.userId, userId),
        eq(others.role, "owner"),
      ),
    );
  const [alone] = await db
    .select({ id: workspaces.id })
    .from(memberships)
    .innerJoin(workspaces, eq(workspaces.id, memberships.workspaceId))
    .where(
      and(
        eq(memberships.userId, userId),
        eq(memberships.role, "owner"),
        isNull(workspaces.personalUserId),
        isNull(workspaces.deletedAt),
        notExists(anotherOwner),
      ),
    )
    .limit(1);
  if (alone) {
    throw new Problem(
      "last_owner",
      "A workspace has no other owner than you. Give it one, or delete it, first.",
    );
  }
}
