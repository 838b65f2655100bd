import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { settingsOf } from "../env.ts";
import { jsonAnswer, problemAnswers } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { signInMethods } from "../protocol/rest/methods.ts";

const methodsRoute = createRoute({
  method: "get",
  path: "/auth/methods",
  summary: "Which ways in this service offers",
  description: "What an installation is set up for; of an account it says nothing.",
  responses: {
    200: jsonAnswer(signInMethods, "The ways in."),
    ...problemAnswers(),
  },
});

/** What a page that signs people in has to know beforehand. */
export const methodsRoutes = new OpenAPIHono<RequestContext>().openapi(methodsRoute, (c) => {
  const { google, secondFactor } = settingsOf(c.env);
  return c.json({ password: true as const, google: google !== undefined, second_factor: secondFactor }, 200);
});
