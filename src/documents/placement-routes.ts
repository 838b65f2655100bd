import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { authenticatedFor } from "../auth/authenticate.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/documents.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { announceAccess } from "./access-changes.ts";
import { documentBody, summaryBody } from "./document-body.ts";
import { asked, askedAsAuthor, params, problems, reading, tagHeader } from "./document-route.ts";
import { entityTag } from "./entity-tag.ts";
import { duplicateDocument, moveDocument } from "./placement.ts";

/** Not for guests, who have no workspace. */
const account = authenticatedFor("documents:write");
const small = jsonBody(limits.smallBodyBytes);
const ofAccounts = { ...reading, middleware: [account, small] as [typeof account, typeof small] };

const duplicateRoute = createRoute({
  method: "post",
  path: "/documents/{id}/duplicate",
  summary: "Make a new document of a document's text",
  description:
    "Without its history, and without who has a part in it; in the personal workspace, unless another is named.",
  ...ofAccounts,
  middleware: [account, small, idempotent] as [typeof account, typeof small, typeof idempotent],
  request: { params, headers: idempotencyKey, body: jsonRequest(schemas.duplication) },
  responses: {
    201: { ...jsonAnswer(schemas.document, "The copy is there."), headers: tagHeader },
    ...problems(...bodyProblems, ...idempotencyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

const moveRoute = createRoute({
  method: "post",
  path: "/documents/{id}/move",
  summary: "Put a document into another workspace (owners)",
  description:
    "With its history, grants and links. Who owned it keeps it if they are in that workspace; else it is yours.",
  ...ofAccounts,
  request: { params, body: jsonRequest(schemas.move) },
  responses: {
    200: jsonAnswer(schemas.documentSummary, "The document, where it is now."),
    ...problems(...bodyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

/** Where documents are, once or twice. */
export const placementRoutes = new OpenAPIHono<RequestContext>()
  .openapi(duplicateRoute, async (c) => {
    const { title, workspace_id: workspaceId } = c.req.valid("json");
    const copy = { making: c.var.making, title, workspaceId };
    const made = await duplicateDocument(...askedAsAuthor(c), copy, Date.now());
    c.header("etag", entityTag(made.version));
    c.header("location", `/api/v1/documents/${made.row.id}`);
    return c.json(documentBody(made), 201);
  })
  .openapi(moveRoute, async (c) => {
    const [places, userId, documentId] = asked(c);
    const { workspace_id } = c.req.valid("json");
    const moved = await moveDocument(places, userId, documentId, workspace_id, Date.now());
    await announceAccess(c.env, { where: { documentId }, reason: "the document was moved" });
    return c.json(summaryBody(moved), 200);
  });
