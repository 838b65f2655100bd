import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { height: "100%", background: "transparent", color: "var(--ink)", fontSize: "1.0625rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-text)", lineHeight: "1.65", overflow: "auto" },
  ".cm-content": {
    maxWidth: "46rem",
    margin: "0 auto",
    padding: "2.5rem 1.5rem 40vh",
    caretColor: "var(--ink)",
    width: "100%",
  },
  ".cm-line": { padding: "0" },
  ".cm-placeholder": { color: "var(--ink-soft)" },
  ".cm-panels": { background: "var(--surface)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels input, .cm-panels button": { font: "inherit", color: "inherit" },
});

const words = HighlightStyle.define([
  { tag: tags.heading1, fontSize: "1.6em", fontWeight: "700", fontFamily: "var(--font)", lineHeight: "1.3" },
  { tag: tags.heading2, fontSize: "1.3em", fontWeight: "700", fontFamily: "var(--font)", lineHeight: "1.35" },
  { tag: tags.heading, fontWeight: "700", fontFamily: "var(--font)" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.link, color: "var(--accent)", textDecoration: "underline" },
  { tag: tags.url, color: "var(--accent)" },
  { tag: tags.monospace, fontFamily: "var(--font-code)", fontSize: "0.9em" },
  { tag: tags.quote, color: "var(--ink-soft)", fontStyle: "italic" },
  { tag: tags.processingInstruction, color: "var(--ink-soft)" },
  { tag: tags.contentSeparator, color: "var(--ink-soft)" },
]);

/** The editor in the words of the app's design. */
export const editorTheme = [look, syntaxHighlighting(words)];
