import { commonEnd, commonStart, difference } from "../ot/difference.ts";
import { type Operation, replacement } from "../ot/operation.ts";
import { pieces } from "../ot/split.ts";
import { limits } from "../protocol/limits.ts";

// The operations that turn one text into another, to be applied one after the other, each as large as a client's may be.
// None at all if the texts are equal.

const { insertUnits, operationParts: parts } = limits;

/** What both have at their ends stays untouched, so that an edit there by somebody else keeps its place; the middle is replaced. */
export function contentChange(before: string, after: string): Operation[] {
  const start = commonStart(before, after);
  const end = commonEnd(before.slice(start), after.slice(start));
  const inserted = after.slice(start, after.length - end);
  return pieces(replacement(start, before.length - end - start, inserted), { insertUnits, parts });
}

/** What both have stays where it is, word by word. */
export function leastChange(before: string, after: string): Operation[] {
  return pieces(difference(before, after), { insertUnits, parts });
}
