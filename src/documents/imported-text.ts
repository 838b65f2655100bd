import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { htmlToMarkdown } from "./html-to-markdown.ts";

/** What texts are imported from. */
export const importTypes = ["text/plain", "text/markdown", "text/html"] as const;

/**
 * A document made of a file: without its byte order mark, with lines that end in LF alone, and from HTML what of it can be
 * said in Markdown. Its title is the page's, or the first heading, or the first line. Throws Problem `payload_too_large` for
 * HTML that is too much to turn.
 */
export function importedText(type: string, file: string): { title: string; content: string } {
  const text = file.replace(/^\ufeff/, "").replaceAll(/\r\n?/g, "\n");
  if (type !== "text/html") return { title: titleOf(text), content: text };
  if (text.length > limits.importedHtmlUnits) {
    throw new Problem(
      "payload_too_large",
      `HTML is imported of at most ${limits.importedHtmlUnits} UTF-16 units; as Markdown or text, more.`,
    );
  }
  const { title = "", markdown } = htmlToMarkdown(text);
  return { title: asTitle(title) || titleOf(markdown), content: markdown };
}

/** How much of a text is looked through for a title. */
const lookedAt = 10_000;

function titleOf(text: string): string {
  const lines = text.slice(0, lookedAt).split("\n");
  const heading = /^ {0,3}#{1,6}[ \t]+(\S.*?)[ \t]*#*$/s;
  const headings = lines.flatMap((line) => heading.exec(line)?.[1] ?? []);
  const words = lines.filter((line) => /[\p{L}\p{N}\p{So}]/u.test(line));
  return [...headings, ...words].map(asTitle).find((title) => title !== "") ?? "Untitled";
}

/** A line of text as titles are, cut where it is too long. */
function asTitle(line: string): string {
  const plain = line
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    // The signs of Markdown, where they are not in a word.
    .replaceAll(/(?<!\w)[*_`~]+(?=\S)|(?<=\S)[*_`~]+(?!\w)|\\(?=\p{P})/gu, "")
    .trim();
  return plain
    .slice(0, limits.titleUnits)
    .replace(/[\ud800-\udbff]$/, "")
    .trim();
}
