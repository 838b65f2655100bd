import { expect, it } from "vitest";
import { compose, type Operation } from "../../src/ot/operation.ts";
import { mapPosition } from "../../src/ot/position.ts";
import { transform } from "../../src/ot/transform.ts";
import { apply, op } from "../support/ot-notation.ts";

// Text, the operation accepted first, the one accepted second, the second rewritten over the first, the text of both.
it.each<[string, Operation, Operation, Operation, string]>([
  // Two inserts.
  ["abc", op(1, "X"), op(2, "YY"), op(3, "YY"), "aXbYYc"],
  ["abc", op(2, "X"), op(1, "YY"), op(1, "YY"), "aYYbXc"],
  ["abc", op(1, "X"), op(1, "YY"), op(2, "YY"), "aXYYbc"],
  ["", op("X"), op("Y"), op(1, "Y"), "XY"],
  ["abc", op(3, "X"), op(3, "Y"), op(4, "Y"), "abcXY"],
  // An insert and a delete.
  ["abcdef", op(1, -2), op("Y"), op("Y"), "Yadef"],
  ["abcdef", op(1, -2), op(1, "Y"), op(1, "Y"), "aYdef"],
  ["abcdef", op(1, -3), op(2, "Y"), op(1, "Y"), "aYef"],
  ["abcdef", op(1, -2), op(3, "Y"), op(1, "Y"), "aYdef"],
  ["abcdef", op(1, -2), op(5, "Y"), op(3, "Y"), "adeYf"],
  ["abcdef", op("X"), op(-2), op(1, -2), "Xcdef"],
  ["abcdef", op(2, "X"), op(1, -3), op(1, -1, 1, -2), "aXef"],
  ["abcdef", op(4, "X"), op(1, -3), op(1, -3), "aXef"],
  // Two deletes.
  ["abcdef", op(-2), op(3, -2), op(1, -2), "cf"],
  ["abcdef", op(3, -2), op(-2), op(-2), "cf"],
  ["abcdef", op(1, -3), op(2, -3), op(1, -1), "af"],
  ["abcdef", op(2, -3), op(1, -3), op(1, -1), "af"],
  ["abcdef", op(1, -4), op(2, -2), op(), "af"],
  ["abcdef", op(2, -2), op(1, -4), op(1, -2), "af"],
  ["abcdef", op(1, -2), op(3, -2), op(1, -2), "af"],
  ["abcdef", op(1, -2), op(1, -2), op(), "adef"],
  // Replacements, and nothing at all.
  ["abc", op("X", -3), op("Y", -3), op(1, "Y"), "XY"],
  ["abc", op(1, "X", -1), op(-1, 1, "Y", -1), op(-1, 1, "Y", -1), "XY"],
  ["abc", op(), op(1, "Y"), op(1, "Y"), "aYbc"],
  ["abc", op(1, "X"), op(), op(), "aXbc"],
  ["a😀b", op(1, -2), op(3, "Y"), op(1, "Y"), "aYb"],
])("OT-1, OT-3: on %j, after %j, %j is %j and both give %j", (text, first, second, rewritten, both) => {
  expect(transform(second, first, "later")).toEqual(rewritten);
  expect(apply(text, first, rewritten)).toBe(both);
  expect(apply(text, second, transform(first, second, "earlier"))).toBe(both);
});

it("transform gives back what it need not change", () => {
  const operation = op(1, "a");
  expect(transform(operation, op(5, -2), "later")).toBe(operation);
  expect(transform(operation, op(), "later")).toBe(operation);
});

it("OT-2: composing is not closed under transform, which is why history is never composed", () => {
  const mine = op("cc");
  const [insert, remove] = [op(1, "b"), op(-1)];
  const stepwise = transform(transform(mine, insert, "later"), remove, "later");
  const atOnce = transform(mine, compose(insert, remove), "later");
  expect(apply("a", insert, remove, stepwise)).toBe("ccb");
  expect(apply("a", insert, remove, atOnce)).toBe("bcc");
});

it.each<[number, Operation, number, number]>([
  [2, op("ab"), 4, 4],
  [2, op(2, "ab"), 2, 4],
  [2, op(3, "ab"), 2, 2],
  [2, op(-2), 0, 0],
  [2, op(1, -3), 1, 1],
  [2, op(2, -3), 2, 2],
  [3, op(1, "xy", -4), 3, 3],
  [1, op(1, "xy", -4), 1, 3],
  [5, op(1, "xy", -4), 3, 3],
  [6, op(1, "xy", -4), 4, 4],
  [9, op(), 9, 9],
])("mapPosition: %i over %j is %i, or %i behind an insert there", (position, operation, before, after) => {
  expect(mapPosition(position, operation, "before")).toBe(before);
  expect(mapPosition(position, operation, "after")).toBe(after);
});
