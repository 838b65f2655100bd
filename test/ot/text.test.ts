import { expect, it } from "vitest";
import { chunkHashesOf, chunksOf } from "../../src/ot/chunk-hashes.ts";
import { deletion, insertion, type Operation, replacement } from "../../src/ot/operation.ts";
import { OperationError, Text } from "../../src/ot/text.ts";
import { hashOf, hashOfAll } from "../../src/ot/text-hash.ts";
import { op } from "../support/ot-notation.ts";
import { type Alphabet, fuzz, type Random, randomPoints } from "../support/ot-random.ts";

const seed = 20_261_122;

it.each<[string, Operation, string | undefined]>([
  ["", op(), undefined],
  ["", op("a"), undefined],
  ["", op(-1), "out_of_range"],
  ["", op(1, "a"), "out_of_range"],
  ["abc", op(3, "x"), undefined],
  ["abc", op(4, "x"), "out_of_range"],
  ["abc", op(-3), undefined],
  ["abc", op(-4), "out_of_range"],
  ["abc", op(1, "x", -2, 1, "y"), "out_of_range"],
  ["abc", op(Number.MAX_SAFE_INTEGER - 2, "a", -1), "out_of_range"],
  ["a😀b", op(1, "x"), undefined],
  ["a😀b", op(2, "x"), "splits_surrogate"],
  ["a😀b", op(2, -1), "splits_surrogate"],
  ["a😀b", op(1, -1), "splits_surrogate"],
  ["a😀b", op(1, "x", -1), "splits_surrogate"],
  ["a😀b", op(1, -2), undefined],
  ["a😀b", op(3, "x"), undefined],
  ["a😀😀", op(1, -3), "splits_surrogate"],
  ["\ud7ff\ue000", op(1, "x"), undefined],
])("OT-4: on %j, %j is %s", (text, operation, code) => {
  const subject = Text.from(text);
  expect(subject.check(operation)).toBe(code);
  if (code === undefined) {
    subject.apply(operation);
  } else {
    expect(() => subject.apply(operation)).toThrow(expect.objectContaining({ name: "OperationError", code }));
    expect([subject.toString(), subject.length]).toEqual([text, text.length]);
  }
});

it("an operation that fits up to its last part changes nothing", () => {
  const text = Text.from("abcdef");
  expect(() => text.apply(op("x", -1, 1, "y", 1, -9))).toThrow(OperationError);
  expect(text.toString()).toBe("abcdef");
});

it.each(["\ud83d", "a\ude00", "\ude00\ud83d"])("OT-4: %j is no text", (text) => {
  expect(() => Text.from(text)).toThrow(RangeError);
});

it("slice takes what String's slice takes", () => {
  const source = "0123456789".repeat(1000);
  const text = Text.from(source);
  for (const [from, to] of [
    [0, 0],
    [0, 10_000],
    [3, 3],
    [5, 2],
    [1023, 1026],
    [0, 5000],
    [9999, 10_000],
  ] as const) {
    expect(text.slice(from, to)).toBe(source.slice(from, Math.max(from, to)));
  }
});

it("a clone and its origin go their own ways", () => {
  const origin = Text.from("a".repeat(5000));
  const clone = origin.clone();
  origin.apply(replacement(10, 4000, "x"));
  clone.apply(insertion(5000, "y"));
  expect(origin.toString()).toBe(`${"a".repeat(10)}x${"a".repeat(990)}`);
  expect(clone.toString()).toBe(`${"a".repeat(5000)}y`);
});

it("OT-4: a long text of pairs has a place for an operation at every second position only", () => {
  const text = Text.from("😀".repeat(3001));
  text.apply(op(100, "a", 5000, "b"));
  text.apply(op(100, -1, 5000, -1));
  for (let position = 0; position <= text.length; position++) {
    const expected = position % 2 === 0 ? undefined : "splits_surrogate";
    expect(text.check(insertion(position, "x"))).toBe(expected);
  }
});

