import { z } from "zod";
import { limits } from "../limits.ts";
import { id, jsonObject, operationTrace, text } from "./text.ts";

const count = (name: string, description: string) =>
  z
    .int(`${name} must be a whole number`)
    .min(0, `${name} must be at least 0`)
    .max(Number.MAX_SAFE_INTEGER)
    .meta({ description });

/** A count as it stands in a query. */
const queryCount = (name: string, description: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `${name} must be a whole number from 0`)
    .transform(Number)
    .meta({ description, type: "integer", minimum: 0 });

const inserted = text("text", { max: limits.textUnits }).meta({ description: "What is put there." });
const expected = text("expected_text", { min: 1, max: limits.textUnits });

const splice = z.object({
  type: z.literal("splice"),
  from: count("from", "Where the span begins, in UTF-16 code units of the text at the base."),
  to: count("to", "Where it ends: the first unit that is not in it. The same as `from` to insert."),
  text: inserted,
  expected_text: expected.optional().meta({ description: "What stands there; anything else is refused." }),
});

const replace = z.object({
  type: z.literal("replace"),
  expected_text: expected.meta({
    description: "What to look for: it must be there exactly once, or with `all` at least once.",
  }),
  text: inserted,
  all: z.boolean().default(false).meta({ description: "Replace it wherever it is." }),
});

const append = z.object({ type: z.literal("append"), text: inserted });

/** What `PATCH /documents/{id}/content` takes. */
export const contentChange = z
  .object(
    {
      base_version: count(
        "base_version",
        "The version that the edits are made upon: from there they are moved over what others did since. Without it, the newest.",
      ).optional(),
      edits: z
        .array(
          z.discriminatedUnion("type", [splice, replace, append], {
            error: "type must be splice, replace or append",
          }),
          "edits must be a list",
        )
        // zod's own `min` and `max` go on to whatever has a `length`, list or not, and throw on one that is no number.
        .refine((edits) => edits.length > 0, "edits must have at least one edit")
        .refine(
          (edits) => edits.length <= limits.contentEdits,
          `edits must have at most ${limits.contentEdits} edits`,
        )
        .meta({
          description: "All of them are of the text at the base, and none may touch another's span.",
          minItems: 1,
          maxItems: limits.contentEdits,
        }),
    },
    { error: jsonObject },
  )
  .meta({
    id: "ContentChange",
    example: { edits: [{ type: "replace", expected_text: "teh", text: "the", all: true }] },
  });

/** The answer to a change of the text. */
export const contentChanged = z
  .object({
    version: z.int().meta({ description: "Of the text with the change." }),
    trace_id: operationTrace,
    merged: z.boolean().meta({
      description:
        "Whether the text also has edits of others that came after the base: read it again before the next change.",
    }),
  })
  .meta({ id: "ContentChanged" });

/** The query of `GET /documents/{id}/content`. */
export const contentQuery = z.object({
  version: queryCount("version", "Read the text as it was at this version.").optional(),
});

/** The query of `PUT /documents/{id}/content`. */
export const contentBase = z.object({
  base_version: queryCount(
    "base_version",
    "The version that the text was made from: what differs from it is moved over what others did since.",
  ).optional(),
});

const clientId = z
  .string()
  .regex(/^[\w.:-]{1,64}$/, "client_id must be 1 to 64 of the characters A–Z a–z 0–9 _ . : -")
  .meta({ description: "Who writes: a new random one for each process. The same ones as of sockets." });

/** What `POST /documents/{id}/operations` takes: a socket's `submit`, and who writes. */
export const submission = z
  .object(
    {
      client_id: clientId,
      seq: count("seq", "1, 2, 3… per client id; a repeat bears the same.").min(1, "seq must be at least 1"),
      base: count("base", "The version that the operation was made at."),
      op: z.array(z.union([z.int(), z.string()]), "op must be a list of whole numbers and texts").meta({
        description:
          "Parts that walk over the text: a positive number keeps that many UTF-16 code units, a negative one deletes them, a text is inserted.",
      }),
    },
    { error: jsonObject },
  )
  .meta({ id: "Submission", example: { client_id: "job-7", seq: 1, base: 42, op: [5, " brave"] } });

/** The answer to a submission, the first and to every repeat. */
export const submitted = z
  .object({
    seq: z.int(),
    version: z.int().meta({ description: "That the operation got." }),
    actor: z.int().meta({ description: "The number of who wrote it, as items bear it." }),
    trace_id: operationTrace,
  })
  .meta({ id: "Submitted" });

/** The query of `GET /documents/{id}/operations`. */
export const operationsQuery = z.object({
  since: queryCount("since", "The version that the caller has."),
  limit: z.coerce
    .number("limit must be a number")
    .int("limit must be a whole number")
    .min(1, "limit must be at least 1")
    .max(limits.operationItems.max, `limit must be at most ${limits.operationItems.max}`)
    .default(limits.operationItems.default),
  wait: queryCount("wait", "Seconds to wait for an operation, if there is none yet.")
    .refine((seconds) => seconds <= limits.pollSeconds, `wait must be at most ${limits.pollSeconds}`)
    .default(0),
});

/** Operations in the order of their versions. */
export const operationList = z
  .object({
    from: z.int().meta({ description: "The version of the first item; the k-th has from + k." }),
    items: z.array(
      z.object({
        op: z.array(z.union([z.int(), z.string()])),
        actor: z.int(),
        seq: z.int(),
        trace_id: operationTrace,
      }),
    ),
    actors: z
      .array(z.object({ actor: z.int(), user_id: id, kind: z.enum(["person", "program", "import"]) }))
      .meta({ description: "Who the numbers stand for." }),
    version: z.int().meta({ description: "The newest: if the items end before it, ask again." }),
    epoch: z.string().meta({
      description:
        "Names the document's storage. Another one: it was restored, and the versions that the caller has are gone.",
    }),
    horizon: z.int().meta({ description: "The oldest version that can be asked since." }),
  })
  .meta({ id: "OperationList" });

/** The query of `GET /documents/{id}/events`: the fields of a socket's `hello`. */
export const eventsQuery = z.object({
  since: queryCount("since", "The version that the caller has; `Last-Event-ID` goes before it.").optional(),
  epoch: z
    .string()
    .max(limits.epochUnits, `epoch must have at most ${limits.epochUnits} characters`)
    .optional()
    .meta({ description: "Of the welcome that told `since`." }),
  client_id: clientId.optional().meta({ description: "As in submissions, by whoever also makes them." }),
  last_seq: queryCount("last_seq", "The `seq` of a submission whose answer was lost.").optional(),
});

export type ContentChange = z.infer<typeof contentChange>;
export type ContentEdit = ContentChange["edits"][number];
export type OperationListBody = z.infer<typeof operationList>;
