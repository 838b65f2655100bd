import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { database } from "../db/database.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/identities.ts";
import { authenticated } from "./authenticate.ts";
import { beginFlow } from "./google-flow.ts";
import { identitiesOf, unlinkIdentity } from "./identities.ts";
import { requireRecentSignIn } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";

const security = [{ bearer: [] }];

const listRoute = createRoute({
  method: "get",
  path: "/users/me/identities",
  summary: "Other ways into the account than a password",
  security,
  middleware: [authenticated] as const,
  responses: {
    200: jsonAnswer(schemas.identityList, "The linked identities."),
    ...problemAnswers(...tokenProblems),
  },
});

const linkRoute = createRoute({
  method: "post",
  path: "/users/me/identities/google",
  summary: "Link Google to the account",
  description:
    "Send the browser that asks, and keeps the cookies of the answer, to `authorization_url`. It comes back to `return_to`, " +
    "with `error` if something went wrong.",
  security,
  middleware: [authenticated, requireRecentSignIn, jsonBody(limits.credentialsBytes)] as const,
  request: { body: { ...jsonRequest(schemas.linkStart), required: false } },
  responses: {
    200: jsonAnswer(schemas.authorization, "Where to send the browser."),
    ...problemAnswers(
      ...bodyProblems,
      ...tokenProblems,
      "reauthentication_required",
      "not_configured",
      "unavailable",
    ),
  },
});

const unlinkRoute = createRoute({
  method: "delete",
  path: "/users/me/identities/google",
  summary: "Unlink Google, if there is another way into the account",
  security,
  middleware: [authenticated, requireRecentSignIn] as const,
  responses: {
    204: { description: "Unlinked." },
    ...problemAnswers(...tokenProblems, "reauthentication_required", "not_found", "last_sign_in"),
  },
});

/** The identities of who is signed in: seeing, linking, unlinking. */
export const identityRoutes = new OpenAPIHono<RequestContext>()
  .openapi(listRoute, async (c) => {
    const linked = await identitiesOf(database(c.env.DB), c.var.principal.userId);
    const items = linked.map(({ provider, email, createdAt }) => ({
      provider,
      email,
      created_at: new Date(createdAt).toISOString(),
    }));
    return c.json({ items }, 200);
  })
  .openapi(linkRoute, async (c) => {
    const { return_to: returnTo = "/" } = c.req.valid("json");
    const url = await beginFlow(c, { returnTo, linkTo: c.var.principal });
    return c.json({ authorization_url: url.href }, 200);
  })
  .openapi(unlinkRoute, async (c) => {
    const { userId, sessionId } = c.var.principal;
    await unlinkIdentity(database(c.env.DB), { userId, sessionId, origin: originOf(c) }, Date.now());
    return c.body(null, 204);
  });