/** A long text beside a plain string, both edited at places near and far. */
function editLong(random: Random, alphabet: Alphabet): void {
  let plain = randomPoints(random, alphabet, 9000).join("");
  let text = Text.from(plain);
  let position = 0;
  for (let round = 0; round < 150; round++) {
    if (random.chance(0.3)) position = random.int(plain.length + 1);
    position = between(plain, Math.min(position, plain.length));
    const reach = random.chance(0.1) ? 6000 : 4;
    const end = random.chance(0.5)
      ? position
      : between(plain, Math.min(plain.length, position + random.int(reach)));
    const inserted = randomPoints(random, alphabet, random.chance(0.05) ? 6000 : 3).join("");
    text.apply(replacement(position, end - position, inserted));
    plain = plain.slice(0, position) + inserted + plain.slice(end);
    position += inserted.length - (random.chance(0.3) ? inserted.length : 0);
    if (random.chance(0.1)) text.hash();
    if (random.chance(0.02)) text = text.clone();
    if (text.length !== plain.length) expect.unreachable(`round ${round}: length`);
    const from = random.int(plain.length + 1);
    const to = from + random.int(3000);
    if (text.slice(from, to) !== plain.slice(from, to)) expect.unreachable(`round ${round}: slice`);
  }
  if (text.toString() !== plain) expect.unreachable("the whole text");
  const hash = hashOfAll([hashOf(plain)]);
  if (text.hash() !== hash) expect.unreachable("the hash");
  const loaded = Text.from(plain, chunksOf(plain, chunkHashesOf(text)));
  if (loaded.hash() !== hash) expect.unreachable("the hash from stored ones");
  loaded.apply(deletion(0, plain.length >> 1 > 0 ? between(plain, plain.length >> 1) : 0));
  if (loaded.hash() !== Text.from(loaded.toString()).hash()) expect.unreachable("and after an edit");
  text.apply(deletion(0, plain.length));
  expect([text.toString(), text.length]).toEqual(["", 0]);
}

/** The position itself, or the end of the pair that it is inside of. */
function between(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  return unit >= 0xdc00 && unit <= 0xdfff ? position + 1 : position;
}

it("a long text is what a plain string is after the same edits", () => {
  fuzz(60, seed, editLong);
});

it("the hash is the polynomial that docs/protocol.md defines, and tells what differs little", () => {
  const lane = (text: string, base: bigint, prime: bigint) =>
    Array.from({ length: text.length }).reduce<bigint>(
      (sum, _, index) => (sum * base + BigInt(text.charCodeAt(index) + 1)) % prime,
      0n,
    );
  const texts = ["", "\0", "\0\0", "ab", "ba", "a😀b", "a😁b", "x".repeat(5000), `${"x".repeat(4999)}y`];
  for (const text of texts) {
    const expected = lane(text, 31_415_927n, 67_108_859n) * 2n ** 26n + lane(text, 27_182_819n, 67_108_837n);
    expect(Text.from(text).hash()).toBe(Number(expected));
  }
  expect(new Set(texts.map((text) => Text.from(text).hash())).size).toBe(texts.length);
});

it("stored hashes are taken as they are, but not those of a text of another length, or cut within a pair", () => {
  const text = "ab😀c".repeat(2_000);
  const hashes = chunkHashesOf(Text.from(text));
  const stored = (of: string, chunkHashes: Uint32Array) => Text.from(of, chunksOf(of, chunkHashes)).hash();
  expect(stored(text, hashes)).toBe(Text.from(text).hash());
  const damaged = hashes.slice();
  damaged[1]! ^= 1;
  expect(stored(text, damaged)).not.toBe(Text.from(text).hash());
  expect(stored(`${text}x`, hashes)).toBe(Text.from(`${text}x`).hash());
  const cut = Uint32Array.of(3, 7, 7, text.length - 3, 7, 7);
  expect(stored(text, cut)).toBe(Text.from(text).hash());
});
