import { and, eq, lte, or, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, database } from "../db/database.ts";
import { sessions, users } from "../db/schema.ts";
import { log } from "../platform/log.ts";
import { limits } from "../protocol/limits.ts";
import { auditRows } from "./audit.ts";
import { endSessions } from "./end-sessions.ts";
import { rememberEnded, withinTime } from "./live-sessions.ts";
import type { PresentedRefresh } from "./refresh-token.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { judgeRefresh, sessionEnd, sessionMaxAge, sessionMaxIdle } from "./session-rules.ts";
import type { CloseSockets } from "./session-sockets.ts";

/** A session as tokens are made of it. */
export interface Session extends PresentedRefresh {
  /** When it ends if it is not refreshed any more, milliseconds since the epoch. */
  endsAt: number;
}

export interface User extends Omit<typeof users.$inferSelect, "emailNormalized" | "passwordHash"> {
  /** Another way in than a password, if one is linked. */
  oauthProvider: "google" | null;
  /** Whether a second factor is on. */
  secondFactor: boolean;
}

/** The columns of a user that leave this folder. */
export const userColumns = {
  id: users.id,
  email: users.email,
  name: users.name,
  createdAt: users.createdAt,
  emailVerifiedAt: users.emailVerifiedAt,
  // Written out: in a query of one table drizzle leaves the tables' names away.
  oauthProvider: sql<
    User["oauthProvider"]
  >`(SELECT identities.provider FROM identities WHERE identities.user_id = users.id)`.as("oauth_provider"),
  secondFactor: sql<boolean>`EXISTS (SELECT 1 FROM second_factors WHERE second_factors.user_id = users.id)`
    .mapWith(Boolean)
    .as("second_factor"),
};

/** A session at its first generation, as a row to insert. */
export function newSession(userId: string, origin: RequestOrigin, now: number): typeof sessions.$inferSelect {
  return {
    id: crypto.randomUUID(),
    userId,
    generation: 0,
    rotatedAt: now,
    createdAt: now,
    authenticatedAt: now,
    ...origin,
  };
}

/**
 * Starts a session, and clears away those of the same person that have run out, or are too many; if what the person has proved still is a
 * proof at that moment: a password that was changed meanwhile, and an identity that was unlinked, open nothing any more.
 * `use` is the statement that uses the proof up, directly before `stillProved` is asked. Undefined: it is none.
 */
export async function startSession(
  db: Database,
  { userId, stillProved, use }: { userId: string; stillProved: SQL; use?: BatchItem<"sqlite"> },
  origin: RequestOrigin,
  now: number,
): Promise<Session | undefined> {
  const session = newSession(userId, origin, now);
  const { id, generation, rotatedAt, createdAt, authenticatedAt, address, userAgent } = session;
  const ended = or(
    lte(sessions.createdAt, now - sessionMaxAge),
    lte(sessions.rotatedAt, now - sessionMaxIdle),
  );
  const tooMany = sql`${sessions.id} IN (SELECT id FROM sessions WHERE user_id = ${userId}
    ORDER BY rotated_at DESC, id LIMIT -1 OFFSET ${limits.sessionsPerPerson})`;
  const outcomes = await db.batch([
    db.delete(sessions).where(and(eq(sessions.userId, userId), ended)),
    ...(use ? [use] : []),
    db
      .insert(sessions)
      // In the order of the table's columns.
      .select(
        sql`SELECT ${id}, ${userId}, ${generation}, ${rotatedAt}, ${createdAt}, ${authenticatedAt}, ${address}, ${userAgent}
            WHERE ${stillProved}`,
      )
      .returning({ id: sessions.id }),
    auditRows(db, eq(sessions.id, session.id), { event: "session.started", origin }, now),
    auditRows(db, tooMany, { event: "session.crowded_out", origin }, now),
    // Their sockets are closed by the sweep (decision 0005).
    db.delete(sessions).where(tooMany).returning({ id: sessions.id }),
  ]);
  rememberEnded((outcomes.at(-1) as { id: string }[]).map(({ id }) => id));
  const started = outcomes[use ? 2 : 1] as { id: string }[];
  return started.length > 0 ? tokenSession(session) : undefined;
}

/** What the tokens of a session are made of. */
export function tokenSession(session: typeof sessions.$inferSelect): Session {
  return { sessionId: session.id, generation: session.generation, endsAt: sessionEnd(session) };
}

/**
 * Rotates the refresh token of a session (AU-2). The UPDATE is the lock: of all who present one token, one wins, and
 * the others see what it won. Undefined: the token is no good (any more).
 */
export async function rotateSession(
  env: Env,
  closeSockets: CloseSockets,
  { sessionId, generation }: PresentedRefresh,
  origin: RequestOrigin,
  now: number,
): Promise<{ session: Session; user: User } | undefined> {
  const db = database(env.DB);
  const [rotated, [session], [user]] = await db.batch([
    db
      .update(sessions)
      .set({ generation: sql`${sessions.generation} + 1`, rotatedAt: now, ...origin })
      .where(and(eq(sessions.id, sessionId), eq(sessions.generation, generation), withinTime(now)))
      .returning({ id: sessions.id }),
    db.select().from(sessions).where(eq(sessions.id, sessionId)),
    // No join: in a batch D1 gives rows by column name, and drizzle loses one of two columns of a name.
    db
      .select(userColumns)
      .from(users)
      .where(
        eq(users.id, db.select({ id: sessions.userId }).from(sessions).where(eq(sessions.id, sessionId))),
      ),
  ]);
  if (!session || !user) return undefined;
  const current = { session: tokenSession(session), user };
  if (rotated.length > 0) return current;
  const verdict = judgeRefresh(session, generation, now);
  if (verdict === "retry") return current;
  if (verdict === "reuse") {
    log("warn", "refresh_token_reuse", { session_id: sessionId, user_id: user.id });
    const event = "session.refresh_reused";
    await endSessions(env, closeSockets, { which: { sessionId }, event, origin }, now);
  }
  return undefined;
}
