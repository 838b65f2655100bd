import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import * as schemas from "../protocol/rest/history.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import {
  asked,
  askedAsAuthor,
  params,
  problemsOfOne,
  reading,
  tagHeader,
  withBody,
  writing,
} from "./document-route.ts";
import { entityTag, versionToMatch } from "./entity-tag.ts";
import { readBlame, readChanges, readDiff, readPastVersion, restoreVersion } from "./history.ts";
import { listNamedVersions, nameVersion } from "./version-names.ts";

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
  responses: { 200: jsonAnswer(schemas.changePage, "A page of changes."), ...problemsOfOne("forbidden") },
});

const readVersionRoute = createRoute({
  method: "get",
  path: "/documents/{id}/versions/{version}",
  summary: "Read a document as it was at a version, and who made that version when",
  ...reading,
  request: { params: ofVersion },
  responses: {
    200: jsonAnswer(schemas.pastVersion, "The version."),
    ...problemsOfOne("forbidden", ...noSuchVersion),
  },
});

const listNamedRoute = createRoute({
  method: "get",
  path: "/documents/{id}/versions",
  summary: "List the versions of a document that have names, newest first",
  ...reading,
  request: { params, query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.namedVersionPage, "A page of named versions."),
    ...problemsOfOne("forbidden"),
  },
});

const nameRoute = createRoute({
  method: "put",
  path: "/documents/{id}/versions/{version}/name",
  summary: "Give a version a name, in place of the one that it has",
  ...withBody,
  request: { params: ofVersion, body: jsonRequest(schemas.versionName) },
  responses: {
    200: jsonAnswer(schemas.namedVersion, "The version has this name."),
    ...problemsOfOne(...bodyProblems, ...noSuchVersion, "forbidden", "quota_exceeded"),
  },
});

const unnameRoute = createRoute({
  method: "delete",
  path: "/documents/{id}/versions/{version}/name",
  summary: "Take a version's name away",
  ...writing,
  request: { params: ofVersion },
  responses: { 204: { description: "The version has no name." }, ...problemsOfOne("forbidden") },
});

const diffRoute = createRoute({
  method: "get",
  path: "/documents/{id}/diff",
  summary: "Compare two versions of a document's text",
  ...reading,
  request: { params, query: schemas.diffQuery },
  responses: {
    200: jsonAnswer(schemas.diff, "What differs."),
    ...problemsOfOne("forbidden", ...noSuchVersion),
  },
});

const blameRoute = createRoute({
  method: "get",
  path: "/documents/{id}/blame",
  summary: "Tell who wrote which characters of a document, now or at a version",
  ...reading,
  request: { params, query: schemas.blameQuery },
  responses: {
    200: jsonAnswer(schemas.blame, "Who wrote what."),
    ...problemsOfOne("forbidden", ...noSuchVersion),
  },
});

const restoreRoute = createRoute({
  method: "post",
  path: "/documents/{id}/restorations",
  summary: "Put a document's text back to what it was at a version, as a new change",
  ...withBody,
  request: {
    params,
    headers: z.object({
      "if-match": z
        .string()
        .optional()
        .meta({ description: 'Restore only if this is the newest, as "v42".' }),
    }),
    body: jsonRequest(schemas.restoration),
  },
  responses: {
    200: { ...jsonAnswer(schemas.restored, "The text is what it was then."), headers: tagHeader },
    ...problemsOfOne(...bodyProblems, ...noSuchVersion, "forbidden", "precondition_failed", "storage_full"),
  },
});

/** A document's past over REST. */
export const historyRoutes = new OpenAPIHono<RequestContext>()
  .openapi(listChangesRoute, async (c) => c.json(await readChanges(...asked(c), c.req.valid("query")), 200))
  .openapi(readVersionRoute, async (c) =>
    c.json(await readPastVersion(...asked(c), c.req.valid("param").version), 200),
  )
  .openapi(listNamedRoute, async (c) =>
    c.json(await listNamedVersions(...asked(c), c.req.valid("query")), 200),
  )
  .openapi(nameRoute, async (c) => {
    const { version } = c.req.valid("param");
    const { name } = c.req.valid("json");
    return c.json(await nameVersion(...askedAsAuthor(c), { version, name }, Date.now()), 200);
  })
  .openapi(unnameRoute, async (c) => {
    const { version } = c.req.valid("param");
    await nameVersion(...askedAsAuthor(c), { version, name: null }, Date.now());
    return c.body(null, 204);
  })
  .openapi(diffRoute, async (c) => c.json(await readDiff(...asked(c), c.req.valid("query")), 200))
  .openapi(blameRoute, async (c) => c.json(await readBlame(...asked(c), c.req.valid("query")), 200))
  .openapi(restoreRoute, async (c) => {
    const ifVersion = versionToMatch(c.req.valid("header")["if-match"]);
    const { version } = c.req.valid("json");
    const restored = await restoreVersion(...askedAsAuthor(c), { version, ifVersion }, Date.now());
    c.header("etag", entityTag(restored.version));
    return c.json(restored, 200);
  });
