import { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import { limits } from "../limits.ts";

/** Of every request that makes something. */
export const idempotencyKey = z.object({
  "idempotency-key": z
    .string()
    .optional()
    .meta({
      maxLength: limits.idempotencyKeyUnits,
      description:
        "Random, a new one for each thing that is made. The same request with the same key again, within a day, is answered as the " +
        "first time, with `Idempotency-Replayed: true`, and makes nothing.",
    }),
});

/** What such a request may be refused for. */
export const idempotencyProblems = [
  "idempotency_key_reused",
  "idempotency_in_flight",
] as const satisfies ErrorCode[];
