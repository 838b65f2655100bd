import { z } from "zod";
import { limits } from "../limits.ts";
import { documentSummary } from "./documents.ts";
import { nextCursor, pageQuery } from "./page.ts";
import { id, line } from "./text.ts";

/** The query of `GET /search`. */
export const searchQuery = pageQuery.extend({
  q: line("q", limits.questionUnits).meta({
    description:
      'What to look for: all of the words, the last also as the beginning of one; "in quotes", as it stands there.',
  }),
  workspace_id: id.optional().meta({ description: "Only in this workspace." }),
});

const pieces = (description: string) =>
  z
    .array(
      z.object({
        text: z.string(),
        hit: z.boolean().meta({ description: "Whether this is what was asked for." }),
      }),
    )
    .meta({ description });

/** A page of what was found. */
export const searchPage = z
  .object({
    items: z.array(
      documentSummary.extend({
        highlights: z.object({
          title: pieces("The title, in pieces of plain text."),
          excerpt: pieces(
            "The passage of the text with most of what was asked for, or its beginning, in pieces of plain text.",
          ),
        }),
      }),
    ),
    next_cursor: nextCursor,
  })
  .meta({ id: "SearchPage" });
