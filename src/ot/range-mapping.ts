import type { Operation } from "./operation.ts";

/** Part of a range, and where it lies on the other side of an operation. */
export interface Piece {
  /** From the beginning of the range. */
  readonly offset: number;
  readonly units: number;
  /** Undefined: it is not there. */
  readonly at: number | undefined;
}

/** Where a range of the text after `operation` came from; what the operation inserted came from nowhere. */
export const origins = (position: number, length: number, operation: Operation): Generator<Piece> =>
  across(position, length, operation, "after");

/** Where a range of the text before `operation` goes; what the operation deletes goes nowhere. */
export const destinations = (position: number, length: number, operation: Operation): Generator<Piece> =>
  across(position, length, operation, "before");

/** The pieces of a range of the text on one side of the operation, in order; together they are the range. */
function* across(
  position: number,
  length: number,
  operation: Operation,
  side: "before" | "after",
): Generator<Piece> {
  const end = position + length;
  let here = 0;
  let there = 0;
  const piece = (until: number, isKept: boolean): Piece | undefined => {
    const from = Math.max(position, here);
    const units = Math.min(end, until) - from;
    return units > 0
      ? { offset: from - position, units, at: isKept ? there + from - here : undefined }
      : undefined;
  };
  for (const part of operation) {
    if (here >= end) return;
    const units = typeof part === "string" ? part.length : Math.abs(part);
    const isKept = typeof part === "number" && part > 0;
    const isHere = isKept || (typeof part === "string") === (side === "after");
    if (isHere) {
      const found = piece(here + units, isKept);
      if (found) yield found;
      here += units;
    }
    if (isKept || !isHere) there += units;
  }
  const rest = piece(Infinity, true);
  if (rest) yield rest;
}
