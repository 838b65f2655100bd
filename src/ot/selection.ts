import type { Operation } from "./operation.ts";
import { mapPosition } from "./position.ts";

/** What somebody has selected: `anchor` is where it began, `head` is where the caret is. UTF-16 code units. */
export type Selection = readonly [anchor: number, head: number];

/**
 * Where a selection is after `operation` (law PR-2). What its owner inserts carries it along; what another inserts at its edge
 * stays outside: behind a caret, and out of a range at either end.
 */
export function mapSelection(
  [anchor, head]: Selection,
  operation: Operation,
  by: "owner" | "other",
): Selection {
  const start = Math.min(anchor, head);
  const end = Math.max(anchor, head);
  const from = mapPosition(start, operation, by === "owner" || start < end ? "after" : "before");
  if (start === end) return [from, from];
  // A range whose text was deleted has become a caret, behind what replaced it.
  const to = Math.max(from, mapPosition(end, operation, by === "owner" ? "after" : "before"));
  return anchor < head ? [from, to] : [to, from];
}
