import { expect, it } from "vitest";
import { parseOperation } from "../../src/ot/parse.ts";

const limits = { insertUnits: 10, parts: 5 };

it.each<[(number | string)[]]>([
  [[]],
  [["a"]],
  [[-1]],
  [[1, "a"]],
  [["a", -1]],
  [[1, "a", -2, 3, "b"]],
  [[1, -1, 1, "a", -1]],
  [["😀"]],
  [["\u0000\ufffe\ud7ff\ue000"]],
  [["0123456789"]],
  [[Number.MAX_SAFE_INTEGER - 1, "a"]],
  [[-Number.MAX_SAFE_INTEGER]],
])("OT-5: %j is an operation, and stays as it is", (value) => {
  expect(parseOperation(value, limits)).toEqual({ ok: true, operation: value });
});

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a number", 3],
  ["a string", "abc"],
  ["true", true],
  ["an object", {}],
  ["an object like a list", { length: 1, 0: "a" }],
  ["a function", () => []],
  ["a symbol", Symbol("a")],
  ["a bigint", 1n],
  ["a typed array", new Uint8Array([1])],
  ["a set", new Set(["a"])],
  ["zero", [0, "a"]],
  ["minus zero", [-0, "a"]],
  ["half a unit", [1.5, "a"]],
  ["NaN", [Number.NaN, "a"]],
  ["infinity", [Infinity, "a"]],
  ["minus infinity", [-Infinity]],
  ["an unsafe integer", [2 ** 53, "a"]],
  ["an unsafe delete", [-(2 ** 53)]],
  ["what overflows as the number it is written as", JSON.parse("[1e400]")],
  ["parts that add up past safe integers", [Number.MAX_SAFE_INTEGER, -1]],
  ["an insert past safe integers", [Number.MAX_SAFE_INTEGER, "a"]],
  ["an empty insert", [""]],
  ["an empty insert between", [1, "", -1]],
  ["two inserts", ["a", "b"]],
  ["two retains", [1, 2, "a"]],
  ["two deletes", [-1, -1]],
  ["an insert behind a delete", [-1, "a"]],
  ["a retain at the end", ["a", 1]],
  ["nothing but a retain", [1]],
  ["null for a part", [null]],
  ["undefined for a part", [undefined]],
  ["a hole", Object.assign(new Array(2), { 1: "a" })],
  ["a list for a part", [["a"]]],
  ["an object for a part", [{ d: 1 }]],
  ["a string object", [new String("a")]],
  ["a number object", [new Number(1), "a"]],
  ["a bigint for a part", [1n, "a"]],
  ["a number as a string object's value", [{ valueOf: () => 1 }, "a"]],
  ["true for a part", [true]],
  ["a high surrogate alone", ["a\ud83d"]],
  ["a low surrogate alone", ["\ude00"]],
  ["a pair the wrong way round", ["\ude00\ud83d"]],
  ["a pair in two inserts", [1, "\ud83d", 1, "\ude00"]],
  [
    "a list that throws when read",
    Object.defineProperty(["a"], 0, {
      get() {
        throw new Error("hostile");
      },
    }),
  ],
  ["a revoked proxy", revoked()],
])("OT-5: %s is refused as invalid", (_, value) => {
  expect(parseOperation(value, limits)).toEqual({
    ok: false,
    code: "invalid_operation",
    detail: expect.stringMatching(/^[A-Z].*\.$/),
  });
});

it.each<[string, unknown]>([
  ["more parts than the limit", [1, -1, 1, -1, 1, -1]],
  ["a very long list", new Array(2 ** 32 - 1)],
  ["an insert over the limit", ["0123456789a"]],
  ["inserts over the limit together", ["01234", 1, "567890"]],
  ["an emoji that reaches over the limit", ["012345678😀"]],
])("OT-5: %s is refused as too large", (_, value) => {
  expect(parseOperation(value, limits)).toMatchObject({ ok: false, code: "operation_too_large" });
});

it("OT-5: what an accessor shows is read once", () => {
  let reads = 0;
  const value = Object.defineProperty(["a"], 0, { get: () => (reads++ === 0 ? "a" : "\ud83d") });
  const parsed = parseOperation(value, limits);
  expect(parsed).toEqual({ ok: true, operation: ["a"] });
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}
