import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { textBody, textTypes } from "../platform/text-body.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/content.ts";
import { text } from "../protocol/rest/text.ts";
import { type Base, editContent, readContent, readContentAt, replaceContent } from "./content.ts";
import {
  asked,
  askedAsAuthor,
  mayWrite,
  params,
  problems,
  problemsOfOne,
  reading,
  security,
  tagHeader,
  withBody,
} from "./document-route.ts";
import { entityTag, versionsHeld, versionToMatch } from "./entity-tag.ts";

const asText = Object.fromEntries(textTypes.map((type) => [type, { schema: z.string() }]));
const wholeText = textBody(limits.bodyBytes);
const content = text("content", { max: limits.textUnits });

const ifMatch = z
  .string()
  .optional()
  .meta({ description: 'Change only at this version, as "v42"; `*`: whatever the version is.' });

/** What a change of the text may be refused for, besides its form. */
const changeProblems = [
  "forbidden",
  "not_found",
  "precondition_failed",
  "precondition_required",
  "base_ahead",
  "too_old",
  "document_too_large",
  "storage_full",
] as const satisfies ErrorCode[];

const readContentRoute = createRoute({
  method: "get",
  path: "/documents/{id}/content",
  summary: "Read a document's text",
  description:
    "The text alone, as `text/plain` or, by `Accept`, as `text/markdown`: it is the same text. `ETag` is its version; with " +
    "`If-None-Match` there is no body while that is the newest one. A text of the past comes always whole: a redaction may change it.",
  ...reading,
  request: {
    params,
    query: schemas.contentQuery,
    headers: z.object({
      "if-none-match": z
        .string()
        .optional()
        .meta({ description: 'The versions that the caller has, as "v42".' }),
    }),
  },
  responses: {
    200: { description: "The text.", content: asText, headers: tagHeader },
    304: { description: "The caller has it already.", headers: tagHeader },
    ...problemsOfOne("forbidden", "base_ahead", "too_old"),
  },
});

const replaceContentRoute = createRoute({
  method: "put",
  path: "/documents/{id}/content",
  summary: "Replace a document's text",
  description:
    "The body is the new text. Say what it was made from: with `If-Match` it goes through only if nobody changed the text " +
    "since; with `base_version` what differs from that version is moved over what others did since, who lose nothing; " +
    "`If-Match: *` takes what differs from the newest.",
  security,
  middleware: [mayWrite, wholeText] as [typeof mayWrite, typeof wholeText],
  request: {
    params,
    query: schemas.contentBase,
    headers: z.object({ "if-match": ifMatch }),
    body: { required: true, content: asText },
  },
  responses: {
    200: { ...jsonAnswer(schemas.contentChanged, "The text is replaced."), headers: tagHeader },
    ...problems(...bodyProblems, ...changeProblems),
  },
});

const editContentRoute = createRoute({
  method: "patch",
  path: "/documents/{id}/content",
  summary: "Edit a document's text: find and replace, append, splice",
  description:
    "All of the edits go through as one change, or none. They are of the text at `base_version`, from where they are moved over " +
    "what others did since, or at the version of `If-Match`, or of the newest text; a splice, which goes by position, needs one of the first two.",
  ...withBody,
  request: { params, headers: z.object({ "if-match": ifMatch }), body: jsonRequest(schemas.contentChange) },
  responses: {
    200: { ...jsonAnswer(schemas.contentChanged, "The text is changed."), headers: tagHeader },
    ...problems(
      ...bodyProblems,
      ...changeProblems,
      "out_of_range",
      "splits_surrogate",
      "expected_text_absent",
      "expected_text_ambiguous",
      "overlapping_edits",
      "operation_too_large",
    ),
  },
});

/** A document's text over REST: to be read and written as a whole, or edited in place. */
export const contentRoutes = new OpenAPIHono<RequestContext>()
  .openapi(readContentRoute, async (c) => {
    const { version: wanted } = c.req.valid("query");
    const held = versionsHeld(c.req.valid("header")["if-none-match"]);
    const found =
      wanted === undefined
        ? await readContent(...asked(c), held === "any" ? [] : held)
        : await readContentAt(...asked(c), wanted);
    c.header("etag", entityTag(found.version));
    if (found.content === undefined || (wanted === undefined && held === "any")) return c.body(null, 304);
    const type = accepts(c, { header: "Accept", supports: [...textTypes], default: textTypes[0] });
    c.header("vary", "Accept", { append: true });
    return c.body(found.content, 200, { "content-type": `${type}; charset=utf-8` });
  })
  .openapi(replaceContentRoute, async (c) => {
    const { base_version } = c.req.valid("query");
    const match = c.req.valid("header")["if-match"];
    const base = baseOf(match, base_version);
    if (base === "newest" && match === undefined) {
      throw new Problem(
        "precondition_required",
        "Say which version the text was made from: If-Match, or base_version. (If-Match: * is for whatever is there.)",
      );
    }
    const parsed = content.safeParse(c.var.text);
    if (!parsed.success) {
      const message = parsed.error.issues.map((issue) => issue.message).join("; ");
      throw new Problem("validation_failed", `${message}.`);
    }
    const changed = await replaceContent(...askedAsAuthor(c), { content: parsed.data, base });
    c.header("etag", entityTag(changed.version));
    return c.json(changed, 200);
  })
  .openapi(editContentRoute, async (c) => {
    const { edits, base_version } = c.req.valid("json");
    const base = baseOf(c.req.valid("header")["if-match"], base_version);
    if (base === "newest" && edits.some(({ type }) => type === "splice")) {
      throw new Problem(
        "precondition_required",
        "A splice goes by position: say of which version, by If-Match or base_version.",
      );
    }
    const changed = await editContent(...askedAsAuthor(c), { edits, base });
    c.header("etag", entityTag(changed.version));
    return c.json(changed, 200);
  });

/** Throws Problem `invalid_request` where two versions are named. */
function baseOf(match: string | undefined, baseVersion: number | undefined): Base {
  const ifVersion = versionToMatch(match);
  if (baseVersion === undefined) return ifVersion === undefined ? "newest" : { ifVersion };
  if (match === undefined) return { baseVersion };
  throw new Problem("invalid_request", "Name one version: by If-Match or by base_version.");
}
