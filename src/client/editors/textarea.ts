import { difference } from "../../ot/difference.ts";
import type { Operation } from "../../ot/operation.ts";
import { mapSelection } from "../../ot/selection.ts";
import { transform } from "../../ot/transform.ts";
import type { DocumentSession } from "../document-session.ts";

/**
 * Makes a textarea one of those who edit a document; the session has to be `ready()`. What others do leaves the caret in
 * its place, and Ctrl-Z takes back own edits alone. Returns what unbinds it.
 *
 * (A textarea says `\n` for every line break, so a document that holds `\r` is shown by it with other units: such a one stays
 * read-only here.)
 */
export function bindTextarea(session: DocumentSession, field: HTMLTextAreaElement): () => void {
  let isComposing = false;
  const canHold = () => !session.text.includes("\r");

  /** What the person sees, after what the session brought. */
  const show = (operation?: Operation) => {
    // An input method has not finished: what it replaces must stay.
    if (isComposing) return;
    missed = [];
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = field;
    const isBackward = selectionDirection === "backward";
    const before = isBackward
      ? ([selectionEnd, selectionStart] as const)
      : ([selectionStart, selectionEnd] as const);
    if (field.value !== session.text) field.value = session.text;
    const [anchor, head] = operation ? mapSelection(before, operation, "other") : before;
    field.setSelectionRange(
      Math.min(anchor, head),
      Math.max(anchor, head),
      isBackward ? "backward" : "forward",
    );
    field.scrollTop = scrollTop;
  };

  /** What the person did: found by comparing, as a textarea does not say it. */
  const take = () => {
    if (isComposing || field.value === session.text) return;
    if (session.isReadOnly || !canHold()) {
      show();
      return;
    }
    const value = field.value.toWellFormed();
    session.edit(difference(session.text, value));
    if (value !== field.value) show();
    else tell();
  };

  const tell = () => {
    const { selectionStart: start, selectionEnd: end } = field;
    const isHere = field.ownerDocument.activeElement === field;
    session.setPresence(
      isHere ? [field.selectionDirection === "backward" ? [end, start] : [start, end]] : [],
    );
  };

  /** Undo and redo are the session's; the field's own know nothing of what others did. */
  const undoing = (event: InputEvent | KeyboardEvent) => {
    const wanted = "inputType" in event ? /^history(Undo|Redo)$/.exec(event.inputType)?.[1] : undoKey(event);
    if (!wanted) return;
    event.preventDefault();
    if (session.isReadOnly) return;
    const operation = wanted === "Undo" ? session.undo() : session.redo();
    if (operation) show(operation);
  };

  /** What others did while an input method was at work, which began on `shown`. */
  let missed: Operation[] = [];
  let shown = session.text;
  const composing = ({ type }: Event) => {
    isComposing = type === "compositionstart";
    if (isComposing) {
      shown = session.text;
      missed = [];
      return;
    }
    const composed = difference(shown, field.value.toWellFormed());
    const moved = missed.reduce((operation, other) => transform(operation, other, "later"), composed);
    if (moved.length > 0 && !session.isReadOnly && canHold()) session.edit(moved);
    show();
  };

  const ends = [
    session.on("change", ({ operation, remote }) => {
      if (!remote) return;
      missed.push(operation);
      show(operation);
    }),
    session.on("reset", () => {
      isComposing = false;
      show();
    }),
    session.on("role", () => {
      field.readOnly = session.isReadOnly || !canHold();
    }),
  ];
  const document = field.ownerDocument;
  const listeners: [EventTarget, string, (event: never) => void][] = [
    [field, "input", take],
    [field, "beforeinput", undoing],
    [field, "keydown", undoing],
    [field, "compositionstart", composing],
    [field, "compositionend", composing],
    [field, "focus", tell],
    [field, "blur", tell],
    [document, "selectionchange", () => document.activeElement === field && tell()],
  ];
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener as EventListener);
  field.readOnly = session.isReadOnly || !canHold();
  show();
  return () => {
    for (const end of ends) end();
    for (const [target, type, listener] of listeners)
      target.removeEventListener(type, listener as EventListener);
    session.setPresence(null);
  };
}

function undoKey({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): "Undo" | "Redo" | undefined {
  if (!(ctrlKey || metaKey) || altKey) return undefined;
  if (key.toLowerCase() === "z") return shiftKey ? "Redo" : "Undo";
  return key.toLowerCase() === "y" ? "Redo" : undefined;
}
