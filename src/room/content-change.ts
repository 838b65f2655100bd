import { difference } from "../ot/difference.ts";
import { lengthChange, type Operation, replacement } from "../ot/operation.ts";
import { split } from "../ot/split.ts";
import { limits } from "../protocol/limits.ts";

const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/** Whether a cut of `text` at `position` would split a surrogate pair (`text` is well-formed). */
const splitsPair = (text: string, position: number): boolean =>
  position > 0 && position < text.length && isLowSurrogate(text.charCodeAt(position));

/**
 * The operations that turn `before` into `after`, to be applied one after the other: what both have at their ends
 * stays untouched, so that an edit there by somebody else keeps its place; the middle is replaced. None inserts more
 * than `insertUnits`. No operation at all if the texts are equal.
 */
export function contentChange(before: string, after: string, insertUnits: number): Operation[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  if (splitsPair(before, start) || splitsPair(after, start)) start -= 1;
  let kept = 0;
  while (
    kept < shorter - start &&
    before.charCodeAt(before.length - 1 - kept) === after.charCodeAt(after.length - 1 - kept)
  ) {
    kept += 1;
  }
  if (splitsPair(before, before.length - kept) || splitsPair(after, after.length - kept)) kept -= 1;

  const deleted = before.length - kept - start;
  const inserted = after.slice(start, after.length - kept);
  if (deleted === 0 && inserted === "") return [];

  const operations: Operation[] = [];
  let position = start;
  for (let from = 0; from === 0 || from < inserted.length; ) {
    let to = Math.min(from + insertUnits, inserted.length);
    if (splitsPair(inserted, to)) to -= 1;
    operations.push(replacement(position, from === 0 ? deleted : 0, inserted.slice(from, to)));
    position += to - from;
    if (to === from) break;
    from = to;
  }
  return operations;
}

/**
 * The operations that turn `before` into `after` and leave what both have where it is, word by word; each as large as a client's may be.
 * Where the text would grow too long on the way, `contentChange`, which deletes first.
 */
export function leastChange(before: string, after: string): Operation[] {
  const operations: Operation[] = [];
  let units = before.length;
  for (let rest = difference(before, after); rest.length > 0; ) {
    const cut = split(rest, { insertUnits: limits.insertUnits, parts: limits.operationParts });
    units += lengthChange(cut.first);
    if (units > limits.textUnits) return contentChange(before, after, limits.insertUnits);
    operations.push(cut.first);
    rest = cut.rest;
  }
  return operations;
}
