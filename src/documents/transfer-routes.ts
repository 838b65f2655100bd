import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticatedFor } from "../auth/authenticate.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { decodeCursor } from "../platform/cursor.ts";
import { bodyProblems, jsonAnswer } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { textBody } from "../platform/text-body.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/documents.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { text } from "../protocol/rest/text.ts";
import { documentBody } from "./document-body.ts";
import {
  asked,
  authorOf,
  ofOne,
  params,
  placesOf,
  problems,
  problemsOfOne,
  security,
  tagHeader,
} from "./document-route.ts";
import { createDocument, readDocument } from "./documents.ts";
import { entityTag } from "./entity-tag.ts";
import { htmlOf, workspaceExport, zipOf } from "./export.ts";
import { attachment, fileStem } from "./file-name.ts";
import { importedText, importTypes } from "./imported-text.ts";

const mayCreate = authenticatedFor("documents:write");
const mayRead = authenticatedFor("documents:read");
const file = textBody(limits.bodyBytes, importTypes);
const content = text("content", { max: limits.textUnits });

const importRoute = createRoute({
  method: "post",
  path: "/documents/import",
  summary: "Make a document of a Markdown, text or HTML file",
  description:
    "The body is the file, in UTF-8. A byte order mark is left out, and lines end in LF. Of HTML comes what can be said in " +
    "Markdown. The text's author is of the kind `import`.",
  security,
  middleware: [mayCreate, file, idempotent] as [typeof mayCreate, typeof file, typeof idempotent],
  request: {
    headers: idempotencyKey,
    query: schemas.importQuery,
    body: {
      required: true,
      content: Object.fromEntries(importTypes.map((type) => [type, { schema: z.string() }])),
    },
  },
  responses: {
    201: { ...jsonAnswer(schemas.document, "The document is there."), headers: tagHeader },
    ...problems(...bodyProblems, ...idempotencyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

const fileHeader = {
  "Content-Disposition": {
    description: "The name of the file, after the title.",
    schema: { type: "string" as const },
  },
};

/** By format: what a file is, and how its name ends. */
const formats = {
  md: { type: "text/markdown", ending: ".md" },
  txt: { type: "text/plain", ending: ".txt" },
  html: { type: "text/html", ending: ".html" },
} as const;

const exportRoute = createRoute({
  method: "get",
  path: "/documents/{id}/export",
  summary: "Save a document as a file",
  description:
    `As Markdown or text it is the text as it is. As HTML, up to ${limits.renderedUnits} UTF-16 units, it is a page without a ` +
    "script; HTML within the text is shown, not run.",
  ...ofOne,
  request: { params, query: schemas.exportQuery },
  responses: {
    200: {
      description: "The file.",
      headers: { ...tagHeader, ...fileHeader },
      content: Object.fromEntries(Object.values(formats).map(({ type }) => [type, { schema: z.string() }])),
    },
    ...problemsOfOne("document_too_large"),
  },
});

const exportWorkspaceRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/export",
  summary: "Save all documents of a workspace as a zip file",
  description:
    `Markdown files named after the titles, ${limits.exportDocuments} of them, and further ones by the cursor that stands in ` +
    "`manifest.json`, and in the header `Link`. The manifest tells which file is which document, and names those that could not be read.",
  security,
  middleware: mayRead,
  request: {
    params,
    query: z.object({
      cursor: z.string().optional().meta({ description: "The `next_cursor` of the export before." }),
    }),
  },
  responses: {
    200: {
      description: "Streamed; if it breaks off, the directory at its end is missing.",
      headers: {
        ...fileHeader,
        Link: { description: 'The next part, as `rel="next"`.', schema: { type: "string" as const } },
      },
      content: { "application/zip": { schema: z.string().meta({ format: "binary" }) } },
    },
    ...problems("invalid_request", "not_found"),
  },
});

/** Documents from files, and files from documents. */
export const transferRoutes = new OpenAPIHono<RequestContext>()
  .openapi(importRoute, async (c) => {
    const { title, workspace_id: workspaceId } = c.req.valid("query");
    const type = (c.req.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
    const imported = importedText(type, c.var.text);
    const parsed = content.safeParse(imported.content);
    if (!parsed.success) {
      const message = parsed.error.issues.map((issue) => issue.message).join("; ");
      throw new Problem("validation_failed", `${message}.`);
    }
    const created = await createDocument(
      placesOf(c.env),
      { ...authorOf(c.var.principal), kind: "import" },
      { making: c.var.making, title: title ?? imported.title, content: parsed.data, workspaceId },
      Date.now(),
    );
    c.header("etag", entityTag(created.version));
    c.header("location", `/api/v1/documents/${created.row.id}`);
    return c.json(documentBody(created), 201);
  })
  .openapi(exportRoute, async (c) => {
    const { format } = c.req.valid("query");
    const found = await readDocument(...asked(c));
    const { type, ending } = formats[format];
    const body = format === "html" ? await htmlOf(found) : found.content;
    return c.body(body, 200, {
      "content-type": `${type}; charset=utf-8`,
      "content-disposition": attachment(fileStem(found.row.title) + ending),
      // Also where somebody opens it in place: it is of another origin then, and runs nothing.
      "content-security-policy":
        "sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'",
      etag: entityTag(found.version),
    });
  })
  .openapi(exportWorkspaceRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor } = c.req.valid("query");
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const { db, room } = placesOf(c.env);
    const found = await workspaceExport(db, c.var.principal.userId, id, after);
    const next = `</api/v1/workspaces/${id}/export?cursor=${found.nextCursor}>; rel="next"`;
    return c.body(zipOf(room, found, Date.now()), 200, {
      "content-type": "application/zip",
      "content-disposition": attachment(`${fileStem(found.name)}.zip`),
      ...(found.nextCursor !== null && { link: next }),
    });
  });
