import { inArray, lte, not } from "drizzle-orm";
import { database } from "../db/database.ts";
import {
  auditEvents,
  emailTokens,
  oauthFlows,
  secondFactorEnrolments,
  sessions,
  signInChallenges,
} from "../db/schema.ts";
import { limits } from "../protocol/limits.ts";
import { eraseDeleted } from "./account-deletion.ts";
import { withinTime } from "./live-sessions.ts";
import type { AuthPorts } from "./ports.ts";
import { resealFactors } from "./second-factors.ts";
import { sweepSockets } from "./session-sockets.ts";

/** What the service does every minute about sign-ins; once an hour it also deletes what has run out, and what is left of accounts. */
export async function upkeep(env: Env, ports: AuthPorts, now: number): Promise<void> {
  await sweepSockets(env, ports.closeSockets, now);
  if (new Date(now).getUTCMinutes() !== 0) return;
  await prune(env, now);
  await eraseDeleted(env, ports);
  await resealFactors(env);
}

const day = 24 * 60 * 60 * 1000;
const auditRowsAtOnce = 5_000;

/** Nothing of this is good for anything any more, whether it is deleted or not. */
async function prune(env: Env, now: number): Promise<void> {
  const db = database(env.DB);
  await db.batch([
    db.delete(sessions).where(not(withinTime(now))),
    db.delete(oauthFlows).where(lte(oauthFlows.expiresAt, now)),
    // The oldest of them; what is left has time until the next hour.
    db.delete(auditEvents).where(
      inArray(
        auditEvents.id,
        db
          .select({ id: auditEvents.id })
          .from(auditEvents)
          .where(lte(auditEvents.createdAt, now - limits.auditDays * day))
          .limit(auditRowsAtOnce),
      ),
    ),
    db.delete(emailTokens).where(lte(emailTokens.expiresAt, now)),
    db.delete(secondFactorEnrolments).where(lte(secondFactorEnrolments.expiresAt, now)),
    db.delete(signInChallenges).where(lte(signInChallenges.expiresAt, now)),
  ]);
}
