import { expect } from "vitest";
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

/** Fails unless both are one value, and shows what they were found `of`. For random tests: an `expect` per round would be most of their time. */
export function same(actual: unknown, expected: unknown, ...of: unknown[]): void {
  if (actual === expected) return;
  const shown = [JSON.stringify(actual), JSON.stringify(expected)];
  if (shown[0] !== shown[1]) expect.unreachable(`${shown[0]} is not ${shown[1]}, of ${JSON.stringify(of)}`);
}
