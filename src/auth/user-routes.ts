import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { database } from "../db/database.ts";
import { users } from "../db/schema.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { currentUser, userEvent } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { authenticated } from "./authenticate.ts";
import { originOf } from "./request-origin.ts";
import { userBody } from "./token-answer.ts";

const meRoute = createRoute({
  method: "get",
  path: "/users/me",
  summary: "Who am I",
  security: [{ bearer: [] }],
  middleware: [authenticated] as const,
  responses: {
    200: jsonAnswer(schemas.user, "The person behind the access token."),
    ...problemAnswers(...tokenProblems),
  },
});

const renameRoute = createRoute({
  method: "patch",
  path: "/users/me",
  summary: "Change one's name",
  security: [{ bearer: [] }],
  middleware: [authenticated, jsonBody(limits.credentialsBytes)] as const,
  request: { body: jsonRequest(schemas.userChange) },
  responses: {
    200: jsonAnswer(schemas.user, "The person, as they are called from now on."),
    ...problemAnswers(...bodyProblems, ...tokenProblems),
  },
});

/** What a person sees and changes of their own account. */
export const userRoutes = new OpenAPIHono<RequestContext>()
  .openapi(meRoute, async (c) =>
    c.json(userBody(await currentUser(database(c.env.DB), c.var.principal.userId)), 200),
  )
  .openapi(renameRoute, async (c) => {
    const db = database(c.env.DB);
    const { userId, sessionId } = c.var.principal;
    const { name } = c.req.valid("json");
    const now = Date.now();
    await db.batch([
      db.update(users).set({ name }).where(eq(users.id, userId)),
      userEvent(db, "users.updated", userId, now),
      auditRow(db, { userId, event: "account.renamed", sessionId, origin: originOf(c) }, now),
    ]);
    return c.json(userBody(await currentUser(db, userId)), 200);
  });
