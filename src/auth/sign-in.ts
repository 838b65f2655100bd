import { and, type SQL, sql } from "drizzle-orm";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { type Session, startSession, type User } from "./sessions.ts";
import { challengeProblem, challengeUse, newChallenge, type SignInChallenge } from "./sign-in-challenges.ts";

/**
 * Law AU-12: what every first factor leads to, a session or the question for the second. Undefined if what was proved is
 * no proof any more. Throws Problem `second_factor_required`, `second_factor_enrolment_required`.
 */
export async function signIn(
  env: Env,
  { user, stillProved, origin }: { user: User; stillProved: SQL; origin: RequestOrigin },
  now: number,
): Promise<Session | undefined> {
  const db = database(env.DB);
  const required = settingsOf(env).secondFactor === "required";
  if (user.secondFactor || required) {
    const purpose = user.secondFactor ? "verify" : "enrol";
    const challenge = await newChallenge(db, { userId: user.id, purpose, stillProved, origin }, now);
    if (challenge === undefined) return undefined;
    throw challengeProblem(purpose, challenge);
  }
  // One may have been switched on since it was looked for.
  const without = sql`NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = ${user.id})`;
  const proof = { userId: user.id, stillProved: and(sql`(${stillProved})`, without) as SQL };
  return startSession(db, proof, origin, now);
}

/** The session of somebody who has proved the second factor too; undefined if the challenge is used up. */
export function finishSignIn(
  env: Env,
  { challenge, origin }: { challenge: SignInChallenge; origin: RequestOrigin },
  now: number,
): Promise<Session | undefined> {
  const db = database(env.DB);
  const proof = {
    userId: challenge.userId,
    stillProved: sql`changes() > 0`,
    use: challengeUse(db, challenge, now),
  };
  return startSession(db, proof, origin, now);
}
