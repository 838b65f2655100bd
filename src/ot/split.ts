import { appendRetain, finish, type Operation, OperationBuilder, type Parts } from "./operation.ts";
import type { OperationLimits } from "./parse.ts";

/**
 * Cuts an operation that is larger than one may be: `first` is as much of it from the beginning as is within `limits` (three
 * parts and two inserted units at least), `rest` what remains, to be applied after it. `rest` may need cutting again, and is
 * `[]` where the operation is within the limits.
 *
 * Law: compose(first, rest) = operation.
 */
export function split(
  operation: Operation,
  { insertUnits, parts }: OperationLimits,
): { first: Operation; rest: Operation } {
  const first: Parts = [];
  // Within the text that `first` leaves.
  let position = 0;
  let inserted = 0;
  for (const [index, part] of operation.entries()) {
    const room = insertUnits - inserted;
    const isInsert = typeof part === "string";
    if (first.length < parts && !(isInsert && part.length > room)) {
      first.push(part);
      if (isInsert) inserted += part.length;
      if (isInsert || part > 0) position += isInsert ? part.length : part;
      continue;
    }
    const cut = isInsert && first.length < parts ? cutAt(part, room) : 0;
    if (isInsert && cut > 0) first.push(part.slice(0, cut));
    const rest: Parts = [];
    if (position + cut > 0) rest.push(position + cut);
    if (typeof part === "number" && part > 0) appendRetain(rest, part);
    else rest.push(isInsert ? part.slice(cut) : part);
    for (let next = index + 1; next < operation.length; next++) rest.push(operation[next]!);
    return { first: finish(first), rest: finish(rest) };
  }
  return { first: operation, rest: finish([]) };
}

/**
 * The operation as several, to be applied one after the other, each within `limits`: itself where it is, none where it
 * changes nothing. Else what is deleted goes first, so that the text is at no time longer than before and after all of them.
 *
 * Law: composed, they are the operation.
 */
export function pieces(operation: Operation, limits: OperationLimits): Operation[] {
  if (operation.length === 0) return [];
  if (split(operation, limits).rest.length === 0) return [operation];
  const deletions = new OperationBuilder();
  const insertions = new OperationBuilder();
  for (const part of operation) {
    if (typeof part === "string") {
      insertions.insert(part);
    } else if (part > 0) {
      deletions.retain(part);
      insertions.retain(part);
    } else {
      deletions.delete(-part);
    }
  }
  const cut: Operation[] = [];
  for (let rest of [deletions.build(), insertions.build()]) {
    while (rest.length > 0) {
      const { first, rest: behind } = split(rest, limits);
      cut.push(first);
      rest = behind;
    }
  }
  return cut;
}

/** As much of the text as `units` hold, without half a surrogate pair (OT-4). */
function cutAt(text: string, units: number): number {
  const last = text.charCodeAt(units - 1);
  return last >= 0xd800 && last <= 0xdbff ? units - 1 : units;
}
