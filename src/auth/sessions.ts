import { and, eq, gt, lte, or, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { sessions, users } from "../db/schema.ts";
import { log } from "../platform/log.ts";
import { auditRow } from "./audit.ts";
import type { PresentedRefresh } from "./refresh-token.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { judgeRefresh, sessionMaxAge, sessionMaxIdle } from "./session-rules.ts";

export interface User extends Omit<typeof users.$inferSelect, "emailNormalized" | "passwordHash"> {
  /** Another way in than a password, if one is linked. */
  oauthProvider: "google" | null;
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
};

/** A session at its first generation, as a row to insert. */
export function newSession(userId: string, origin: RequestOrigin, now: number): typeof sessions.$inferInsert {
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

/** Starts a session, and clears away those of the same person that have run out. */
export async function startSession(
  db: Database,
  userId: string,
  origin: RequestOrigin,
  now: number,
): Promise<PresentedRefresh> {
  const session = newSession(userId, origin, now);
  const ended = or(
    lte(sessions.createdAt, now - sessionMaxAge),
    lte(sessions.rotatedAt, now - sessionMaxIdle),
  );
  await db.batch([
    db.delete(sessions).where(and(eq(sessions.userId, userId), ended)),
    db.insert(sessions).values(session),
    auditRow(db, { userId, event: "session.started", sessionId: session.id, origin }, now),
  ]);
  return { sessionId: session.id, generation: session.generation };
}

/**
 * Rotates the refresh token of a session (AU-2). The UPDATE is the lock: of all who present one token, one wins, and
 * the others see what it won. Undefined: the token is no good (any more).
 */
export async function rotateSession(
  db: Database,
  presented: PresentedRefresh,
  origin: RequestOrigin,
  now: number,
): Promise<{ session: PresentedRefresh; user: User } | undefined> {
  const { sessionId, generation } = presented;
  const [rotated, [session], [user]] = await db.batch([
    db
      .update(sessions)
      .set({ generation: sql`${sessions.generation} + 1`, rotatedAt: now, ...origin })
      .where(
        and(
          eq(sessions.id, sessionId),
          eq(sessions.generation, generation),
          gt(sessions.createdAt, now - sessionMaxAge),
          gt(sessions.rotatedAt, now - sessionMaxIdle),
        ),
      )
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
  const current = { session: { sessionId, generation: session.generation }, user };
  if (rotated.length > 0) return current;
  const verdict = judgeRefresh(session, generation, now);
  if (verdict === "retry") return current;
  if (verdict === "reuse") {
    log("warn", "refresh_token_reuse", { session_id: sessionId, user_id: user.id });
    await db.batch([
      db.delete(sessions).where(eq(sessions.id, sessionId)),
      auditRow(db, { userId: user.id, event: "session.refresh_reused", sessionId, origin }, now),
    ]);
  }
  return undefined;
}

/** Ends a session; ending it twice is the same. */
export async function endSession(db: Database, sessionId: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.id, sessionId));
}
