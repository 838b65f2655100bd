import type { Operation } from "./operation.ts";

/**
 * Where `position` is after `operation`. `bias` decides at a place where the operation inserts: `"before"` stays in
 * front of the inserted text, `"after"` goes behind it. A position in deleted text goes to the place of the deletion,
 * behind what the same operation inserted there.
 *
 * Law: it is where transform puts an insert at `position`, accepted "earlier" (`"before"`) or "later" (`"after"`).
 */
export function mapPosition(position: number, operation: Operation, bias: "before" | "after"): number {
  let old = 0;
  let mapped = position;
  for (const part of operation) {
    if (typeof part === "string") {
      if (old > position || (old === position && bias === "before")) break;
      mapped += part.length;
    } else {
      // An insert at this place would have come before this part (normal form).
      if (old >= position) break;
      if (part < 0) mapped -= Math.min(-part, position - old);
      old += Math.abs(part);
    }
  }
  return mapped;
}
