import { waitUntil } from "cloudflare:workers";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { Problem } from "../platform/problem.ts";
import { countAttempt } from "./attempts.ts";
import { auditRow } from "./audit.ts";
import { passwordIsKnown, recoveryCodeWasUsed } from "./messages.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { factorOf, invalidCode, takeCode } from "./second-factors.ts";
import type { User } from "./sessions.ts";

/** Who gives a code. */
export interface CodeGiver {
  user: User;
  /** Undefined in a sign-in that is under way. */
  sessionId?: string | undefined;
  origin: RequestOrigin;
  requestId: string;
}

/**
 * Whether somebody has the second factor: the one door to the codes, for whatever one is asked for. AU-7: every code is
 * counted. AU-12: a code that was right is used up. Throws Problem `invalid_code`, `rate_limited`.
 */
export async function checkCode(
  env: Env,
  { user, sessionId, origin, requestId }: CodeGiver,
  code: string,
  now: number,
): Promise<void> {
  const db = database(env.DB);
  const told = (
    event: "second_factor.failed" | "second_factor.throttled" | "second_factor.recovery_code_used",
  ) => db.batch([auditRow(db, { userId: user.id, event, sessionId, origin }, now)]);
  const { publicUrl } = settingsOf(env);
  // Whoever comes this far has the password.
  const tell = async () => {
    await told("second_factor.throttled");
    mailInBackground(requestId, () => sendMail(env, passwordIsKnown(publicUrl, user.email)));
  };
  const attempt = await countAttempt(env, { subject: { factorOf: user.id }, origin, tell }, now);
  const taken = await takeCode(env, user.id, code, now);
  if (!taken) {
    waitUntil(told("second_factor.failed"));
    throw invalidCode(attempt.headers);
  }
  await attempt.succeeded();
  if (taken === "recovery") {
    await told("second_factor.recovery_code_used");
    mailInBackground(requestId, async () => {
      const left = (await factorOf(db, user.id))?.recoveryCodesLeft ?? 0;
      await sendMail(env, recoveryCodeWasUsed(publicUrl, user.email, left));
    });
  }
}

/** The same where a factor may be off, and then asks for nothing. */
export async function checkCodeIfOn(
  env: Env,
  giver: CodeGiver,
  code: string | undefined,
  now: number,
): Promise<void> {
  if (!giver.user.secondFactor) return;
  if (code === undefined) {
    const message = "code is required, as a second factor is on";
    throw new Problem("invalid_code", `${message}.`, {
      errors: [{ path: ["code"], message, code: "invalid_code" }],
    });
  }
  await checkCode(env, giver, code, now);
}
