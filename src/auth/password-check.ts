import { waitUntil } from "cloudflare:workers";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { users } from "../db/schema.ts";
import { Problem } from "../platform/problem.ts";
import { normalizeEmail } from "./accounts.ts";
import { countAttempt } from "./attempts.ts";
import { auditRow } from "./audit.ts";
import { hashPassword, isOutdated, verifyPassword } from "./passwords.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { type User, userColumns } from "./sessions.ts";

/**
 * Whose password this is: the one door to the stored hashes, for whatever a password is asked for. AU-1: "no such account"
 * and "wrong password" are one answer after one amount of work. AU-7: every question is counted. Throws Problem
 * `invalid_credentials`, `rate_limited`. `stillProved` is for who acts on the answer: it no longer holds when the
 * password has been changed meanwhile.
 */
export async function checkPassword(
  env: Env,
  { email, password, origin }: { email: string; password: string; origin: RequestOrigin },
  now: number,
): Promise<{ user: User; stillProved: SQL }> {
  const db = database(env.DB);
  const tell = () => tellOwner(db, email, origin, now);
  const attempt = await countAttempt(env, { subject: { email }, origin, tell }, now);
  const [found] = await db
    .select({ user: userColumns, passwordHash: users.passwordHash })
    .from(users)
    .where(eq(users.emailNormalized, normalizeEmail(email)));
  const right = await verifyPassword(password, found?.passwordHash ?? null);
  if (!found || !right) {
    // After the answer: before it, it would tell by its time that there is an account (AU-1).
    if (found)
      waitUntil(db.batch([auditRow(db, { userId: found.user.id, event: "login.failed", origin }, now)]));
    throw wrongPassword(attempt.headers);
  }
  await attempt.succeeded();
  const { user } = found;
  let { passwordHash } = found;
  if (passwordHash && isOutdated(passwordHash)) {
    const renewed = await hashPassword(password);
    await replaceHash(db, user.id, passwordHash, renewed);
    passwordHash = renewed;
  }
  return {
    user,
    stillProved: sql`(SELECT password_hash FROM users WHERE id = ${user.id}) IS ${passwordHash}`,
  };
}

/** AU-1: one answer, whatever of the two is wrong. */
export function wrongPassword(headers: Record<string, string> = {}): Problem {
  return new Problem("invalid_credentials", "The e-mail address or the password is wrong.", { headers });
}

async function tellOwner(db: Database, email: string, origin: RequestOrigin, now: number): Promise<void> {
  const [owner] = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.emailNormalized, normalizeEmail(email)));
  if (owner) await db.batch([auditRow(db, { userId: owner.id, event: "login.throttled", origin }, now)]);
}

/** Keeps the same password at today's cost; unless it was changed meanwhile. */
async function replaceHash(db: Database, userId: string, from: string, to: string): Promise<void> {
  await db
    .update(users)
    .set({ passwordHash: to })
    .where(and(eq(users.id, userId), eq(users.passwordHash, from)));
}
