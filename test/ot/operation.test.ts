import { expect, it } from "vitest";
import {
  compose,
  deletion,
  insertedUnits,
  insertion,
  invert,
  lengthChange,
  OperationBuilder,
  replacement,
} from "../../src/ot/operation.ts";
import { op } from "../support/ot-notation.ts";

/** Calls of the builder in short: `=2` retains, `+ab` inserts, `-3` deletes. */
function build(calls: string): (number | string)[] {
  const builder = new OperationBuilder();
  for (const call of calls.split(" ")) {
    const rest = call.slice(1);
    if (call.startsWith("=")) builder.retain(Number(rest));
    else if (call.startsWith("+")) builder.insert(rest);
    else if (call.startsWith("-")) builder.delete(Number(rest));
  }
  return [...builder.build()];
}

it.each<[string, (number | string)[]]>([
  ["", []],
  ["=5", []],
  ["=0 + -0", []],
  ["+a", ["a"]],
  ["=1 =2 +a +b =0 -1 -2", [3, "ab", -3]],
  ["+a =0 +b", ["ab"]],
  ["-1 +a", ["a", -1]],
  ["-1 +a -1 +b", ["ab", -2]],
  ["+a -1 +b", ["ab", -1]],
  ["=1 -1 =1 -1", [1, -1, 1, -1]],
  ["-1 +a =1 +b -1", ["a", -1, 1, "b", -1]],
  ["+a =3 =4", ["a"]],
  ["-2 =3", [-2]],
])("the builder makes normal form of %j", (calls, parts) => {
  expect(build(calls)).toEqual(parts);
});

it("the builder is empty after build", () => {
  const builder = new OperationBuilder().insert("a");
  const first = builder.build();
  expect(builder.delete(1).build()).toEqual([-1]);
  expect(first).toEqual(["a"]);
});

it.each<[string, () => unknown]>([
  ["a negative retain", () => new OperationBuilder().retain(-1)],
  ["half a unit", () => new OperationBuilder().delete(0.5)],
  ["NaN", () => insertion(Number.NaN, "a")],
  ["an unsafe integer", () => deletion(2 ** 53, 1)],
  ["infinity", () => deletion(0, Infinity)],
  ["a high surrogate alone", () => insertion(0, "a\ud83d")],
  ["a low surrogate alone", () => replacement(0, 1, "\ude00a")],
])("OT-4, OT-5: the builder refuses %s", (_, make) => {
  expect(make).toThrow(RangeError);
});

it("insertion, deletion and replacement are in normal form", () => {
  expect(insertion(0, "a")).toEqual(["a"]);
  expect(insertion(2, "a")).toEqual([2, "a"]);
  expect(insertion(2, "")).toEqual([]);
  expect(deletion(0, 3)).toEqual([-3]);
  expect(deletion(2, 0)).toEqual([]);
  expect(replacement(2, 3, "a")).toEqual([2, "a", -3]);
  expect(replacement(2, 0, "a")).toEqual([2, "a"]);
});

it.each([
  [op(), op(), op()],
  [op("a"), op(), op("a")],
  [op(), op(-1), op(-1)],
  [op(3, "a"), op(4, "b"), op(3, "ab")],
  [op(3, "abc"), op(4, -1), op(3, "ac")],
  [op("ab"), op(-2), op()],
  [op("ab"), op(1, "X"), op("aXb")],
  [op(-2), op("a"), op("a", -2)],
  [op(2, -1), op(-2), op(-3)],
  [op(1, "ab", 1, -1), op(-2, 2, "c"), op("b", -1, 1, "c", -1)],
  [op(5, "a"), op("b"), op("b", 5, "a")],
  [op("a"), op(9, "b"), op("a", 8, "b")],
  [op("😀"), op(-2, 1, "x"), op(1, "x")],
])("compose: %j then %j is %j", (first, second, both) => {
  expect(compose(first, second)).toEqual(both);
});

it.each([
  [op(), "abc", op()],
  [op("x"), "abc", op(-1)],
  [op(1, -2), "abc", op(1, "bc")],
  [op(1, "xy", -1, 1, "z"), "abc", op(1, "b", -2, 1, -1)],
])("invert: %j on %j is taken back by %j", (operation, text, back) => {
  expect(invert(operation, text)).toEqual(back);
});

it.each([[op(4, "a")], [op(-4)], [op(1, -3)]])("invert: %j reaches past the text", (operation) => {
  expect(() => invert(operation, "abc")).toThrow(RangeError);
});

it("counts what an operation does", () => {
  const operation = op(1, "abc", -5, 2, "😀");
  expect([insertedUnits(operation), lengthChange(operation)]).toEqual([5, 0]);
});
