import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject, operationTrace } from "./text.ts";

const bound = (name: string, max: number, description: string) =>
  z
    .int(`${name} must be a whole number, or null`)
    .min(0, `${name} must be at least 0`)
    .max(max, `${name} must be at most ${max}`)
    .nullable()
    .meta({ description });

/** What `PUT /documents/{id}/retention` takes. */
export const retention = z
  .object(
    {
      operations: bound(
        "operations",
        1_000_000_000,
        "The newest operations, so many, are kept; null: none for their number.",
      ),
      days: bound(
        "days",
        limits.retentionDays,
        "Operations are kept for so many days; null: none for their age.",
      ),
    },
    { error: jsonObject },
  )
  .meta({ id: "Retention" });

const horizon = z.int().meta({ description: "The oldest version from which clients can resume." });

export const kept = retention.extend({ horizon }).meta({ id: "KeptHistory" });

export const compacted = z
  .object({ horizon, database_bytes: z.int().meta({ description: "Size of the room's database now." }) })
  .meta({ id: "CompactedHistory" });

const count = (description: string) => z.int().meta({ description });

/** What `POST /documents/{id}/redactions` takes. */
export const redaction = z
  .object(
    {
      version: count("Of the text that the span is in.").min(0),
      from: count("Where the span begins, in UTF-16 code units.").min(0),
      to: count("Where it ends: the first unit that is not in it.").min(1),
    },
    { error: jsonObject },
  )
  .refine(({ from, to }) => from < to, "to must be greater than from")
  .meta({ id: "Redaction" });

/** The answer to a redaction. */
export const redacted = z
  .object({
    version: count("Of the document now; a new one, if the span was in its text."),
    trace_id: operationTrace,
  })
  .meta({ id: "Redacted" });

/** What replaying a document's history has shown. */
export const integrityReport = z
  .object({
    sound: z.boolean().meta({ description: "Whether there are no faults." }),
    version: count("That was reached."),
    horizon: count("That it began with: what came before is trimmed."),
    operations: count("That were replayed."),
    points: count("Recorded texts that the replayed one was compared with."),
    faults: z.array(z.object({ version: z.int(), what: z.string() })),
  })
  .meta({ id: "IntegrityReport" });

export type IntegrityReportBody = z.infer<typeof integrityReport>;
