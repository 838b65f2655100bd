/** A frame that a client sends (→) or receives (←), or a call of the room by somebody else (! `setRole ["ann","viewer",""]`). */
export interface TranscriptLine {
  client: string;
  arrow: "→" | "←" | "!";
  /** As it was on the wire. */
  frame: string;
}

export interface Transcript {
  /** The heading that it stands under. */
  heading: string;
  lines: TranscriptLine[];
}

/** The ```transcript blocks of a Markdown page. */
export function transcriptsOf(markdown: string): Transcript[] {
  return [...markdown.matchAll(/^```transcript\n([\s\S]*?)^```/gm)].map(({ 1: block = "", index }) => ({
    heading:
      markdown
        .slice(0, index)
        .match(/^## (.+)$/gm)
        ?.at(-1)
        ?.slice(3) ?? "",
    lines: block
      .trim()
      .split("\n")
      .map((line): TranscriptLine => {
        const [, client = "", arrow, frame = ""] = /^(\w+) (→|←|!) (.+)$/.exec(line) ?? [];
        if (!arrow) throw new Error(`not a line of a transcript: ${line}`);
        return { client, arrow: arrow as TranscriptLine["arrow"], frame };
      }),
  }));
}

/** The user whose socket this is: `again` is Ann on a new one. */
export const userOf = (client: string): string => (client === "again" ? "ann" : client);
