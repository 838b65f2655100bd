import { defaultKeymap } from "@codemirror/commands";
import { markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { collaboration } from "../../client/editors/codemirror.ts";
import type { DocumentSession } from "../../client/index.ts";
import { editorTheme } from "./editor-theme.ts";

/** The text, to be written in. `session` is ready. */
export function Editor({ session, readOnly }: { session: DocumentSession; readOnly: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = host;
    if (!current) return;
    // In a shadow root CodeMirror's styles are adopted style sheets, where else they would be inline ones, which the
    // content security policy refuses.
    const root = current.shadowRoot ?? current.attachShadow({ mode: "open" });
    const view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: session.text,
        extensions: [
          collaboration(session),
          keymap.of([...markdownKeymap, ...defaultKeymap, ...searchKeymap]),
          // The language alone: with `markdown()` come HTML, CSS and JavaScript for code blocks, another 100 kB.
          markdownLanguage,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            "aria-label": "Text of the document",
            // Also where it is only read: else nobody scrolls it with the keyboard.
            tabindex: "0",
            spellcheck: "true",
            autocapitalize: "sentences",
          }),
          placeholder(readOnly ? "There is no text yet." : "Write here. Markdown is understood."),
          EditorView.editable.of(!readOnly),
          editorTheme,
        ],
      }),
    });
    if (!readOnly) view.focus();
    return () => view.destroy();
  }, [session, readOnly]);
  return <div className="editor" ref={host} />;
}
