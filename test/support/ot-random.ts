import { type Operation, OperationBuilder } from "../../src/ot/operation.ts";

/** A seeded source of random numbers (mulberry32); the same seed gives the same run on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  chance(probability: number): boolean {
    return this.int(1_000_000) < probability * 1_000_000;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T;
  }
}

/** Characters (each one code point) that texts are made of. Small, so that equal ones often meet. */
export const alphabets = {
  ascii: ["a", "b", "c", " ", "\n"],
  emoji: ["😀", "👩", "💻", "🏳", "\u200d", "\ufe0f", "x"],
  combining: ["e", "\u0301", "\u0308", "क", "ि", "한", "\u1100", "\u1161"],
  // The code points on either side of the surrogates, and pairs that share a half with one another.
  surrogates: ["\ud7ff", "\ue000", "\u{10000}", "\u{103ff}", "\u{10fc00}", "\u{10ffff}", "a"],
} as const;

export type Alphabet = keyof typeof alphabets;

export const alphabetNames = Object.keys(alphabets) as Alphabet[];

/** A text as the generator sees it: one item per code point, so that no cut can fall inside a pair. */
export type Points = readonly string[];

export function randomPoints(random: Random, alphabet: Alphabet, atMost: number): string[] {
  return Array.from({ length: random.int(atMost + 1) }, () => random.pick(alphabets[alphabet]));
}

export function units(points: Points, from = 0, to = points.length): number {
  let length = 0;
  for (let index = from; index < to; index++) length += points[index]!.length;
  return length;
}

/** How many random operations this process has made. */
export let operationsMade = 0;

/** A random operation on `before`, and the text that it must give, found without the engine's `apply`. */
export function randomOperation(
  random: Random,
  alphabet: Alphabet,
  before: Points,
): { operation: Operation; after: string[] } {
  operationsMade++;
  const builder = new OperationBuilder();
  const after: string[] = [];
  let at = 0;
  for (let edits = random.int(4); edits >= 0; edits--) {
    const kept = random.int(before.length - at + 1);
    builder.retain(units(before, at, at + kept));
    for (let index = at; index < at + kept; index++) after.push(before[index]!);
    at += kept;
    const kind = random.int(4);
    if (kind !== 0) {
      const inserted = randomPoints(random, alphabet, 3);
      builder.insert(inserted.join(""));
      after.push(...inserted);
    }
    if (kind !== 1) {
      const deleted = random.int(Math.min(4, before.length - at) + 1);
      builder.delete(units(before, at, at + deleted));
      at += deleted;
    }
  }
  for (let index = at; index < before.length; index++) after.push(before[index]!);
  return { operation: builder.build(), after };
}

/** Runs `check` for every alphabet with its own seed, and names alphabet, seed and round where it fails. */
export function fuzz(
  rounds: number,
  seed: number,
  check: (random: Random, alphabet: Alphabet) => void,
): void {
  for (const [index, alphabet] of alphabetNames.entries()) {
    for (let round = 0; round < rounds; round++) {
      // A seed for each round: a failing one can be run alone.
      const roundSeed = (seed + index * 0x1000193 + round * 0x9e3779b1) >>> 0;
      try {
        check(new Random(roundSeed), alphabet);
      } catch (error) {
        throw new Error(`alphabet ${alphabet}, seed ${roundSeed}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }
}
