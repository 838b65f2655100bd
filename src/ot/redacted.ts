import type { Operation } from "./operation.ts";

/** Stands in the history for each code unit that was redacted: one unit, no half of a pair, and nobody types it. */
export const redactedUnit = "\u2588";

/** Whether an accepted operation is this one, or was before some of its text was redacted. */
export function isOrWas(operation: Operation, accepted: Operation): boolean {
  return (
    operation.length === accepted.length &&
    operation.every((part, index) => isOrWasPart(part, accepted[index]!))
  );
}

function isOrWasPart(part: number | string, accepted: number | string): boolean {
  if (typeof part === "number" || typeof accepted === "number") return part === accepted;
  if (part.length !== accepted.length) return false;
  for (let index = 0; index < part.length; index++) {
    if (part[index] !== accepted[index] && accepted[index] !== redactedUnit) return false;
  }
  return true;
}
