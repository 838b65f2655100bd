import { eq } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { database } from "../db/database.ts";
import { sessions } from "../db/schema.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { Principal } from "./access-token.ts";
import { findUser } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { sessionEnded } from "./authenticate.ts";
import { checkPassword } from "./password-check.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { checkCodeIfOn } from "./second-factor-check.ts";
import { isRecentSignIn } from "./session-rules.ts";

/**
 * Law AU-8: lets a request pass whose session's person has proved who they are in the last 10 minutes. Comes after
 * `authenticated`.
 */
export const requireRecentSignIn = createMiddleware<RequestContext & { Variables: { principal: Principal } }>(
  async (c, next) => {
    const [session] = await database(c.env.DB)
      .select({ authenticatedAt: sessions.authenticatedAt })
      .from(sessions)
      .where(eq(sessions.id, c.var.principal.sessionId));
    if (!session || !isRecentSignIn(session.authenticatedAt, Date.now())) {
      throw new Problem(
        "reauthentication_required",
        "This needs a recent proof of who you are: POST /api/v1/auth/reauthenticate, then try again.",
      );
    }
    await next();
  },
);

/**
 * Proves with the password, and with the second factor where one is on, who uses the session. Throws Problem
 * `invalid_credentials`, `invalid_code`, `rate_limited`.
 */
export async function reauthenticate(
  env: Env,
  { userId, sessionId }: Principal,
  {
    password,
    code,
    origin,
    requestId,
  }: { password: string; code?: string | undefined; origin: RequestOrigin; requestId: string },
  now: number,
): Promise<void> {
  const db = database(env.DB);
  const user = await findUser(db, userId);
  if (!user) throw sessionEnded();
  await checkPassword(env, { email: user.email, password, origin }, now);
  await checkCodeIfOn(env, { user, sessionId, origin, requestId }, code, now);
  await db.batch([
    db.update(sessions).set({ authenticatedAt: now }).where(eq(sessions.id, sessionId)),
    auditRow(db, { userId, event: "session.reauthenticated", sessionId, origin }, now),
  ]);
}
