import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { database } from "../db/database.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { id } from "../protocol/rest/text.ts";
import * as schemas from "../protocol/rest/tokens.ts";
import { authenticated } from "./authenticate.ts";
import {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
  type PersonalToken,
} from "./personal-tokens.ts";
import type { AuthPorts } from "./ports.ts";
import { requireRecentSignIn } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";

const security = [{ bearer: [] }];
const path = "/users/me/tokens";
const always = [...tokenProblems] as const;
const day = 24 * 60 * 60 * 1000;

const createTokenRoute = createRoute({
  method: "post",
  path,
  summary: "Make a personal access token, for a program to use",
  security,
  middleware: [authenticated, requireRecentSignIn, jsonBody(limits.credentialsBytes), idempotent] as const,
  request: { headers: idempotencyKey, body: jsonRequest(schemas.newPersonalToken) },
  responses: {
    201: jsonAnswer(schemas.createdPersonalToken, "The token. Its text is not shown again."),
    ...problemAnswers(
      ...always,
      ...bodyProblems,
      ...idempotencyProblems,
      "reauthentication_required",
      "too_many_tokens",
    ),
  },
});

const listTokensRoute = createRoute({
  method: "get",
  path,
  summary: "List one's personal access tokens, newest first",
  security,
  middleware: [authenticated] as const,
  responses: {
    200: jsonAnswer(schemas.personalTokenList, "All of them, without their texts."),
    ...problemAnswers(...always),
  },
});

const deleteTokenRoute = createRoute({
  method: "delete",
  path: `${path}/{id}`,
  summary: "Delete a personal access token: what uses it is refused from now on, and its sockets are closed",
  security,
  middleware: [authenticated] as const,
  request: { params: z.object({ id }) },
  responses: {
    204: { description: "The token is gone." },
    ...problemAnswers(...always, "invalid_request", "not_found"),
  },
});

/** Personal access tokens: how programs sign in. */
export function personalTokenRoutes({ closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(createTokenRoute, async (c) => {
      const now = Date.now();
      const { name, scopes, expires_in_days } = c.req.valid("json");
      const { row, token } = await createPersonalToken(
        database(c.env.DB),
        { ...c.var.principal, origin: originOf(c) },
        { making: c.var.making, name, scopes, expiresAt: now + expires_in_days * day },
        now,
      );
      return c.json({ ...tokenBody(row), token }, 201);
    })
    .openapi(listTokensRoute, async (c) => {
      const rows = await listPersonalTokens(database(c.env.DB), c.var.principal.userId);
      return c.json({ items: rows.map(tokenBody) }, 200);
    })
    .openapi(deleteTokenRoute, async (c) => {
      const owner = { ...c.var.principal, origin: originOf(c) };
      await deletePersonalToken(c.env, closeSockets, owner, c.req.valid("param").id, Date.now());
      return c.body(null, 204);
    });
}

function tokenBody({
  id,
  name,
  scopes,
  createdAt,
  expiresAt,
  lastUsedAt,
}: PersonalToken): schemas.PersonalTokenBody {
  return {
    id,
    name,
    scopes,
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    last_used_at: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
  };
}
