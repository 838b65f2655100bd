import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticated } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { decodeCursor, encodeCursor } from "../platform/cursor.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/documents.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { id } from "../protocol/rest/text.ts";
import type { Attendee, RoomStats } from "../room/room-api.ts";
import {
  changeDocument,
  checkIntegrity,
  createDocument,
  type Document,
  eraseDocument,
  type Places,
  readDocument,
  readPresence,
  readStats,
  redactDocument,
} from "./documents.ts";
import { entityTag, versionToMatch } from "./entity-tag.ts";
import { type DocumentRow, listDocuments } from "./store.ts";

const security = [{ bearer: [] }];
const params = z.object({ id });
const tagHeader = { ETag: { description: "The version of the text.", schema: { type: "string" as const } } };
const alwaysProblems = ["unauthenticated", "invalid_token", "unavailable"] as const satisfies ErrorCode[];

const createDocumentRoute = createRoute({
  method: "post",
  path: "/documents",
  summary: "Create a document",
  security,
  middleware: [authenticated, jsonBody(limits.bodyBytes)] as const,
  request: { body: jsonRequest(schemas.newDocument) },
  responses: {
    201: { ...jsonAnswer(schemas.document, "The document is there."), headers: tagHeader },
    ...problemAnswers(...alwaysProblems, ...bodyProblems, "not_found"),
  },
});

const listDocumentsRoute = createRoute({
  method: "get",
  path: "/documents",
  summary: "List one's documents, newest first",
  security,
  middleware: [authenticated] as const,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.documentPage, "A page of documents."),
    ...problemAnswers(...alwaysProblems, "invalid_request"),
  },
});

const readDocumentRoute = createRoute({
  method: "get",
  path: "/documents/{id}",
  summary: "Read a document, with its text and version at this moment",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: { ...jsonAnswer(schemas.document, "The document."), headers: tagHeader },
    ...problemAnswers(...alwaysProblems, "invalid_request", "not_found"),
  },
});

const readPresenceRoute = createRoute({
  method: "get",
  path: "/documents/{id}/presence",
  summary: "Tell who has a document open",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.presence, "Who is here, each once, those first who came first."),
    ...problemAnswers(...alwaysProblems, "invalid_request", "not_found"),
  },
});

const readStatsRoute = createRoute({
  method: "get",
  path: "/documents/{id}/stats",
  summary: "Tell what a document's room costs",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.documentStats, "Counts since the room was last loaded into memory."),
    ...problemAnswers(...alwaysProblems, "invalid_request", "forbidden", "not_found"),
  },
});

const checkIntegrityRoute = createRoute({
  method: "post",
  path: "/documents/{id}/integrity",
  summary: "Replay a document's history, and compare it with everything that was recorded",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.integrityReport, "What the replay has shown, be it sound or not."),
    ...problemAnswers(...alwaysProblems, "invalid_request", "forbidden", "not_found"),
  },
});

const redactDocumentRoute = createRoute({
  method: "post",
  path: "/documents/{id}/redactions",
  summary: "Replace a span of text by filler of equal length, in the document and in all of its history",
  security,
  middleware: [authenticated, jsonBody(limits.bodyBytes)] as const,
  request: { params, body: jsonRequest(schemas.redaction) },
  responses: {
    200: jsonAnswer(
      schemas.redacted,
      "The span is gone; versions, positions and authors are what they were.",
    ),
    ...problemAnswers(
      ...alwaysProblems,
      ...bodyProblems,
      "forbidden",
      "not_found",
      "out_of_range",
      "splits_surrogate",
      "base_ahead",
      "too_old",
    ),
  },
});

const changeDocumentRoute = createRoute({
  method: "patch",
  path: "/documents/{id}",
  summary: "Change a document's title, its text, or both",
  security,
  middleware: [authenticated, jsonBody(limits.bodyBytes)] as const,
  request: {
    params,
    headers: z.object({
      "if-match": z.string().optional().meta({ description: 'Change only at this version, as "v42".' }),
    }),
    body: jsonRequest(schemas.documentChange),
  },
  responses: {
    200: { ...jsonAnswer(schemas.document, "The document as it is now."), headers: tagHeader },
    ...problemAnswers(...alwaysProblems, ...bodyProblems, "not_found", "precondition_failed", "storage_full"),
  },
});

const deleteDocumentRoute = createRoute({
  method: "delete",
  path: "/documents/{id}",
  summary: "Delete a document, with its text and history",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    204: { description: "The document is gone." },
    ...problemAnswers(...alwaysProblems, "invalid_request", "not_found"),
  },
});

/** Documents over REST. */
export const documentRoutes = new OpenAPIHono<RequestContext>()
  .openapi(createDocumentRoute, async (c) => {
    const { title, content, workspace_id } = c.req.valid("json");
    const created = await createDocument(
      placesOf(c.env),
      c.var.principal.userId,
      { title, content, workspaceId: workspace_id },
      Date.now(),
    );
    c.header("etag", entityTag(created.version));
    c.header("location", `/api/v1/documents/${created.row.id}`);
    return c.json(documentBody(created), 201);
  })
  .openapi(listDocumentsRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    // One more than asked for tells whether there is another page.
    const rows = await listDocuments(database(c.env.DB), c.var.principal.userId, { after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return c.json({ items: page.map(summaryBody), next_cursor: last ? encodeCursor(last) : null }, 200);
  })
  .openapi(readDocumentRoute, async (c) => {
    const found = await readDocument(placesOf(c.env), c.var.principal.userId, c.req.valid("param").id);
    c.header("etag", entityTag(found.version));
    return c.json(documentBody(found), 200);
  })
  .openapi(readPresenceRoute, async (c) => {
    const here = await readPresence(placesOf(c.env), c.var.principal.userId, c.req.valid("param").id);
    return c.json(presenceBody(here), 200);
  })
  .openapi(readStatsRoute, async (c) => {
    const stats = await readStats(placesOf(c.env), c.var.principal.userId, c.req.valid("param").id);
    return c.json(statsBody(stats), 200);
  })
  .openapi(checkIntegrityRoute, async (c) => {
    const report = await checkIntegrity(placesOf(c.env), c.var.principal.userId, c.req.valid("param").id);
    return c.json({ sound: report.faults.length === 0, ...report }, 200);
  })
  .openapi(redactDocumentRoute, async (c) => {
    const span = c.req.valid("json");
    const places = placesOf(c.env);
    return c.json(await redactDocument(places, c.var.principal.userId, c.req.valid("param").id, span), 200);
  })
  .openapi(changeDocumentRoute, async (c) => {
    const { title, content } = c.req.valid("json");
    const changed = await changeDocument(
      placesOf(c.env),
      c.var.principal.userId,
      c.req.valid("param").id,
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
  .openapi(deleteDocumentRoute, async (c) => {
    await eraseDocument(placesOf(c.env), c.var.principal.userId, c.req.valid("param").id, Date.now());
    return c.body(null, 204);
  });

function placesOf(env: Env): Places {
  return { db: database(env.DB), room: (id) => env.ROOMS.getByName(id) };
}

function documentBody({ row, content, version }: Document): schemas.DocumentBody {
  return { ...summaryBody(row), content, version };
}

function presenceBody(here: Attendee[]): schemas.PresenceBody {
  return {
    items: here.map(({ userId, name, kind, role, since }) => ({
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

function summaryBody(row: DocumentRow): schemas.DocumentSummaryBody {
  return {
    id: row.id,
    title: row.title,
    workspace_id: row.workspaceId,
    owner_id: row.ownerId,
    created_at: new Date(row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
  };
}
