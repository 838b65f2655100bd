import type { Operation } from "../../src/ot/operation.ts";
import { parseOperation } from "../../src/ot/parse.ts";
import { Text } from "../../src/ot/text.ts";

/** An operation from its parts, as the wire has them; throws if they are not in normal form. */
export function op(...parts: (number | string)[]): Operation {
  const parsed = parseOperation(parts, { insertUnits: 1_000_000, parts: 10_000 });
  if (!parsed.ok) throw new Error(`${JSON.stringify(parts)}: ${parsed.detail}`);
  return parsed.operation;
}

/** The text after the operations, one after the other. */
export function apply(text: string, ...operations: Operation[]): string {
  const result = Text.from(text);
  for (const operation of operations) result.apply(operation);
  return result.toString();
}
