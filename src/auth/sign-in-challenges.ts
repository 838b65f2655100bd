import { and, eq, gt, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { signInChallenges } from "../db/schema.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { auditRowIf } from "./audit.ts";
import { hashOf, newRandomToken } from "./random-token.ts";
import type { RequestOrigin } from "./request-origin.ts";

/** A sign-in whose first factor was right. */
export type SignInChallenge = typeof signInChallenges.$inferSelect;

type ChallengePurpose = SignInChallenge["purpose"];

/**
 * Notes that the first factor was right, if it still is at that moment, and answers the token that proves it. What makes the
 * first factor another one deletes its challenges in the same batch, so a challenge that is there is good.
 */
export async function newChallenge(
  db: Database,
  {
    userId,
    purpose,
    stillProved,
    origin,
  }: { userId: string; purpose: ChallengePurpose; stillProved: SQL; origin: RequestOrigin },
  now: number,
): Promise<string | undefined> {
  const token = newRandomToken();
  const expiresAt = now + limits.challengeSeconds * 1000;
  const [made] = await db.batch([
    db
      .insert(signInChallenges)
      // In the order of the table's columns.
      .select(sql`SELECT ${await hashOf(token)}, ${userId}, ${purpose}, ${expiresAt} WHERE ${stillProved}`)
      .returning({ userId: signInChallenges.userId }),
    auditRowIf(db, sql`changes() > 0`, { userId, event: "second_factor.asked", origin }, now),
  ]);
  return made.length > 0 ? token : undefined;
}

/** The challenge that this token is for; it stays good, as people mistype codes. Throws Problem `invalid_challenge`. */
export async function findChallenge(
  db: Database,
  token: string,
  purpose: ChallengePurpose,
  now: number,
): Promise<SignInChallenge> {
  const [challenge] = await db
    .select()
    .from(signInChallenges)
    .where(and(eq(signInChallenges.tokenHash, await hashOf(token)), isGood(purpose, now)));
  if (!challenge) throw invalidChallenge();
  return challenge;
}

/** The statement that uses a challenge up: of many at once, one changes anything. */
export function challengeUse(
  db: Database,
  { tokenHash, purpose }: SignInChallenge,
  now: number,
): BatchItem<"sqlite"> {
  return db
    .delete(signInChallenges)
    .where(and(eq(signInChallenges.tokenHash, tokenHash), isGood(purpose, now)));
}

/** The statement that ends the sign-ins of a person that wait for a second factor. */
export function challengesEnd(db: Database, userId: string): BatchItem<"sqlite"> {
  return db.delete(signInChallenges).where(eq(signInChallenges.userId, userId));
}

const isGood = (purpose: ChallengePurpose, now: number) =>
  and(eq(signInChallenges.purpose, purpose), gt(signInChallenges.expiresAt, now));

/** The answer to who has done the first half of signing in. */
export function challengeProblem(purpose: ChallengePurpose, challenge: string): Problem {
  const members = { challenge, expires_in: limits.challengeSeconds };
  return purpose === "verify"
    ? new Problem(
        "second_factor_required",
        "The account has a second factor: send this challenge and a code to POST /api/v1/auth/second-factor.",
        { members },
      )
    : new Problem(
        "second_factor_enrolment_required",
        "Everybody here has a second factor. Set one up, with this challenge: POST /api/v1/auth/second-factor/enrolment.",
        { members },
      );
}

export function invalidChallenge(): Problem {
  return new Problem("invalid_challenge", "This sign-in is over, or too old. Sign in again.");
}
