import { z } from "zod";
import { jsonObject } from "./text.ts";

const bound = (name: string, description: string) =>
  z
    .int(`${name} must be a whole number, or null`)
    .min(0, `${name} must be at least 0`)
    .max(1_000_000_000, `${name} must be at most 1000000000`)
    .nullable()
    .meta({ description });

/** What `PUT /documents/{id}/retention` takes. */
export const retention = z
  .object(
    {
      operations: bound(
        "operations",
        "The newest operations, so many, are kept; null: none for their number.",
      ),
      days: bound("days", "Operations are kept for so many days; null: none for their age."),
    },
    { error: jsonObject },
  )
  .meta({ id: "Retention" });

const horizon = z.int().meta({ description: "The oldest version from which clients can resume." });

export const kept = retention.extend({ horizon }).meta({ id: "KeptHistory" });

export const compacted = z
  .object({ horizon, database_bytes: z.int().meta({ description: "Size of the room's database now." }) })
  .meta({ id: "CompactedHistory" });
