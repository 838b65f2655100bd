import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { authenticatedFor } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { decodeOffsetCursor, encodeOffsetCursor } from "../platform/cursor.ts";
import { jsonAnswer } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/search.ts";
import { summaryBody } from "./document-body.ts";
import { problems, security } from "./document-route.ts";
import { searchDocuments } from "./search.ts";

const searchRoute = createRoute({
  method: "get",
  path: "/search",
  summary: "Search the titles and texts of all documents that one may read",
  description:
    "The best first; a word in the title weighs ten in the text. Case and diacritics make no difference. A change is found " +
    `some seconds after it was made. Of a text, its first ${limits.indexedUnits} UTF-16 units are searched; of what is found, the ` +
    `best ${limits.searchDepth} are told.`,
  security,
  // Not for guests, who are in one document.
  middleware: authenticatedFor("documents:read"),
  request: { query: schemas.searchQuery },
  responses: {
    200: jsonAnswer(schemas.searchPage, "A page of documents."),
    ...problems("invalid_request", "not_found"),
  },
});

/** Full-text search. */
export const searchRoutes = new OpenAPIHono<RequestContext>().openapi(searchRoute, async (c) => {
  const { q: question, workspace_id: workspaceId, cursor, limit } = c.req.valid("query");
  const offset = cursor === undefined ? 0 : decodeOffsetCursor(cursor);
  const { userId } = c.var.principal;
  const found = await searchDocuments(
    database(c.env.DB),
    userId,
    { question, workspaceId },
    { offset, limit: limit + 1 },
    Date.now(),
  );
  const end = offset + limit;
  const items = found.slice(0, limit).map(({ row, title, excerpt }) => ({
    ...summaryBody(row),
    highlights: { title, excerpt },
  }));
  const hasNext = found.length > limit && end < limits.searchDepth;
  return c.json({ items, next_cursor: hasNext ? encodeOffsetCursor(end) : null }, 200);
});
