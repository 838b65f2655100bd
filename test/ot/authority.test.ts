import { expect, it } from "vitest";
import { type Accepted, Authority, type Verdict } from "../../src/ot/authority.ts";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { op } from "../support/ot-notation.ts";

/** An authority whose history is a list that the test keeps; `accept` appends to it. */
function room(
  text: string,
  options: { horizon?: number; tail?: number; textUnits?: number; transformParts?: number } = {},
) {
  const log: Accepted[] = [];
  const reads: [number, number][] = [];
  const history = {
    horizon: options.horizon ?? 0,
    read(from: number, to: number) {
      reads.push([from, to]);
      return log.slice(from, to);
    },
    find(actor: number, seq: number): number | undefined {
      const index = log.findIndex((item) => item.actor === actor && item.seq === seq);
      return index >= this.horizon ? index + 1 : undefined;
    },
  };
  const authority = new Authority({
    version: 0,
    text: Text.from(text),
    lastByActor: new Map(),
    history,
    limits: {
      textUnits: options.textUnits ?? 1000,
      tailOperations: options.tail ?? 100,
      transformParts: options.transformParts ?? 1_000_000,
    },
  });
  const accept = (actor: number, seq: number, base: number, operation: Operation): Verdict => {
    const verdict = authority.accept({ actor, seq, base, operation });
    if (verdict.kind === "accepted") log.push({ actor, seq, operation: verdict.operation });
    return verdict;
  };
  return { authority, history, reads, log, accept };
}

it("RM-1: an accepted operation takes one version, also if nothing is left of it", () => {
  const { authority, accept } = room("abc");
  expect(accept(1, 1, 0, op(-3))).toEqual({ kind: "accepted", version: 1, operation: [-3] });
  expect(accept(2, 1, 0, op(1, -1))).toEqual({ kind: "accepted", version: 2, operation: [] });
  expect(accept(2, 2, 2, op())).toEqual({ kind: "accepted", version: 3, operation: [] });
  expect([authority.version, authority.text.toString()]).toEqual([3, ""]);
  expect(authority.lastOf(2)).toEqual({ seq: 2, version: 3 });
  expect([...authority.lastByActor]).toEqual([
    [1, { seq: 1, version: 1 }],
    [2, { seq: 2, version: 3 }],
  ]);
});

it("OT-3: of two inserts at one place the one accepted first stands first", () => {
  const { authority, accept } = room("");
  accept(1, 1, 0, op("first"));
  accept(2, 1, 0, op("second"));
  expect(authority.text.toString()).toBe("firstsecond");
});

it("RM-3: a repeat gets its first version again, however much was accepted since", () => {
  const { authority, accept } = room("");
  accept(1, 1, 0, op("a"));
  accept(2, 1, 0, op("b"));
  accept(1, 2, 2, op("c"));
  const state = [authority.version, authority.text.toString()];
  expect(accept(1, 2, 2, op("c"))).toEqual({ kind: "duplicate", version: 3 });
  expect(accept(1, 1, 0, op("a"))).toEqual({ kind: "duplicate", version: 1 });
  expect(accept(2, 1, 0, op("b"))).toEqual({ kind: "duplicate", version: 2 });
  expect([authority.version, authority.text.toString()]).toEqual(state);
});

it.each<[string, number, Operation]>([
  ["another text", 1, op(2, "x")],
  ["another place", 1, op(1, "c")],
  ["more parts", 1, op(2, "c", -1)],
  ["nothing", 1, op()],
  ["another base", 2, op(2, "c")],
  ["the base that it made itself", 3, op(2, "c")],
  ["a base that is not there yet", 99, op(2, "c")],
])(
  "RM-3: another operation under an accepted seq is no repeat, and changes nothing: %s",
  (_, base, operation) => {
    for (const tail of [0, 100]) {
      const { authority, accept } = room("ab", { tail });
      accept(1, 1, 0, op("-"));
      accept(2, 1, 0, op(1, "y"));
      expect(accept(1, 2, 1, op(2, "c"))).toEqual({ kind: "accepted", version: 3, operation: [3, "c"] });
      const state = [authority.version, authority.text.toString(), authority.lastOf(1)];
      expect(accept(1, 2, base, operation)).toMatchObject({ kind: "invalid", code: "seq_reused" });
      expect([authority.version, authority.text.toString(), authority.lastOf(1)]).toEqual(state);
      expect(accept(1, 2, 1, op(2, "c"))).toEqual({ kind: "duplicate", version: 3 });
      expect(accept(1, 3, 3, op("d"))).toMatchObject({ kind: "accepted", version: 4 });
    }
  },
);

