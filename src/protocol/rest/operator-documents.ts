import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject } from "./text.ts";

const { max, default: usual } = limits.operationItems;

/** The query of `GET /admin/documents/{id}/operations`. */
export const recordsQuery = z.object({
  from: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "from must be a whole number from 1")
    .transform(Number)
    .optional()
    .meta({
      description: "The first version; without it, the oldest that is kept.",
      type: "integer",
      minimum: 1,
      example: 1,
    }),
  limit: z
    .string()
    .regex(/^\d{1,15}$/, "limit must be a whole number")
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= max, `limit must be from 1 to ${max}`)
    .optional()
    .meta({ description: `${usual} without it.`, type: "integer", minimum: 1, maximum: max }),
});

const unknown = "null: not known, for it is of a time when that was not kept.";

const record = z.object({
  version: z.int(),
  at: z.iso.datetime().meta({ description: "When it was committed, to the second." }),
  actor: z.int(),
  seq: z.int(),
  base: z
    .int()
    .nullable()
    .meta({ description: `The version that it was made at; ${unknown}` }),
  transforms: z
    .int()
    .nullable()
    .meta({ description: `How many accepted operations it was transformed over; ${unknown}` }),
  latency_ms: z.int().nullable().meta({
    description:
      "From being heard to its commit, rounded down to a power of two; null: less than 8, or not known.",
  }),
  op: z.array(z.union([z.int(), z.string()])).meta({ description: "As it was accepted." }),
  trace_id: z.string().meta({ description: "Law TR-1: what lines and spans about it bear." }),
  hash: z.int().nullable().meta({
    description:
      "Of the text at its version, by a replay; null: an operation does not fit the text before it.",
  }),
});

/** A page of a document's life. */
export const recordPage = z
  .object({
    version: z.int().meta({ description: "The newest version." }),
    items: z.array(record),
    actors: z
      .array(
        z.object({
          actor: z.int(),
          client_id: z.string().nullable(),
          user_id: z.string(),
          kind: z.enum(["person", "program", "import"]),
        }),
      )
      .meta({ description: "Who made them." }),
    next_from: z.int().nullable().meta({ description: "Where to go on; null: this was the end." }),
  })
  .meta({ id: "OperationRecordPage" });

/** The query of `PUT /admin/documents/{id}/life`. */
export const putBackQuery = z.object({
  replace: z.enum(["true", "false"]).optional().meta({
    description:
      "`true`: also where there is a text and a history, which are gone then. Else that is `precondition_failed`.",
  }),
});

export const putBack = z
  .object({
    version: z.int().meta({ description: "The newest version." }),
    epoch: z.string().meta({ description: "Names the storage from now on." }),
  })
  .meta({ id: "DocumentPutBack" });

/** What `POST /admin/documents/{id}/rewind` takes. */
export const rewinding = z
  .object(
    {
      at: z.iso
        .datetime("at must be a time in UTC, as 2030-01-31T12:00:00Z")
        .meta({ description: "A moment of the last 30 days." }),
    },
    { error: jsonObject },
  )
  .meta({ id: "DocumentRewinding" });

export const rewound = z
  .object({
    version: z.int().meta({ description: "The newest version there is now." }),
    epoch: z.string().meta({ description: "Names the storage from now on." }),
    before: z.string().meta({ description: "Cloudflare's bookmark of the state that was there before." }),
  })
  .meta({ id: "DocumentRewound" });
