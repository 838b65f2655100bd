import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { and, count, eq } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { personalTokens, sessions, users } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { log } from "../platform/log.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { jsonAnswer, problemAnswers } from "../platform/openapi.ts";
import { operatorOnly } from "../platform/operator-guard.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import * as schemas from "../protocol/rest/operator.ts";
import { id } from "../protocol/rest/text.ts";
import { findUser, normalizeEmail } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { endAllSessions, endSessions } from "./end-sessions.ts";
import { withinTime } from "./live-sessions.ts";
import { secondFactorIsOff } from "./messages.ts";
import { endPersonalTokens } from "./personal-tokens.ts";
import type { AuthPorts } from "./ports.ts";
import { removeFactor } from "./second-factors.ts";
import { type User, userColumns } from "./sessions.ts";
import { userBody } from "./token-answer.ts";

const security = [{ operator: [] }];
const params = z.object({ id });
const operatorProblems = ["unauthenticated", "invalid_token", "not_configured"] as const;

/** In a person's audit: where the operator is, is not theirs to know. */
const origin = { address: null, userAgent: null };
const event = "session.ended_by_operator";

const findRoute = createRoute({
  method: "get",
  path: "/admin/users",
  summary: "For the operator: find a person by their e-mail address",
  security,
  middleware: [operatorOnly] as const,
  request: { query: schemas.userQuery },
  responses: {
    200: jsonAnswer(schemas.operatedUser, "The person with this address."),
    ...problemAnswers(...operatorProblems, "invalid_request", "not_found"),
  },
});

const endRoute = createRoute({
  method: "delete",
  path: "/admin/users/{id}/sessions",
  summary: "For the operator: end all sessions and personal access tokens of a person",
  security,
  middleware: [operatorOnly] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.ended, "They are refused within 2 s, and their sockets are closed."),
    ...problemAnswers(...operatorProblems, "invalid_request", "not_found"),
  },
});

const endAllRoute = createRoute({
  method: "delete",
  path: "/admin/sessions",
  summary: "For the operator: end all sessions of everybody",
  description:
    "Personal access tokens go on. Sockets are closed within a minute for every 500 documents that are open, and at the end of " +
    "their access token, 10 minutes later, at the latest.",
  security,
  middleware: [operatorOnly] as const,
  responses: {
    200: jsonAnswer(schemas.ended, "They are refused within 2 s."),
    ...problemAnswers(...operatorProblems),
  },
});

const factorRoute = createRoute({
  method: "delete",
  path: "/admin/users/{id}/second-factor",
  summary: "For the operator: take away the second factor of a person who has lost it",
  description: "Once it is proved who asks. Their sessions end, and they are told by e-mail.",
  security,
  middleware: [operatorOnly] as const,
  request: { params },
  responses: {
    204: { description: "It is off." },
    ...problemAnswers(...operatorProblems, "invalid_request", "not_found"),
  },
});

/** What the operator does to accounts, with `ADMIN_TOKEN`. Every act is in the log, and in the person's audit. */
export function operatorRoutes({ closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(findRoute, async (c) => {
      const db = database(c.env.DB);
      const email = normalizeEmail(c.req.valid("query").email);
      const [user] = await db.select(userColumns).from(users).where(eq(users.emailNormalized, email));
      if (!user) throw noSuchPerson();
      const [live] = await db
        .select({ sessions: count() })
        .from(sessions)
        .where(and(eq(sessions.userId, user.id), withinTime(Date.now())));
      return c.json({ ...userBody(user), sessions: live?.sessions ?? 0 }, 200);
    })
    .openapi(endRoute, async (c) => {
      const now = Date.now();
      const db = database(c.env.DB);
      const { id: userId } = await personOf(db, c.req.valid("param").id);
      const told = auditRow(db, { userId, event: "personal_token.revoked_by_operator", origin }, now);
      await endPersonalTokens(
        c.env,
        closeSockets,
        { which: eq(personalTokens.userId, userId), also: [told] },
        now,
      );
      const ended = await endSessions(c.env, closeSockets, { which: { userId }, event, origin }, now);
      log("warn", "operator_ended_sessions", { request_id: c.get("requestId"), user_id: userId, ended });
      return c.json({ ended }, 200);
    })
    .openapi(endAllRoute, async (c) => {
      const ended = await endAllSessions(c.env, closeSockets, { event, origin }, Date.now());
      log("warn", "operator_ended_all_sessions", { request_id: c.get("requestId"), ended });
      return c.json({ ended }, 200);
    })
    .openapi(factorRoute, async (c) => {
      const now = Date.now();
      const db = database(c.env.DB);
      const user = await personOf(db, c.req.valid("param").id);
      if (!user.secondFactor) throw new Problem("not_found", "This person has no second factor.");
      await removeFactor(db, { userId: user.id, origin }, "second_factor.removed_by_operator", now);
      await endSessions(c.env, closeSockets, { which: { userId: user.id }, event, origin }, now);
      log("warn", "operator_removed_second_factor", { request_id: c.get("requestId"), user_id: user.id });
      mailInBackground(c.get("requestId"), () =>
        sendMail(c.env, secondFactorIsOff(settingsOf(c.env).publicUrl, user.email)),
      );
      return c.body(null, 204);
    });
}

async function personOf(db: Database, userId: string): Promise<User> {
  const user = await findUser(db, userId);
  // The row of an account that was deleted stays, and is nobody.
  if (!user || user.email === "") throw noSuchPerson();
  return user;
}

const noSuchPerson = () => new Problem("not_found", "There is no such person.");
