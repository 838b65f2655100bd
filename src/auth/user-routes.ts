import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { database } from "../db/database.ts";
import { jsonAnswer, problemAnswers } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { findUser } from "./accounts.ts";
import { authenticated } from "./authenticate.ts";
import { userBody } from "./token-answer.ts";

const meRoute = createRoute({
  method: "get",
  path: "/users/me",
  summary: "Who am I",
  security: [{ bearer: [] }],
  middleware: [authenticated] as const,
  responses: {
    200: jsonAnswer(schemas.user, "The person behind the access token."),
    ...problemAnswers("unauthenticated", "invalid_token"),
  },
});

/** What a person sees and changes of their own account. */
export const userRoutes = new OpenAPIHono<RequestContext>().openapi(meRoute, async (c) => {
  const user = await findUser(database(c.env.DB), c.var.principal.userId);
  if (!user) throw new Problem("invalid_token", "The account of this access token is gone.");
  return c.json(userBody(user), 200);
});
