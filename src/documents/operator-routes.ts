import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { documents } from "../db/schema.ts";
import { serviceVersion } from "../platform/health.ts";
import { jsonBody } from "../platform/json-body.ts";
import { log } from "../platform/log.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import { operatorOnly } from "../platform/operator-guard.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { operationTraceId } from "../protocol/operation-trace.ts";
import * as schemas from "../protocol/rest/operator-documents.ts";
import type { DocumentRoomApi } from "../room/room-api.ts";
import { params, placesOf } from "./document-route.ts";
import { accepted } from "./documents.ts";
import { bundled, lifeBundle } from "./life-bundle.ts";
import { receiveLife } from "./receive-life.ts";

const body = jsonBody(limits.smallBodyBytes);
const ofOne = { security: [{ operator: [] }], middleware: operatorOnly };
const problems = [
  "unauthenticated",
  "invalid_token",
  "not_configured",
  "invalid_request",
  "not_found",
] as const;

const recordsRoute = createRoute({
  method: "get",
  path: "/admin/documents/{id}/operations",
  summary: "For the operator: a document's operations, and how they came to be",
  ...ofOne,
  request: { params, query: schemas.recordsQuery },
  responses: {
    200: jsonAnswer(schemas.recordPage, "A page of them, oldest first."),
    ...problemAnswers(...problems, "base_ahead", "too_old"),
  },
});

const exportRoute = createRoute({
  method: "get",
  path: "/admin/documents/{id}/export",
  summary: "For the operator: a document's life in one file",
  description:
    "A bundle of everything that the room knows of how its text came to be (docs/time-travel.md), for `npm run inspect`. It holds the text.",
  ...ofOne,
  request: { params },
  responses: {
    200: {
      description: "One JSON value on each line, the last of which says whether it is whole.",
      content: { "application/vnd.materi.bundle": { schema: z.string() } },
    },
    ...problemAnswers(...problems),
  },
});

const putBackRoute = createRoute({
  method: "put",
  path: "/admin/documents/{id}/life",
  summary: "For the operator: put a document's text and history back, from a bundle",
  description:
    "As `GET …/export` gave it. It takes its place when it has come whole and every hash in it is right; until then nobody sees anything of " +
    "it. Whoever has the document open comes back and merges what is not saved. The document's row must be there (docs/backup.md).",
  ...ofOne,
  request: {
    params,
    query: schemas.putBackQuery,
    body: { required: true, content: { "application/vnd.materi.bundle": { schema: z.string() } } },
  },
  responses: {
    200: jsonAnswer(schemas.putBack, "It is there, under a new epoch."),
    ...problemAnswers(...problems, "precondition_failed", "invalid_operation", "unavailable"),
  },
});

const rewindRoute = createRoute({
  method: "post",
  path: "/admin/documents/{id}/rewind",
  summary: "For the operator: put a document's storage back to a moment of the last 30 days",
  description:
    "By the platform's point-in-time recovery, which a laptop does not have (`not_configured`). What was written since is gone. Whoever has " +
    "the document open comes back and merges what is not saved. If it gets no answer, it is to be asked again.",
  security: ofOne.security,
  middleware: [operatorOnly, body] as [typeof operatorOnly, typeof body],
  request: { params, body: jsonRequest(schemas.rewinding) },
  responses: {
    200: jsonAnswer(schemas.rewound, "It is what it was then, under a new epoch."),
    ...problemAnswers(...problems, ...bodyProblems, "unavailable"),
  },
});

/** What the operator may ask of any document, with `ADMIN_TOKEN`: each question is in the log. */
export const operatorDocumentRoutes = new OpenAPIHono<RequestContext>()
  .openapi(recordsRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { from, limit = limits.operationItems.default } = c.req.valid("query");
    const room = placesOf(c.env).room(id);
    const since = from === undefined ? accepted(await room.life()).horizon : from - 1;
    const { records, actors, version, originsFrom } = accepted(await room.records({ since, limit }));
    log("warn", "operator_read_document", { request_id: c.get("requestId"), document_id: id });
    const reached = since + records.length;
    return c.json(
      {
        version,
        items: records.map((record) => {
          const { base, operation, latencyMs, at, hash, ...rest } = bundled(record, originsFrom);
          return {
            ...rest,
            at: new Date(at).toISOString(),
            base: base ?? null,
            transforms: base === undefined ? null : record.version - 1 - base,
            latency_ms: latencyMs ?? null,
            op: [...operation],
            hash: hash ?? null,
            trace_id: operationTraceId(id, record.version),
          };
        }),
        actors: actors.map(({ actor, clientId, userId, kind }) => ({
          actor,
          client_id: clientId,
          user_id: userId,
          kind,
        })),
        next_from: reached < version ? reached + 1 : null,
      },
      200,
    );
  })
  .openapi(exportRoute, async (c) => {
    const { id: documentId } = c.req.valid("param");
    const room = placesOf(c.env).room(documentId);
    const life = accepted(await room.life());
    const requestId = c.get("requestId");
    log("warn", "operator_exported_document", { request_id: requestId, document_id: documentId });
    const software = `materi ${serviceVersion}`;
    const about = { life, documentId, software, exportedAt: new Date().toISOString() };
    return c.body(lifeBundle(room, about, requestId), 200, {
      "content-type": "application/vnd.materi.bundle",
      "content-disposition": `attachment; filename="materi-${documentId}.ndjson"`,
      "cache-control": "no-store",
    });
  })
  .openapi(putBackRoute, async (c) => {
    const { id: documentId } = c.req.valid("param");
    const { db, room } = placesOf(c.env);
    await rowOf(db, documentId);
    const ifAbsent = c.req.valid("query").replace !== "true";
    const { version, epoch } = accepted(
      await receiveLife(room(documentId), c.req.raw.body, { documentId, ifAbsent }),
    );
    const fields = { request_id: c.get("requestId"), document_id: documentId, version };
    log("warn", "operator_put_document_back", fields);
    return c.json({ version, epoch }, 200);
  })
  .openapi(rewindRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { db, room } = placesOf(c.env);
    await rowOf(db, id);
    const { before } = accepted(await room(id).rewind(Date.parse(c.req.valid("json").at)));
    const { version, epoch } = await renewed(() => room(id));
    log("warn", "operator_rewound_document", { request_id: c.get("requestId"), document_id: id, version });
    return c.json({ version, epoch, before }, 200);
  });

/** A room that no row names would be erased. */
async function rowOf(db: Database, id: string): Promise<void> {
  const [row] = await db.select({ id: documents.id }).from(documents).where(eq(documents.id, id));
  if (!row) throw new Problem("not_found", "The document's row is not there: put D1 back first.");
}

/** The room's new epoch, once it has started again: until then calls meet the object that ends, each time by another stub. */
async function renewed(room: () => DocumentRoomApi): Promise<{ version: number; epoch: string }> {
  for (let tries = 1; ; tries++) {
    try {
      return accepted(await room().replaceEpoch());
    } catch (error) {
      if (error instanceof Problem || tries === 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * tries));
    }
  }
}
