import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import * as schemas from "../protocol/rest/history-admin.ts";
import {
  asked,
  askedAsAuthor,
  ofOne,
  params,
  problems,
  problemsOfOne,
  withBody,
  writing,
} from "./document-route.ts";
import { checkIntegrity, compactHistory, redactDocument, setRetention } from "./history-admin.ts";

const retentionRoute = createRoute({
  method: "put",
  path: "/documents/{id}/retention",
  summary: "Set how much of a document's history is kept (owners)",
  description:
    "What either of the two keeps is kept, and with both null everything is; the rest is trimmed by and by, for good. Clients " +
    "that were away for longer than that merge what they have.",
  ...withBody,
  request: { params, body: jsonRequest(schemas.retention) },
  responses: {
    200: jsonAnswer(schemas.kept, "The history begins at `horizon` now."),
    ...problemsOfOne(...bodyProblems, "forbidden"),
  },
});

const compactionRoute = createRoute({
  method: "post",
  path: "/documents/{id}/compaction",
  summary: "Seal and trim a document's history now, rather than by and by (owners)",
  ...writing,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.compacted, "What is left."),
    ...problemsOfOne("forbidden"),
  },
});

const checkIntegrityRoute = createRoute({
  method: "post",
  path: "/documents/{id}/integrity",
  summary: "Replay a document's history, and compare it with everything that was recorded",
  ...ofOne,
  responses: {
    200: jsonAnswer(schemas.integrityReport, "What the replay has shown, be it sound or not."),
    ...problemsOfOne("forbidden"),
  },
});

const redactDocumentRoute = createRoute({
  method: "post",
  path: "/documents/{id}/redactions",
  summary: "Replace a span of text by filler of equal length, in the document and in all of its history",
  ...withBody,
  request: { params, body: jsonRequest(schemas.redaction) },
  responses: {
    200: jsonAnswer(
      schemas.redacted,
      "The span is gone; versions, positions and authors are what they were.",
    ),
    ...problems(
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

/** What owners may do with a document's history. */
export const historyAdminRoutes = new OpenAPIHono<RequestContext>()
  .openapi(retentionRoute, async (c) => {
    const kept = c.req.valid("json");
    return c.json({ ...kept, ...(await setRetention(...asked(c), kept)) }, 200);
  })
  .openapi(compactionRoute, async (c) => {
    const { horizon, databaseBytes } = await compactHistory(...asked(c));
    return c.json({ horizon, database_bytes: databaseBytes }, 200);
  })
  .openapi(checkIntegrityRoute, async (c) => {
    const report = await checkIntegrity(...asked(c));
    return c.json({ sound: report.faults.length === 0, ...report }, 200);
  })
  .openapi(redactDocumentRoute, async (c) => {
    return c.json(await redactDocument(...askedAsAuthor(c), c.req.valid("json")), 200);
  });
