import { finish, type Operation, type Parts } from "./operation.ts";

/** Bounds of one operation: UTF-16 code units that it may insert, and its parts. */
export interface OperationLimits {
  readonly insertUnits: number;
  readonly parts: number;
}

export type ParsedOperation =
  | { ok: true; operation: Operation }
  | { ok: false; code: "invalid_operation" | "operation_too_large"; detail: string };

/**
 * The one door for operations from outside (OT-5): an array of safe integers other than zero and of well-formed
 * strings, in exact normal form, within the limits. Never throws, whatever `value` is; `detail` repeats nothing of it.
 */
export function parseOperation(value: unknown, limits: OperationLimits): ParsedOperation {
  try {
    return Array.isArray(value) ? parseParts(value, limits) : invalid("An operation is a list of parts.");
  } catch {
    // Only an accessor or a proxy can throw here; JSON has neither.
    return invalid("The operation cannot be read.");
  }
}

function parseParts(value: readonly unknown[], limits: OperationLimits): ParsedOperation {
  const count = value.length;
  if (count > limits.parts) return tooLarge(`An operation has at most ${limits.parts} parts.`);
  const parts: Parts = [];
  let inserted = 0;
  // Code units that the text must have.
  let reached = 0;
  let previous: "retain" | "insert" | "delete" | undefined;
  for (let index = 0; index < count; index++) {
    const part = value[index];
    if (typeof part === "string") {
      if (part === "") return invalid(`Part ${index} inserts nothing.`);
      if (previous === "insert") return invalid(`Part ${index} is a second insert at one place.`);
      if (previous === "delete")
        return invalid(`Part ${index} is an insert behind the delete that it touches.`);
      inserted += part.length;
      if (inserted > limits.insertUnits) {
        return tooLarge(`An operation inserts at most ${limits.insertUnits} code units.`);
      }
      if (!part.isWellFormed()) return invalid(`Part ${index} holds half a surrogate pair.`);
      previous = "insert";
      parts.push(part);
    } else if (typeof part === "number" && Number.isSafeInteger(part) && part !== 0) {
      const kind = part > 0 ? "retain" : "delete";
      if (previous === kind) return invalid(`Part ${index} is a second ${kind} in a row.`);
      reached += Math.abs(part);
      previous = kind;
      parts.push(part);
    } else {
      return invalid(`Part ${index} is neither a text nor a whole number other than zero.`);
    }
  }
  if (previous === "retain") return invalid("The last part is a retain.");
  if (reached + inserted > Number.MAX_SAFE_INTEGER) return invalid("The operation reaches past any text.");
  return { ok: true, operation: finish(parts) };
}

function invalid(detail: string): ParsedOperation {
  return { ok: false, code: "invalid_operation", detail };
}

function tooLarge(detail: string): ParsedOperation {
  return { ok: false, code: "operation_too_large", detail };
}
