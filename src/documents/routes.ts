import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticatedFor } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import * as schemas from "../protocol/rest/documents.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import type { Attendance, RoomStats } from "../room/room-api.ts";
import { documentBody, summaryBody } from "./document-body.ts";
import {
  asked,
  askedAsAuthor,
  authorOf,
  ofOne,
  params,
  placesOf,
  problems,
  problemsOfOne,
  reading,
  tagHeader,
  withBody,
} from "./document-route.ts";
import { changeDocument, createDocument, readDocument, readPresence, readStats } from "./documents.ts";
import { entityTag, versionToMatch } from "./entity-tag.ts";
import { grantRoutes } from "./grant-routes.ts";
import { historyAdminRoutes } from "./history-admin-routes.ts";
import { listDocuments } from "./listing.ts";
import { placementRoutes } from "./placement-routes.ts";
import { shareLinkRoutes } from "./share-link-routes.ts";
import { trashRoutes } from "./trash-routes.ts";

const createDocumentRoute = createRoute({
  method: "post",
  path: "/documents",
  summary: "Create a document",
  ...withBody,
  middleware: [authenticatedFor("documents:write"), withBody.middleware[1], idempotent] as const,
  request: { headers: idempotencyKey, body: jsonRequest(schemas.newDocument) },
  responses: {
    201: { ...jsonAnswer(schemas.document, "The document is there."), headers: tagHeader },
    ...problems(...bodyProblems, ...idempotencyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

const listDocumentsRoute = createRoute({
  method: "get",
  path: "/documents",
  summary:
    "List documents: one's own, those of a workspace or of an owner, those shared with one, or the trash",
  description: "The newest first. Without a choice, one's own. Of everything, only what one may read.",
  ...reading,
  middleware: authenticatedFor("documents:read"),
  request: { query: schemas.documentQuery },
  responses: {
    200: jsonAnswer(schemas.documentPage, "A page of documents."),
    ...problems("invalid_request", "not_found"),
  },
});

const readDocumentRoute = createRoute({
  method: "get",
  path: "/documents/{id}",
  summary: "Read a document, with its text and version at this moment",
  ...ofOne,
  responses: {
    200: { ...jsonAnswer(schemas.document, "The document."), headers: tagHeader },
    ...problemsOfOne(),
  },
});

const readPresenceRoute = createRoute({
  method: "get",
  path: "/documents/{id}/presence",
  summary: "Tell who has a document open",
  ...ofOne,
  responses: {
    200: jsonAnswer(schemas.presence, "Who is here, each once, those first who came first."),
    ...problemsOfOne(),
  },
});

const readStatsRoute = createRoute({
  method: "get",
  path: "/documents/{id}/stats",
  summary: "Tell what a document's room costs",
  ...ofOne,
  responses: {
    200: jsonAnswer(schemas.documentStats, "Counts since the room was last loaded into memory."),
    ...problemsOfOne("forbidden"),
  },
});

const changeDocumentRoute = createRoute({
  method: "patch",
  path: "/documents/{id}",
  summary: "Change a document's title, its text, or both",
  ...withBody,
  request: {
    params,
    headers: z.object({
      "if-match": z.string().optional().meta({ description: 'Change only at this version, as "v42".' }),
    }),
    body: jsonRequest(schemas.documentChange),
  },
  responses: {
    200: { ...jsonAnswer(schemas.document, "The document as it is now."), headers: tagHeader },
    ...problems(...bodyProblems, "forbidden", "not_found", "precondition_failed", "storage_full"),
  },
});

/** Documents over REST. */
export const documentRoutes = new OpenAPIHono<RequestContext>()
  .openapi(createDocumentRoute, async (c) => {
    const { title, content, workspace_id } = c.req.valid("json");
    const created = await createDocument(
      placesOf(c.env),
      authorOf(c.var.principal),
      { making: c.var.making, title, content, workspaceId: workspace_id },
      Date.now(),
    );
    c.header("etag", entityTag(created.version));
    c.header("location", `/api/v1/documents/${created.row.id}`);
    return c.json(documentBody(created), 201);
  })
  .openapi(listDocumentsRoute, async (c) => {
    const { workspace_id, owner_id, shared, deleted, order, ...page } = c.req.valid("query");
    const listing = {
      workspaceId: workspace_id,
      ownerId: owner_id,
      shared: shared === "true",
      deleted: deleted === "true",
      order,
    };
    const { rows, nextCursor } = await readPage(page, (slice) =>
      listDocuments(database(c.env.DB), c.var.principal.userId, listing, slice, Date.now()),
    );
    return c.json({ items: rows.map(({ row }) => summaryBody(row)), next_cursor: nextCursor }, 200);
  })
  .openapi(readDocumentRoute, async (c) => {
    const found = await readDocument(...asked(c));
    c.header("etag", entityTag(found.version));
    return c.json(documentBody(found), 200);
  })
  .openapi(readPresenceRoute, async (c) => {
    const here = await readPresence(...asked(c));
    return c.json(presenceBody(here), 200);
  })
  .openapi(readStatsRoute, async (c) => {
    const stats = await readStats(...asked(c));
    return c.json(statsBody(stats), 200);
  })
  .openapi(changeDocumentRoute, async (c) => {
    const { title, content } = c.req.valid("json");
    const changed = await changeDocument(
      ...askedAsAuthor(c),
      {
        ...(title !== undefined && { title }),
        ...(content !== undefined && { content }),
        ifVersion: versionToMatch(c.req.valid("header")["if-match"]),
      },
      Date.now(),
    );
    c.header("etag", entityTag(changed.version));
    return c.json(documentBody(changed), 200);
  })
  .route("/", grantRoutes)
  .route("/", placementRoutes)
  .route("/", shareLinkRoutes)
  .route("/", historyAdminRoutes)
  .route("/", trashRoutes);

function presenceBody({ attendees, audience }: Attendance): schemas.PresenceBody {
  return {
    audience,
    items: attendees.map(({ userId, name, kind, role, since }) => ({
      user_id: userId,
      name,
      kind,
      role,
      since: new Date(since).toISOString(),
    })),
  };
}

function statsBody(stats: RoomStats): schemas.DocumentStatsBody {
  return {
    since: new Date(stats.since).toISOString(),
    rows_read: stats.rowsRead,
    rows_written: stats.rowsWritten,
    frames_in: stats.framesIn,
    frames_out: stats.framesOut,
    bytes_in: stats.bytesIn,
    bytes_out: stats.bytesOut,
    loads: stats.loads,
    flushes: stats.flushes,
    operations: stats.operations,
    alarms: stats.alarms,
    sockets: stats.sockets,
    database_bytes: stats.databaseBytes,
  };
}
