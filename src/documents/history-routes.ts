import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { jsonAnswer } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import * as schemas from "../protocol/rest/history.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { asked, params, problemsOfOne, reading } from "./document-route.ts";
import { readChanges, readPastVersion } from "./history.ts";

/** What may be said of a version that somebody names. */
const noSuchVersion = ["base_ahead", "too_old"] as const satisfies ErrorCode[];
const ofVersion = params.extend({ version: schemas.version });

const listChangesRoute = createRoute({
  method: "get",
  path: "/documents/{id}/history",
  summary: "List what was done to a document, newest first",
  description:
    "A change is what one author wrote without a pause of five minutes, or what several wrote at the same time.",
  ...reading,
  request: { params, query: pageQuery },
  responses: { 200: jsonAnswer(schemas.changePage, "A page of changes."), ...problemsOfOne() },
});

const readVersionRoute = createRoute({
  method: "get",
  path: "/documents/{id}/versions/{version}",
  summary: "Read a document as it was at a version, and who made that version when",
  ...reading,
  request: { params: ofVersion },
  responses: { 200: jsonAnswer(schemas.pastVersion, "The version."), ...problemsOfOne(...noSuchVersion) },
});

/** A document's past over REST. */
export const historyRoutes = new OpenAPIHono<RequestContext>()
  .openapi(listChangesRoute, async (c) => c.json(await readChanges(...asked(c), c.req.valid("query")), 200))
  .openapi(readVersionRoute, async (c) =>
    c.json(await readPastVersion(...asked(c), c.req.valid("param").version), 200),
  );
