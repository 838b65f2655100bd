import { and, eq, gt, lte, or, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { sessions, users } from "../db/schema.ts";
import { log } from "../platform/log.ts";
import type { PresentedRefresh } from "./refresh-token.ts";
import { judgeRefresh, sessionMaxAge, sessionMaxIdle } from "./session-rules.ts";

export type User = Omit<typeof users.$inferSelect, "emailNormalized" | "passwordHash">;

/** The columns of a user that leave this folder. */
export const userColumns = { id: users.id, email: users.email, name: users.name, createdAt: users.createdAt };

/** A session at its first generation, as a row to insert. */
export function newSession(userId: string, now: number): typeof sessions.$inferInsert {
  return { id: crypto.randomUUID(), userId, generation: 0, rotatedAt: now, createdAt: now };
}

/** Starts a session, and clears away those of the same person that have run out. */
export async function startSession(db: Database, userId: string, now: number): Promise<PresentedRefresh> {
  const session = newSession(userId, now);
  const ended = or(
    lte(sessions.createdAt, now - sessionMaxAge),
    lte(sessions.rotatedAt, now - sessionMaxIdle),
  );
  await db.batch([
    db.delete(sessions).where(and(eq(sessions.userId, userId), ended)),
    db.insert(sessions).values(session),
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
  now: number,
): Promise<{ session: PresentedRefresh; user: User } | undefined> {
  const { sessionId, generation } = presented;
  const [rotated, [session], [user]] = await db.batch([
    db
      .update(sessions)
      .set({ generation: sql`${sessions.generation} + 1`, rotatedAt: now })
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
    await endSession(db, sessionId);
  }
  return undefined;
}

/** Ends a session; ending it twice is the same. */
export async function endSession(db: Database, sessionId: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.id, sessionId));
}
