import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { useDeferredValue, useMemo } from "react";
import "./preview.css";

/**
 * A text as Markdown (CommonMark, GFM). What is HTML in it is shown and not taken for HTML, and links lead to the web and
 * to mail alone: micromark's own rules, unless it is told otherwise.
 */
export function Preview({ text }: { text: string }) {
  const shown = useDeferredValue(text);
  const html = useMemo(() => micromark(shown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] }), [shown]);
  return (
    <article
      className="preview"
      aria-label="Preview"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: made by micromark, which passes no HTML through
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
