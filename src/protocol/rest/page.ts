import { z } from "zod";
import { limits } from "../limits.ts";

/** The query of a list. */
export const pageQuery = z.object({
  limit: z.coerce
    .number("limit must be a number")
    .int("limit must be a whole number")
    .min(1, "limit must be at least 1")
    .max(limits.pageItems.max, `limit must be at most ${limits.pageItems.max}`)
    .default(limits.pageItems.default),
  cursor: z.string().optional().meta({ description: "The `next_cursor` of the page before." }),
});

/** Where the next page of a list begins. */
export const nextCursor = z.string().nullable().meta({ description: "Null on the last page." });
