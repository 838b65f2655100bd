import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { id, jsonObject, line, operationTrace, time } from "./text.ts";

/** A version as a caller names it. */
export const version = z.coerce
  .number("version must be a number")
  .int("version must be a whole number")
  .min(0, "version must be at least 0")
  .max(Number.MAX_SAFE_INTEGER, "version is too large")
  .meta({ description: "How many operations the text has gone through.", example: 42 });

const count = (description: string) => z.int().meta({ description });

/** Who wrote something. */
export const author = z
  .object({
    user_id: id,
    name: z.string().nullable().meta({ description: "Null: the account was deleted." }),
    kind: z
      .enum(["person", "program", "import"])
      .meta({ description: "Typed by a person, written by a program, or brought in from elsewhere." }),
  })
  .meta({ id: "Author" });

/** What people wrote without a pause, or at the same time. */
export const change = z
  .object({
    first_version: count("Of the first operation."),
    last_version: count("Of the last operation: the text at this version is what the change came to."),
    started_at: time,
    ended_at: time,
    authors: z.array(
      author
        .extend({
          operations: count("How many."),
          inserted: count("UTF-16 code units."),
          deleted: count("UTF-16 code units."),
        })
        .meta({ id: "AuthorShare" }),
    ),
  })
  .meta({ id: "Change" });

export const changePage = z
  .object({
    items: z.array(change).meta({ description: "A page may have fewer than were asked for." }),
    next_cursor: nextCursor,
  })
  .meta({ id: "ChangePage" });

/** A document as it was. */
export const pastVersion = z
  .object({
    version: z.int(),
    content: z.string(),
    created_at: time.nullable().meta({ description: "To the second. Null: what made it is not kept." }),
    author: author.nullable().meta({ description: "Whose operation made it of the version before." }),
    trace_id: operationTrace.nullable(),
  })
  .meta({ id: "PastVersion" });

/** What `PUT /documents/{id}/versions/{version}/name` takes. */
export const versionName = z
  .object({ name: line("name", limits.versionNameUnits) }, { error: jsonObject })
  .meta({ id: "VersionName" });

/** A version that somebody gave a name. */
export const namedVersion = z
  .object({
    version: z.int(),
    name: z.string(),
    named_at: time,
    named_by: author,
  })
  .meta({ id: "NamedVersion" });

export const namedVersionPage = z
  .object({ items: z.array(namedVersion), next_cursor: nextCursor })
  .meta({ id: "NamedVersionPage" });

/** The query of a difference. */
export const diffQuery = z.object({ from: version, to: version });

/** What differs between two versions of a text. */
export const diff = z
  .object({
    from: z.int(),
    to: z.int(),
    edits: z
      .array(
        z.object({
          at: count("Where, in UTF-16 code units of the text at `from`."),
          deleted: z.string(),
          inserted: z.string(),
        }),
      )
      .meta({
        description:
          "In the order of places, by lines and words. Together they turn one text into the other.",
      }),
  })
  .meta({ id: "Diff" });

/** The query of who wrote what. */
export const blameQuery = z.object({
  version: version.optional(),
  from: z.coerce
    .number("from must be a number")
    .int("from must be a whole number")
    .min(0, "from must be at least 0")
    .default(0)
    .meta({ description: "Unit to begin with: the `next_from` of the answer before." }),
});

/** Who wrote a text. */
export const blame = z
  .object({
    version: count("Of the text."),
    spans: z.array(
      z.object({
        from: count("First UTF-16 code unit."),
        to: count("The one after the last."),
        author: author.nullable().meta({ description: "Null: older than the history that is kept." }),
      }),
    ),
    next_from: z
      .int()
      .nullable()
      .meta({ description: "Where the next answer begins; null at the end of the text." }),
  })
  .meta({ id: "Blame" });

/** What `POST /documents/{id}/restorations` takes. */
export const restoration = z
  .object({ version: count("To go back to.").min(0) }, { error: jsonObject })
  .meta({ id: "Restoration" });

/** The answer to a restoration. */
export const restored = z
  .object({
    version: count("Of the document now; the one it had, if the text was the same."),
    trace_id: operationTrace,
  })
  .meta({ id: "Restored" });

export type NamedVersionBody = z.infer<typeof namedVersion>;
export type DiffBody = z.infer<typeof diff>;
export type BlameBody = z.infer<typeof blame>;
export type AuthorBody = z.infer<typeof author>;
export type ChangeBody = z.infer<typeof change>;
export type PastVersionBody = z.infer<typeof pastVersion>;
