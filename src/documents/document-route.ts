import { z } from "@hono/zod-openapi";
import type { Principal } from "../auth/access-token.ts";
import { database } from "../db/database.ts";
import { jsonBody } from "../platform/json-body.ts";
import { problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { id } from "../protocol/rest/text.ts";
import type { Author } from "../room/room-api.ts";
import type { Places } from "./documents.ts";
import { visitorFor } from "./visitors.ts";

// What the routes of documents have in common.

/** What every route has, those that change something, those with a body, and those of one document. */
export const security = [{ bearer: [] }];
export const reading = { security, middleware: visitorFor("documents:read") };
export const mayWrite = visitorFor("documents:write");
export const writing = { security, middleware: mayWrite };
const body = jsonBody(limits.bodyBytes);
export const withBody = {
  security,
  middleware: [mayWrite, body] as [typeof mayWrite, typeof body],
};
export const params = z.object({ id });
export const ofOne = { ...reading, request: { params } };

export const tagHeader = {
  ETag: { description: "The version of the text.", schema: { type: "string" as const } },
};

export const problems = (...codes: ErrorCode[]) => problemAnswers(...tokenProblems, "unavailable", ...codes);
export const problemsOfOne = (...codes: ErrorCode[]) => problems("invalid_request", "not_found", ...codes);

/** Where, who, and which document. */
export function asked(c: {
  env: Env;
  var: { principal: Principal };
  req: { valid(target: "param"): { id: string } };
}) {
  return [placesOf(c.env), c.var.principal.userId, c.req.valid("param").id] as const;
}

/** The same for those that change something. */
export function askedAsAuthor(c: Parameters<typeof asked>[0]) {
  return [placesOf(c.env), authorOf(c.var.principal), c.req.valid("param").id] as const;
}

/**
 * Whoever changes a document by REST is what they are on a socket: a person by a session, a program by a personal token. So
 * an app that falls back from one to the other stays the same writer, whose submissions count once (law RM-3).
 */
export function authorOf({ userId, kind }: Principal): Author {
  return { userId, kind };
}

export function placesOf(env: Env): Places {
  return { db: database(env.DB), room: (id) => env.ROOMS.getByName(id) };
}
