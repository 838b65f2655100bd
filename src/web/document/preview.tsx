import MarkdownIt from "markdown-it";
import { useDeferredValue, useMemo } from "react";
import "./preview.css";

/**
 * The rules of the exported page (src/documents/export.ts): what is HTML in a text is shown and not taken for HTML, and links lead to the
 * web, to mail and to paths alone.
 */
const markdown = new MarkdownIt("default", { html: false, linkify: false });

/** A text as Markdown (CommonMark, with the tables and the strikethrough of GFM). */
export function Preview({ text }: { text: string }) {
  const shown = useDeferredValue(text);
  const html = useMemo(() => markdown.render(shown), [shown]);
  return (
    <article
      className="preview"
      aria-label="Preview"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: made by markdown-it, which passes no HTML through
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
