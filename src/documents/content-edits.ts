import { type Operation, OperationBuilder } from "../ot/operation.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import type { ContentEdit } from "../protocol/rest/content.ts";

/** A span of the text, and what is put in its place. */
interface Splice {
  from: number;
  to: number;
  text: string;
}

/**
 * One operation that does all of the edits, each of which is of `content` as it is. Throws Problem `out_of_range`,
 * `overlapping_edits`, `expected_text_absent`, `expected_text_ambiguous` or `operation_too_large`, each naming the edit.
 */
export function operationOf(edits: readonly ContentEdit[], content: string): Operation {
  const splices = edits.flatMap((edit, index) => splicesOf(edit, content, index));
  // Of several at one place, those named first stand first.
  splices.sort((a, b) => a.from - b.from || a.to - b.to);
  const operation = new OperationBuilder();
  let reached = 0;
  for (const { from, to, text, index } of splices) {
    if (from < reached) throw refused("overlapping_edits", index, "is of a span that another edit touches");
    operation
      .retain(from - reached)
      .insert(text)
      .delete(to - from);
    reached = to;
  }
  return operation.build();
}

function splicesOf(edit: ContentEdit, content: string, index: number): (Splice & { index: number })[] {
  const { text } = edit;
  if (edit.type === "append") return [{ from: content.length, to: content.length, text, index }];
  if (edit.type === "replace") {
    return placesOf(edit, content, index).map((from) => {
      return { from, to: from + edit.expected_text.length, text, index };
    });
  }
  const { from, to, expected_text } = edit;
  if (from > to || to > content.length) {
    throw refused("out_of_range", index, `does not fit a text of ${content.length} UTF-16 units`);
  }
  if (expected_text !== undefined && content.slice(from, to) !== expected_text) {
    throw refused("expected_text_absent", index, "expects another text than stands there");
  }
  return [{ from, to, text, index }];
}

/** Where the expected text is. */
function placesOf(
  { expected_text, all }: Extract<ContentEdit, { type: "replace" }>,
  content: string,
  index: number,
): number[] {
  const places: number[] = [];
  const step = all ? expected_text.length : 1;
  for (let at = content.indexOf(expected_text); at >= 0; at = content.indexOf(expected_text, at + step)) {
    places.push(at);
    if (!all && places.length > 1) break;
    if (places.length > limits.editedPlaces) {
      throw refused("operation_too_large", index, `is of more than ${limits.editedPlaces} places`);
    }
  }
  if (places.length === 0) {
    throw refused("expected_text_absent", index, "expects a text that is not in the document");
  }
  if (!all && places.length > 1) {
    throw refused("expected_text_ambiguous", index, "expects a text that is there more than once");
  }
  return places;
}

function refused(
  code:
    | "expected_text_absent"
    | "expected_text_ambiguous"
    | "operation_too_large"
    | "out_of_range"
    | "overlapping_edits",
  index: number,
  what: string,
): Problem {
  const message = `edit ${index} ${what}`;
  return new Problem(code, `${message}.`, { errors: [{ path: ["edits", index], message, code }] });
}
