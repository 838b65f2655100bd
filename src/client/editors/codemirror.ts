import {
  Annotation,
  type ChangeSet,
  type ChangeSpec,
  EditorState,
  type Extension,
  Prec,
  type Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import { type EditorView, keymap, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { type Operation, OperationBuilder } from "../../ot/operation.ts";
import type { DocumentSession } from "../document-session.ts";
import { remoteCursors } from "./codemirror-cursors.ts";

/** Marks what the session brought: it is in its text already. */
const fromSession = Annotation.define<true>();

/**
 * Makes a CodeMirror editor one of those who edit a document. The session has to be `ready()`, and the editor's document
 * its text: `EditorState.create({ doc: session.text, extensions: [collaboration(session)] })`. Undo and redo are the
 * session's, and take back own edits alone; leave out CodeMirror's `history()`.
 */
export function collaboration(session: DocumentSession): Extension {
  return [
    // Else a lone carriage return would count as a line break, and "\r\n" as one unit.
    EditorState.lineSeparator.of("\n"),
    EditorState.transactionFilter.of((transaction) => acceptable(session, transaction)),
    ViewPlugin.define((view) => new Binding(session, view)),
    Prec.high(
      keymap.of([
        { key: "Mod-z", run: (view) => again(session, view, "undo"), preventDefault: true },
        {
          key: "Mod-y",
          mac: "Mod-Shift-z",
          run: (view) => again(session, view, "redo"),
          preventDefault: true,
        },
        { linux: "Ctrl-Shift-z", run: (view) => again(session, view, "redo"), preventDefault: true },
      ]),
    ),
    remoteCursors(session),
  ];
}

/** Both ways between the editor's document and the session's text. */
class Binding {
  readonly #session: DocumentSession;
  readonly #view: EditorView;
  readonly #ends: (() => void)[];

  constructor(session: DocumentSession, view: EditorView) {
    this.#session = session;
    this.#view = view;
    this.#ends = [
      session.on("change", ({ operation, remote }) => {
        if (remote) take(view, operation);
      }),
      session.on("reset", ({ text }) => {
        const changes = { from: 0, to: view.state.doc.length, insert: text };
        view.dispatch({ changes, annotations: fromSession.of(true) });
      }),
    ];
    this.#show();
  }

  update(update: ViewUpdate): void {
    for (const transaction of update.transactions) {
      if (transaction.docChanged && !transaction.annotation(fromSession)) {
        this.#session.edit(operationOf(transaction.changes));
      }
    }
    if (update.docChanged || update.selectionSet || update.focusChanged) this.#show();
  }

  destroy(): void {
    for (const end of this.#ends) end();
    this.#session.setPresence(null);
  }

  #show(): void {
    const { ranges } = this.#view.state.selection;
    this.#session.setPresence(
      this.#view.hasFocus ? ranges.map(({ anchor, head }) => [anchor, head] as const) : [],
    );
  }
}

/** Undo or redo; nothing for who only reads, to whom the session would throw. */
function again(session: DocumentSession, view: EditorView, which: "undo" | "redo"): boolean {
  const operation = session.isReadOnly ? null : session[which]();
  if (operation) take(view, operation);
  return operation !== null;
}

/** Applies what the session has already. */
function take(view: EditorView, operation: Operation): void {
  view.dispatch({ changes: changesOf(operation), annotations: fromSession.of(true) });
}

/** What the session would refuse does not come into the editor: an edit of who only reads, half a character from a paste. */
function acceptable(session: DocumentSession, transaction: Transaction): Transaction | TransactionSpec | [] {
  if (!transaction.docChanged || transaction.annotation(fromSession)) return transaction;
  if (session.isReadOnly) return [];
  const changes: { from: number; to: number; insert: string }[] = [];
  let isWellFormed = true;
  transaction.changes.iterChanges((from, to, _fromNew, _toNew, inserted) => {
    const insert = inserted.sliceString(0, inserted.length, "\n");
    isWellFormed &&= insert.isWellFormed();
    changes.push({ from, to, insert: insert.toWellFormed() });
  });
  return isWellFormed ? transaction : { changes, userEvent: "input" };
}

/** A change of an editor as an operation on its document; both count in UTF-16 code units. */
export function operationOf(changes: ChangeSet): Operation {
  const operation = new OperationBuilder();
  let reached = 0;
  changes.iterChanges((from, to, _fromNew, _toNew, inserted) => {
    operation
      .retain(from - reached)
      .insert(inserted.sliceString(0, inserted.length, "\n"))
      .delete(to - from);
    reached = to;
  });
  return operation.build();
}

export function changesOf(operation: Operation): ChangeSpec[] {
  const changes: { from: number; to: number; insert: string }[] = [];
  let at = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      changes.push({ from: at, to: at, insert: part });
    } else if (part > 0) {
      at += part;
    } else {
      const last = changes.at(-1);
      if (last && last.to === at) last.to = at - part;
      else changes.push({ from: at, to: at - part, insert: "" });
      at -= part;
    }
  }
  return changes;
}