it("RM-3: what cannot be compared any more counts as a repeat", () => {
  const { history, accept } = room("");
  accept(1, 1, 0, op("a"));
  accept(2, 1, 1, op("b"));
  accept(2, 2, 2, op("c"));
  history.horizon = 1;
  expect(accept(2, 1, 0, op("other"))).toEqual({ kind: "duplicate", version: 2 });
  expect(accept(2, 1, 1, op("other"))).toMatchObject({ code: "seq_reused" });
});

it("OT-2: an operation is moved to the newest version step by step, as a submission is; not from beyond the horizon", () => {
  const { authority, history, accept } = room("one two", { tail: 0 });
  accept(1, 1, 0, op(3, "!"));
  accept(2, 1, 1, op(-2));
  expect(authority.rebase(op(4, "2", -3), 0)).toEqual([3, "2", -3]);
  expect(authority.rebase(op(3, "?"), 0)).toEqual([2, "?"]);
  expect(authority.rebase(op("x"), 2)).toEqual(["x"]);
  expect(authority.version).toBe(2);
  history.horizon = 1;
  expect(authority.rebase(op("x"), 0)).toBeUndefined();
  expect(room("", { transformParts: 0 }).authority.rebase(op("x"), 0)).toEqual(["x"]);
});

it("RM-6: a submission costs bounded work, however far back it is and however many parts it has", () => {
  const transformParts = 1_000;
  let walked = 0;
  const base = op("x");
  const authority = new Authority({
    version: 10_000,
    text: Text.from("x".repeat(10_000)),
    lastByActor: new Map([[1, { seq: 5, version: 10_000 }]]),
    history: {
      horizon: 0,
      *read(from, to) {
        for (let version = from; version < to; version++) {
          walked += 1;
          yield { actor: 9, seq: version + 1, operation: base };
        }
      },
      find: () => 10_000,
    },
    limits: { textUnits: 100_000, tailOperations: 10, transformParts },
  });
  const wide = op(...Array.from({ length: 200 }, (_, part) => (part % 2 === 0 ? 1 : "y")));
  const cost = (submission: { seq?: number; base: number; operation: Operation }) => {
    walked = 0;
    const verdict = authority.accept({ actor: 2, seq: 1, ...submission });
    return { kind: verdict.kind, walked };
  };
  // A keystroke walks over its own part and the other's; the first retain makes it two.
  expect(cost({ base: 0, operation: op("y") })).toEqual({ kind: "too_old", walked: 334 });
  expect(cost({ base: 0, operation: wide })).toEqual({ kind: "too_old", walked: 5 });
  walked = 0;
  expect(authority.accept({ actor: 1, seq: 5, base: 0, operation: op("y") }).kind).toBe("duplicate");
  expect(walked).toBeLessThan(340);
  expect(authority.version).toBe(10_000);
  expect(cost({ base: 9_997, operation: wide })).toMatchObject({ kind: "accepted", walked: 3 });
});

it("RM-3: an older repeat is found in the history, and is too old once that has dropped it", () => {
  const { history, accept } = room("", { tail: 1 });
  for (let seq = 1; seq <= 6; seq++) accept(1, seq, seq - 1, op("a"));
  expect(accept(1, 2, 1, op("a"))).toEqual({ kind: "duplicate", version: 2 });
  history.horizon = 3;
  expect(accept(1, 2, 1, op("a"))).toEqual({ kind: "too_old", horizon: 3 });
  expect(accept(1, 4, 3, op("a"))).toEqual({ kind: "duplicate", version: 4 });
});

