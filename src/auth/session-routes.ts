import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { and, desc, eq } from "drizzle-orm";
import { database } from "../db/database.ts";
import { olderThan } from "../db/page-position.ts";
import { auditEvents, sessions } from "../db/schema.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import * as schemas from "../protocol/rest/sessions.ts";
import { id } from "../protocol/rest/text.ts";
import { authenticated } from "./authenticate.ts";
import { endSessions } from "./end-sessions.ts";
import { withinTime } from "./live-sessions.ts";
import type { AuthPorts } from "./ports.ts";
import { reauthenticate } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";
import { auditEventBody, sessionBody } from "./session-body.ts";

const security = [{ bearer: [] }];
const params = z.object({ id });

const listRoute = createRoute({
  method: "get",
  path: "/users/me/sessions",
  summary: "List the sign-ins that are still good, newest first",
  security,
  middleware: [authenticated] as const,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.sessionPage, "A page of sessions."),
    ...problemAnswers(...tokenProblems, "invalid_request"),
  },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/users/me/sessions/{id}",
  summary: "End a sign-in",
  description: "POST /auth/logout ends the others, or all of them.",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    204: { description: "The session has ended, and its sockets are closed." },
    ...problemAnswers(...tokenProblems, "invalid_request", "not_found"),
  },
});

const reauthenticateRoute = createRoute({
  method: "post",
  path: "/auth/reauthenticate",
  summary: "Prove again who you are, for what asks for a recent proof",
  security,
  middleware: [authenticated, jsonBody(limits.credentialsBytes)] as const,
  request: { body: jsonRequest(schemas.reauthentication) },
  responses: {
    204: { description: "The proof holds for 10 minutes." },
    ...problemAnswers(
      ...bodyProblems,
      ...tokenProblems,
      "invalid_credentials",
      "invalid_code",
      "rate_limited",
    ),
  },
});

const auditRoute = createRoute({
  method: "get",
  path: "/users/me/audit",
  summary: "List what happened to the security of one's account, newest first",
  security,
  middleware: [authenticated] as const,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.auditPage, "A page of events."),
    ...problemAnswers(...tokenProblems, "invalid_request"),
  },
});

/** A person's sign-ins, and what happened to their account. */
export function sessionRoutes({ closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(listRoute, async (c) => {
      const { userId, sessionId } = c.var.principal;
      const { rows, nextCursor } = await readPage(c.req.valid("query"), ({ after, limit }) =>
        database(c.env.DB)
          .select()
          .from(sessions)
          .where(and(eq(sessions.userId, userId), withinTime(Date.now()), olderThan(sessions, after)))
          .orderBy(desc(sessions.createdAt), desc(sessions.id))
          .limit(limit),
      );
      const items = rows.map((row) => ({ ...sessionBody(row), current: row.id === sessionId }));
      return c.json({ items, next_cursor: nextCursor }, 200);
    })
    .openapi(revokeRoute, async (c) => {
      const which = { sessionId: c.req.valid("param").id, userId: c.var.principal.userId };
      const ending = { which, event: "session.revoked", origin: originOf(c) } as const;
      const ended = await endSessions(c.env, closeSockets, ending, Date.now());
      if (ended === 0) throw new Problem("not_found", "There is no such session.");
      return c.body(null, 204);
    })
    .openapi(reauthenticateRoute, async (c) => {
      const proof = { ...c.req.valid("json"), origin: originOf(c), requestId: c.get("requestId") };
      await reauthenticate(c.env, c.var.principal, proof, Date.now());
      return c.body(null, 204);
    })
    .openapi(auditRoute, async (c) => {
      const { userId } = c.var.principal;
      const { rows, nextCursor } = await readPage(c.req.valid("query"), ({ after, limit }) =>
        database(c.env.DB)
          .select()
          .from(auditEvents)
          .where(and(eq(auditEvents.userId, userId), olderThan(auditEvents, after)))
          .orderBy(desc(auditEvents.createdAt), desc(auditEvents.id))
          .limit(limit),
      );
      return c.json({ items: rows.map(auditEventBody), next_cursor: nextCursor }, 200);
    });
}
