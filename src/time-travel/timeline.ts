import { Text } from "../ot/text.ts";
import type { Bundle, BundleOperation } from "./bundle.ts";
import { crc32 } from "./crc32.ts";
import { changedIn, type Stretch } from "./stretches.ts";

/** Where a replay first gives something else than what the bundle says. */
export interface Fault {
  version: number;
  what: string;
  /** The hashes or sums that should be one; undefined where the operation does not fit at all. */
  expected?: number;
  actual?: number;
}

/** Operations between two yields: some milliseconds. */
const stepOperations = 1_024;

/** Texts that are kept, so that any other is some hundred operations away; copies share what they have in common. */
const keptTexts = 1_024;
const leastDistance = 128;

/**
 * A bundle, replayed once: any version of its text is at hand from then on. Deterministic, by the same `apply` as the room's.
 */
export class Timeline {
  readonly bundle: Bundle;
  /** The oldest version, and the newest that the replay came to. */
  readonly first: number;
  readonly last: number;
  /** The first thing that is wrong. After a hash that differs the replay goes on, after an operation that does not fit it does not. */
  readonly fault: Fault | undefined;
  readonly #kept: readonly Text[];
  readonly #distance: number;
  #cursor: { version: number; text: Text };

  private constructor(bundle: Bundle, replayed: Replayed) {
    this.bundle = bundle;
    this.first = bundle.head.horizon;
    this.last = replayed.version;
    this.fault = replayed.fault;
    this.#kept = replayed.kept;
    this.#distance = replayed.distance;
    this.#cursor = { version: this.first, text: replayed.kept[0]!.clone() };
  }

  /** Replays a bundle in steps, each of which tells how many operations are done. */
  static *replay(bundle: Bundle): Generator<number, Timeline> {
    return new Timeline(bundle, yield* replay(bundle));
  }

  /** The same at once. */
  static of(bundle: Bundle): Timeline {
    const steps = Timeline.replay(bundle);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** What made a version; undefined for the first. */
  operation(version: number): BundleOperation | undefined {
    return this.bundle.operations[version - this.first - 1];
  }

  /** The text at a version from `first` to `last`, to be read only, and only until the next call. */
  at(version: number): Text {
    if (!(version >= this.first && version <= this.last))
      throw new RangeError(`Version ${version} is not within ${this.first} … ${this.last}.`);
    const index = Math.floor((version - this.first) / this.#distance);
    const keptAt = this.first + index * this.#distance;
    if (this.#cursor.version > version || this.#cursor.version < keptAt)
      this.#cursor = { version: keptAt, text: this.#kept[index]!.clone() };
    const { text } = this.#cursor;
    while (this.#cursor.version < version) {
      text.apply(this.operation(this.#cursor.version + 1)!.operation);
      this.#cursor.version += 1;
    }
    return text;
  }

  /**
   * The text at a version, with what its operation has put in and taken out; `context` units of what stayed on both sides
   * of that, and the rest left out.
   */
  changed(version: number, context = Number.POSITIVE_INFINITY): Stretch[] {
    const made = this.operation(version);
    return changedIn(this.at(made ? version - 1 : version), made?.operation ?? [], context);
  }
}

interface Replayed {
  version: number;
  fault: Fault | undefined;
  kept: Text[];
  distance: number;
}

function* replay({ head, operations }: Bundle): Generator<number, Replayed> {
  const sums = new Map(head.points.map((point) => [point.version, point.sum]));
  const text = Text.from(head.text);
  const distance = Math.max(leastDistance, Math.ceil(operations.length / keptTexts));
  const kept: Text[] = [text.clone()];
  let version = head.horizon;
  let fault: Fault | undefined;
  const compare = (what: string, expected: number | undefined, actual: () => number) => {
    if (fault || expected === undefined) return;
    const found = actual();
    if (found !== expected) fault = { version, what, expected, actual: found };
  };
  const compareSum = () =>
    compare("the sum that was recorded when this was the newest text", sums.get(version), () =>
      crc32(text.toString()),
    );
  compareSum();
  for (const { operation, hash } of operations) {
    const misfit = text.check(operation);
    if (misfit) {
      fault ??= { version: version + 1, what: `the operation does not fit: ${misfit}` };
      return { version, fault, kept, distance };
    }
    text.apply(operation);
    version += 1;
    compare("the hash of the text where the bundle was written", hash, () => text.hash());
    compareSum();
    if ((version - head.horizon) % distance === 0) kept.push(text.clone());
    if ((version - head.horizon) % stepOperations === 0) yield version - head.horizon;
  }
  compare("the hash of the text that the room had in memory", head.servedHash, () => text.hash());
  return { version, fault, kept, distance };
}
