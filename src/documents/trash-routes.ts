import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonAnswer } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { documentSummary } from "../protocol/rest/documents.ts";
import { announceAccess } from "./access-changes.ts";
import { summaryBody } from "./document-body.ts";
import { asked, mayWrite, ofOne, params, problemsOfOne, reading } from "./document-route.ts";
import { deletePermanently, restoreDocument, trashDocument } from "./trash.ts";

const deleteDocumentRoute = createRoute({
  method: "delete",
  path: "/documents/{id}",
  summary: "Delete a document, with its text and history",
  description: `Its owners can bring it back for ${limits.graceDays} days; then it is erased. With \`permanent=true\` it is erased at once, from the trash, too.`,
  ...reading,
  middleware: mayWrite,
  request: {
    params,
    query: z.object({
      permanent: z.enum(["true", "false"], "permanent must be true or false").default("false"),
    }),
  },
  responses: {
    204: { description: "The document is gone." },
    ...problemsOfOne("forbidden"),
  },
});

const restoreDocumentRoute = createRoute({
  method: "post",
  path: "/documents/{id}/restore",
  summary: "Bring a document back from the trash (owners)",
  ...ofOne,
  middleware: mayWrite,
  responses: {
    200: jsonAnswer(documentSummary, "The document is back, with its history and everybody's access."),
    ...problemsOfOne("forbidden"),
  },
});

/** The end of documents, and the way back. */
export const trashRoutes = new OpenAPIHono<RequestContext>()
  .openapi(deleteDocumentRoute, async (c) => {
    const [places, userId, id] = asked(c);
    if (c.req.valid("query").permanent === "true") {
      await deletePermanently(places, userId, id, Date.now());
    } else {
      await trashDocument(places, userId, id, Date.now());
      await announceAccess(c.env, { where: { documentId: id }, reason: "the document was deleted" });
    }
    return c.body(null, 204);
  })
  .openapi(restoreDocumentRoute, async (c) => {
    return c.json(summaryBody(await restoreDocument(...asked(c), Date.now())), 200);
  });
