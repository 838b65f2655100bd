import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { database } from "../db/database.ts";
import { users } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { currentUser } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { authenticated } from "./authenticate.ts";
import { refuseBreachedPassword } from "./breached-passwords.ts";
import { endSessions } from "./end-sessions.ts";
import { passwordWasChanged } from "./messages.ts";
import { checkPassword } from "./password-check.ts";
import { hashPassword } from "./passwords.ts";
import type { AuthPorts } from "./ports.ts";
import { originOf } from "./request-origin.ts";
import { checkCodeIfOn } from "./second-factor-check.ts";
import { challengesEnd } from "./sign-in-challenges.ts";
import { refuseWeakPassword } from "./weak-password.ts";

const changeRoute = createRoute({
  method: "post",
  path: "/auth/password/change",
  summary: "Change one's password, and end the other sessions",
  description:
    "The session that asks goes on, and so do personal access tokens, which are not made of the password. Who has no " +
    "password yet, or has forgotten it, gets one by POST /auth/password/forgot.",
  security: [{ bearer: [] }],
  middleware: [authenticated, jsonBody(limits.credentialsBytes)] as const,
  request: { body: jsonRequest(schemas.passwordChange) },
  responses: {
    204: { description: "The account has the new password." },
    ...problemAnswers(
      ...bodyProblems,
      ...tokenProblems,
      "invalid_credentials",
      "invalid_code",
      "weak_password",
      "unavailable",
    ),
  },
});

/** Changing a password that one knows. */
export function passwordChangeRoutes({ closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>().openapi(changeRoute, async (c) => {
    const now = Date.now();
    const db = database(c.env.DB);
    const { userId, sessionId } = c.var.principal;
    const { current_password: password, new_password: chosen, code } = c.req.valid("json");
    const origin = originOf(c);
    const user = await currentUser(db, userId);
    refuseWeakPassword(chosen, { ...user, field: "new_password" });
    await checkPassword(c.env, { email: user.email, password, origin }, now);
    await checkCodeIfOn(c.env, { user, sessionId, origin, requestId: c.get("requestId") }, code, now);
    await refuseBreachedPassword(c.env, chosen, "new_password");
    const passwordHash = await hashPassword(chosen);
    await endSessions(
      c.env,
      closeSockets,
      {
        which: { userId, exceptSessionId: sessionId },
        event: "session.revoked",
        origin,
        also: [
          challengesEnd(db, userId),
          db.update(users).set({ passwordHash }).where(eq(users.id, userId)),
          auditRow(db, { userId, event: "password.changed", sessionId, origin }, now),
        ],
      },
      now,
    );
    mailInBackground(c.get("requestId"), () =>
      sendMail(c.env, passwordWasChanged(settingsOf(c.env).publicUrl, user.email)),
    );
    return c.body(null, 204);
  });
}
