import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor, pageQuery } from "./page.ts";
import { id, jsonObject, line, text, time } from "./text.ts";

const title = line("title", limits.titleUnits);
const content = text("content", { max: limits.textUnits });

/** What `POST /documents` takes; without `workspace_id` the document goes into the personal workspace. */
export const newDocument = z
  .object({ title, content: content.default(""), workspace_id: id.optional() }, { error: jsonObject })
  .meta({ id: "NewDocument" });

/** What `PATCH /documents/{id}` takes. */
export const documentChange = z
  .object({ title: title.optional(), content: content.optional() }, { error: jsonObject })
  .refine(
    (change) => change.title !== undefined || change.content !== undefined,
    "title or content is required",
  )
  .meta({ id: "DocumentChange" });

/** The query of `POST /documents/import`. */
export const importQuery = z.object({
  title: title.optional().meta({
    description: "Else the page's title, or the text's first heading, or its first line.",
  }),
  workspace_id: id.optional().meta({ description: "Else the personal workspace." }),
});

/** The query of `GET /documents/{id}/export`. */
export const exportQuery = z.object({
  format: z.enum(["md", "txt", "html"], "format must be md, txt or html").default("md"),
});

/** What `POST /documents/{id}/duplicate` takes. */
export const duplication = z
  .object(
    {
      title: title.optional().meta({ description: "Else that of the original, with `Copy of` before it." }),
      workspace_id: id.optional(),
    },
    { error: jsonObject },
  )
  .meta({ id: "Duplication" });

/** What `POST /documents/{id}/move` takes. */
export const move = z.object({ workspace_id: id }, { error: jsonObject }).meta({ id: "Move" });

/** A document as lists show it: what is known without asking its room. */
export const documentSummary = z
  .object({
    id,
    title: z.string(),
    workspace_id: id,
    owner_id: id,
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "DocumentSummary" });

/** A document with its text and version at this moment. */
export const document = documentSummary
  .extend({
    content: z.string(),
    version: z.int().meta({ description: "How many operations the text has gone through." }),
  })
  .meta({ id: "Document" });

const flag = (name: string) => z.enum(["true", "false"], `${name} must be true or false`).default("false");

/** The query of `GET /documents`. */
export const documentQuery = pageQuery.extend({
  workspace_id: id.optional().meta({ description: "Only those of this workspace." }),
  owner_id: id.optional().meta({ description: "Only those that this person owns." }),
  shared: flag("shared").meta({ description: "Only those that were shared with you by a grant or a link." }),
  deleted: flag("deleted").meta({ description: "Those in the trash that you may bring back." }),
  order: z
    .enum(["created", "updated"], "order must be created or updated")
    .default("created")
    .meta({ description: "By which time the newest are first." }),
});

export const documentPage = z
  .object({ items: z.array(documentSummary), next_cursor: nextCursor })
  .meta({ id: "DocumentPage" });

/** Who has a document open. */
export const presence = z
  .object({
    items: z.array(
      z.object({
        user_id: id,
        name: z.string(),
        kind: z.enum(["person", "program", "import"]),
        role: z.enum(["owner", "editor", "viewer"]),
        since: time.meta({ description: "When the first of their sockets joined." }),
      }),
    ),
    audience: z.int().meta({
      description:
        "Viewers of a large audience who are in no list, by socket: the first few exactly, more to within some percent.",
    }),
  })
  .meta({ id: "Presence" });

const count = (description: string) => z.int().meta({ description });

/** What a document's room has used since it was last loaded into memory: what the platform bills, and what for. */
export const documentStats = z
  .object({
    since: time.meta({ description: "When the room was last loaded into memory; all counts begin there." }),
    rows_read: count("Rows of the room's database that were read."),
    rows_written: count("Rows that were written, each alarm that was set being one."),
    frames_in: count("Messages from sockets, without the pings that the platform answers."),
    frames_out: count("Messages to sockets."),
    bytes_in: count("Bytes of the messages from sockets."),
    bytes_out: count("Bytes of the messages to sockets."),
    loads: count("How often the document was read from the database."),
    flushes: count("Commits."),
    operations: count("Operations in those commits."),
    alarms: count("How often the room's alarm rang."),
    sockets: count("Sockets that are open now."),
    database_bytes: count("Size of the room's database now."),
  })
  .meta({ id: "DocumentStats" });

export type DocumentBody = z.infer<typeof document>;
export type PresenceBody = z.infer<typeof presence>;
export type DocumentStatsBody = z.infer<typeof documentStats>;
export type DocumentSummaryBody = z.infer<typeof documentSummary>;