it("RM-5: what memory still holds beyond the horizon does not count", () => {
  const { authority, history, accept } = room("");
  for (let seq = 1; seq <= 4; seq++) accept(1, seq, seq - 1, op("a"));
  history.horizon = 3;
  expect(accept(1, 2, 1, op("a"))).toEqual({ kind: "too_old", horizon: 3 });
  expect(accept(2, 1, 2, op("b"))).toEqual({ kind: "too_old", horizon: 3 });
  expect(() => authority.since(2)).toThrow(RangeError);
  expect(accept(2, 1, 3, op("b"))).toMatchObject({ kind: "accepted", version: 5 });
});

it.each<[string, number, number, number, Operation, string]>([
  ["base_ahead", 1, 2, 3, op("x"), "a base that is not there yet"],
  ["seq_gap", 1, 3, 2, op("x"), "a seq left out"],
  ["seq_gap", 9, 2, 2, op("x"), "a newcomer that begins with 2"],
  ["out_of_range", 1, 2, 2, op(5, "x"), "an insert past the end"],
  ["out_of_range", 1, 2, 0, op(5, "x"), "an insert past the end of its base"],
  ["out_of_range", 1, 2, 2, op(-5), "a delete past the end"],
  ["splits_surrogate", 1, 2, 2, op(3, "x"), "an insert inside a pair"],
  ["splits_surrogate", 1, 2, 0, op(1, "x"), "an insert inside a pair of its base"],
  ["document_too_large", 1, 2, 2, op("1234567"), "more than the document may have"],
])("RM-6: %s changes nothing, and the seq is still to come", (code, actor, seq, base, operation) => {
  const { authority, accept } = room("😀", { textUnits: 10 });
  accept(1, 1, 0, op("a"));
  accept(2, 1, 1, op("b"));
  expect(accept(actor, seq, base, operation)).toMatchObject({ kind: "invalid", code });
  expect([authority.version, authority.text.toString(), authority.lastOf(1)]).toEqual([
    2,
    "ba😀",
    { seq: 1, version: 1 },
  ]);
  expect(accept(1, 2, 2, op("c"))).toMatchObject({ kind: "accepted", version: 3 });
});

it("a document that is too large may still become smaller", () => {
  const { accept } = room("abcdef", { textUnits: 3 });
  expect(accept(1, 1, 0, op("x"))).toMatchObject({ code: "document_too_large" });
  expect(accept(1, 1, 0, op("x", -1))).toMatchObject({ kind: "accepted" });
  expect(accept(1, 2, 1, op(-3))).toMatchObject({ kind: "accepted" });
  expect(accept(1, 3, 2, op("x"))).toMatchObject({ code: "document_too_large" });
});

it("an operation inside text that is already gone does no harm, even where it split a pair of it", () => {
  const { authority, accept } = room("a😀");
  accept(1, 1, 0, op(1, -2));
  expect(accept(2, 1, 0, op(2, -1))).toEqual({ kind: "accepted", version: 2, operation: [] });
  expect(authority.text.toString()).toBe("a");
});

it("keeps the newest operations in memory and reads older ones from the history", () => {
  const { authority, reads, log, accept } = room("", { tail: 2 });
  for (let seq = 1; seq <= 9; seq++) accept(1, seq, seq - 1, op("a"));
  expect(reads).toEqual([]);
  expect(authority.since(7)).toEqual(log.slice(7));
  expect(reads).toEqual([]);
  expect(authority.since(0)).toEqual(log);
  expect(reads).toEqual([[0, expect.any(Number)]]);
  expect(authority.since(9)).toEqual([]);
  expect(accept(2, 1, 0, op("b"))).toEqual({ kind: "accepted", version: 10, operation: [9, "b"] });
});

it.each([-1, 2, Number.NaN])("since(%d) is no version of a document at version 1", (version) => {
  const { authority, accept } = room("");
  accept(1, 1, 0, op("a"));
  expect(() => authority.since(version)).toThrow(RangeError);
});
