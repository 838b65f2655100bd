import { expect, it } from "vitest";
import { difference } from "../../src/ot/difference.ts";
import { insertion, type Operation, replacement } from "../../src/ot/operation.ts";
import { Replica } from "../../src/ot/replica.ts";
import { apply, op } from "../support/ot-notation.ts";
import { fuzz, type Random, randomOperation, randomPoints } from "../support/ot-random.ts";

const seed = 20_261_124;

it.each<[string, string, Operation]>([
  ["", "", op()],
  ["", "ab", op("ab")],
  ["ab", "", op(-2)],
  ["a quick fox", "a slow fox", op(2, "slow", -5)],
  ["one\ntwo\nthree\n", "one\n2\nthree\n", op(4, "2", -3)],
  ["one\ntwo\nthree\n", "zero\none\nthree\nfour\n", op("zero\n", 4, -4, 6, "four\n")],
  ["reading", "reader", op(4, "er", -3)],
  ["a😀b", "a😁b", op(1, "😁", -2)],
])("difference: %j to %j", (before, after, expected) => {
  expect(difference(before, after)).toEqual(expected);
});

it("difference: applied to the one it gives the other, in normal form", () => {
  fuzz(4_000, seed, (random, alphabet) => {
    const before = randomPoints(random, alphabet, 40);
    let after: string[] = before;
    for (let edits = random.int(4); edits >= 0; edits--)
      after = randomOperation(random, alphabet, after).after;
    if (random.chance(0.2)) after = randomPoints(random, alphabet, 40);
    const operation = difference(before.join(""), after.join(""));
    expect(op(...operation)).toEqual(operation);
    if (apply(before.join(""), operation) !== after.join(""))
      expect.unreachable(JSON.stringify([before, after]));
  });
});

it("difference: in a long text, what was changed in one line is found in that line", () => {
  const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`);
  const before = lines.join("");
  lines[25_000] = "line the middle\n";
  const at = before.indexOf("25000");
  expect(difference(before, lines.join(""))).toEqual([at, "the middle", -5]);
});

it("difference: takes bounded time on texts that have nothing in common", () => {
  const lines = (word: string) => Array.from({ length: 100_000 }, (_, n) => `${word} ${n}\n`).join("");
  const started = performance.now();
  const operation = difference(lines("before"), lines("after"));
  // Half a second, or, line against line, 40 thousand million steps.
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(apply(lines("before"), operation)).toBe(lines("after"));
});

function replica(text: string): Replica {
  return new Replica({ version: 3, text });
}

it("OT-7: own edits that were not accepted stand in the merged text, and go out as one new submission", () => {
  const own = replica("one two three");
  own.edit(replacement(0, 3, "1"));
  own.edit(insertion(11, "!"));
  const { operation, rescued, next } = own.merge({ text: "one two and three", version: 90, lastSeq: 0 });
  expect(own.text.toString()).toBe("1 two and three!");
  expect(operation).toEqual([6, "and "]);
  expect(rescued).toEqual([]);
  expect(next).toEqual({ seq: 1, base: 90, operation: ["1", -3, 14, "!"] });
  own.undo();
  expect(own.text.toString()).toBe("one two and three");
});

it("OT-7: what was in flight and had been accepted is in the text already", () => {
  const own = replica("text");
  own.edit(insertion(4, " sent"));
  own.edit(insertion(9, " typed"));
  const { next } = own.merge({ text: "the text sent", version: 50, lastSeq: 1 });
  expect(own.text.toString()).toBe("the text sent typed");
  expect(next).toEqual({ seq: 2, base: 50, operation: [13, " typed"] });
});

it("OT-7: text inside what is gone is handed back", () => {
  const own = replica("keep. a sentence that is deleted. keep");
  own.edit(insertion(15, "MINE "));
  const { rescued, next } = own.merge({ text: "keep. keep", version: 9, lastSeq: 0 });
  expect(rescued).toEqual([{ text: "MINE ", near: expect.any(Number) }]);
  expect(own.text.toString()).toBe("keep. keep");
  expect(next).toBeNull();
  expect(own.state.kind).toBe("synchronized");
});

it("OT-7: a version that goes back, after a restore, is taken like any other", () => {
  const own = replica("new text");
  own.edit(insertion(8, "!"));
  own.acknowledge(1, 4);
  own.edit(insertion(9, "?"));
  const { next } = own.merge({ text: "text", version: 1, lastSeq: 0 });
  expect([own.text.toString(), own.version]).toEqual(["text?", 1]);
  expect(next).toEqual({ seq: 1, base: 1, operation: [4, "?"] });
});

/** Changes a text as others may have done, by single characters that are not the writer's. */
function changedByOthers(random: Random, text: string): string {
  let changed = text;
  for (let edits = random.int(5); edits > 0; edits--) {
    const from = random.int(changed.length + 1);
    const inserted = "xyz \n".slice(random.int(5));
    changed = apply(changed, replacement(from, Math.min(random.int(12), changed.length - from), inserted));
  }
  return changed;
}

it("OT-7: every character typed and not acknowledged is in the merged text or rescued, exactly once", () => {
  let rescuedUnits = 0;
  fuzz(2_000, seed + 1, (random) => {
    const base = "some words. other words\nand a line\n".slice(random.int(20));
    const own = replica(base);
    let last = 0x4e00;
    let server = base;
    for (let edits = 1 + random.int(6); edits > 0; edits--) {
      const { length } = own.text;
      const from = random.int(length + 1);
      const inserted = Array.from({ length: random.int(4) }, () => String.fromCharCode(last++)).join("");
      const kind = random.int(5);
      if (kind === 0) own.undo();
      else own.edit(replacement(from, Math.min(random.int(5), length - from), inserted));
      if (random.chance(0.5)) own.closeUndoGroup();
    }
    const { state } = own;
    if (state.kind === "synchronized") return;
    const wasAccepted = random.chance(0.3);
    if (wasAccepted) server = apply(server, state.operation);
    const accepted = new Set(wasAccepted ? server : "");
    const before = own.text.toString();
    const text = changedByOthers(random, server);
    const merge = own.merge({ text, version: 60, lastSeq: wasAccepted ? 1 : 0 });
    const merged = own.text.toString();
    if (apply(before, merge.operation) !== merged) expect.unreachable("tells another change than it made");
    if (apply(text, ...(merge.next ? [merge.next.operation] : [])) !== merged)
      expect.unreachable("pends another");
    const rescued = merge.rescued.map((piece) => piece.text).join("");
    rescuedUnits += rescued.length;
    for (const character of before) {
      if (character < "\u4e00" || accepted.has(character)) continue;
      const found = [...merged, ...rescued].filter((other) => other === character).length;
      if (found !== 1) expect.unreachable(`${character} is there ${found} times: ${merged} / ${rescued}`);
    }
    while (own.undo());
    if (!wasAccepted && /[\u4e00-\u9fff]/.test(own.text.toString()))
      expect.unreachable(`undone to ${own.text}`);
  });
  expect(rescuedUnits).toBeGreaterThan(1_000);
});
