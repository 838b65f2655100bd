import { crc32 as zlibSum } from "node:zlib";
import { describe, expect, it } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { anonymized } from "../../src/time-travel/anonymize.ts";
import type { Bundle, BundleOperation } from "../../src/time-travel/bundle.ts";
import { crc32 } from "../../src/time-travel/crc32.ts";
import { kindOf, matching, type OperationFilter } from "../../src/time-travel/operation-filter.ts";
import { Timeline } from "../../src/time-travel/timeline.ts";
import { Random } from "../support/ot-random.ts";
import { randomBundle } from "../support/random-bundle.ts";

const seed = 20_261_123;

const found = (timeline: Timeline, filter: OperationFilter): number[] => {
  const steps = matching(timeline, filter);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};
/** A life in which one operation is another. */
const changed = (bundle: Bundle, version: number, to: Partial<BundleOperation>): Bundle => ({
  ...bundle,
  operations: bundle.operations.map((made) => (made.version === version ? { ...made, ...to } : made)),
});

describe("a timeline", () => {
  it(`has the text at every version, in whatever order one asks (seed ${seed})`, () => {
    const random = new Random(seed);
    const { bundle, texts } = randomBundle(seed, 500);
    const timeline = Timeline.of(bundle);
    expect([timeline.fault, timeline.first, timeline.last]).toEqual([undefined, 0, texts.length - 1]);
    for (let round = 0; round < 500; round++) {
      const version = random.int(texts.length);
      expect(timeline.at(version).toString()).toBe(texts[version]);
    }
  });

  it(`shows what an operation has done to the text before it, whole or with so much around it (seed ${seed})`, () => {
    const { bundle, texts } = randomBundle(seed, 300);
    const timeline = Timeline.of(bundle);
    for (let version = 1; version < texts.length; version++) {
      const whole = timeline.changed(version);
      const shown = (without: string) =>
        whole
          .map((stretch) => (stretch.omitted === undefined && stretch.mark !== without ? stretch.text : ""))
          .join("");
      expect(shown("deleted")).toBe(texts[version]);
      expect(shown("inserted")).toBe(texts[version - 1]);
      const short = timeline.changed(version, 5);
      const units = short.reduce(
        (sum, stretch) => sum + (stretch.omitted ?? (stretch.mark === "inserted" ? 0 : stretch.text.length)),
        0,
      );
      expect(units).toBe(texts[version - 1]?.length);
      for (const stretch of short) expect(stretch.omitted ?? stretch.text.isWellFormed()).not.toBe(false);
    }
  });

  it("a text that differs is told with the version, both hashes, and the texts before and after", () => {
    const { bundle, texts } = randomBundle(seed, 50);
    const wrong = Timeline.of(changed(bundle, 30, { operation: insertion(0, "other") }));
    expect(wrong.fault).toEqual({
      version: 30,
      what: expect.stringContaining("hash"),
      expected: bundle.operations[29]?.hash,
      actual: wrong.at(30).hash(),
    });
    expect(wrong.at(29).toString()).toBe(texts[29]);
    expect(wrong.at(30).toString()).toBe(`other${texts[29]}`);
  });

  it("an operation that does not fit ends it there, and what was before can be looked at", () => {
    const { bundle, texts } = randomBundle(seed, 50);
    const broken = Timeline.of(changed(bundle, 30, { operation: insertion(1_000_000, "x") }));
    expect(broken.fault).toEqual({ version: 30, what: "the operation does not fit: out_of_range" });
    expect(broken.last).toBe(29);
    expect(broken.at(29).toString()).toBe(texts[29]);
    expect(() => broken.at(30)).toThrow(RangeError);
  });

  it("sums that were recorded at the time, and the text in the room's memory, are held against it", () => {
    const { bundle, texts } = randomBundle(seed, 20);
    const points = [{ version: 7, sum: zlibSum(texts[7]!) }];
    const withPoints = { ...bundle, head: { ...bundle.head, points } };
    expect(Timeline.of(withPoints).fault).toBeUndefined();
    points[0]!.sum += 1;
    expect(Timeline.of(withPoints).fault).toMatchObject({ version: 7, expected: points[0]?.sum });
    const served = { ...bundle, head: { ...bundle.head, servedHash: 1 } };
    expect(Timeline.of(served).fault).toMatchObject({ version: texts.length - 1, expected: 1 });
  });

  it("goes through 100,000 operations, of which any is at hand within a few milliseconds", () => {
    const { bundle } = randomBundle(seed, 1);
    let units = 0;
    const operations = Array.from({ length: 100_000 }, (_, index): BundleOperation => {
      const operation = insertion(Math.max(0, units - (index % 50)), "x");
      units += 1;
      return { version: index + 1, at: 0, actor: 1, seq: index + 1, base: index, operation };
    });
    const { servedHash: _, ...head } = bundle.head;
    const timeline = Timeline.of({ ...bundle, head: { ...head, version: 100_000 }, operations });
    const random = new Random(seed);
    const took = Array.from({ length: 50 }, () => {
      const start = performance.now();
      timeline.at(random.int(100_001));
      return performance.now() - start;
    });
    process.stdout.write(
      `to any of 100,000 versions: median ${took.sort((a, b) => a - b)[25]!.toFixed(2)} ms\n`,
    );
    expect(took[25]).toBeLessThan(20);
  });
});

describe("looking for operations", () => {
  const { bundle, texts } = randomBundle(seed, 400);
  const timeline = Timeline.of(bundle);

  it("by who made them, what they do, when, how slowly, and over how many they were transformed", () => {
    const by = (is: (made: BundleOperation) => boolean) =>
      bundle.operations.filter(is).map(({ version }) => version);
    expect(found(timeline, { author: "ann" })).toEqual(by(({ actor }) => actor === 1));
    expect(found(timeline, { author: "cem-" })).toEqual(by(({ actor }) => actor === 7));
    expect(found(timeline, { author: "7" })).toEqual(by(({ actor }) => actor === 7));
    expect(found(timeline, { author: "program" })).toEqual(by(({ actor }) => actor === 2));
    for (const kind of ["insert", "delete", "replace", "nothing"] as const)
      expect(found(timeline, { kind })).toEqual(by(({ operation }) => kindOf(operation) === kind));
    const at = bundle.operations[200]!.at;
    expect(found(timeline, { since: at })).toEqual(by((made) => made.at >= at));
    expect(found(timeline, { until: at, slowMs: 16 })).toEqual(
      by((made) => made.at <= at && (made.latencyMs ?? 0) >= 16),
    );
    expect(found(timeline, { transforms: 5 })).toEqual(by(({ version, base }) => version - 1 - base! >= 5));
  });

  it(`by a text that they made appear or disappear (seed ${seed})`, () => {
    const random = new Random(seed);
    const count = (text: string, sought: string) => {
      let times = 0;
      for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) times += 1;
      return times;
    };
    for (let round = 0; round < 40; round++) {
      const text = random.pick(texts.filter(({ length }) => length > 8));
      const from = random.int(text.length - 4);
      const sought = text.slice(from, from + 1 + random.int(4));
      const expected = texts.flatMap((after, version) =>
        version > 0 && count(after, sought) !== count(texts[version - 1]!, sought) ? [version] : [],
      );
      const versions = found(timeline, { text: sought });
      // An operation that moves it from one place to another has done both.
      expect(versions.filter((version) => expected.includes(version))).toEqual(expected);
      expect(versions.length).toBeLessThanOrEqual(expected.length);
    }
  });
});

describe("an anonymized life", () => {
  it("is as long in every version, has none of the words, and replays as well as before", () => {
    const { bundle, texts } = randomBundle(seed, 200);
    const named = { ...bundle, head: { ...bundle.head, note: "ann's" } };
    const other = anonymized(named);
    const timeline = Timeline.of(other);
    expect([timeline.fault, timeline.last]).toEqual([undefined, texts.length - 1]);
    for (let version = 0; version < texts.length; version++)
      expect(timeline.at(version).length).toBe(texts[version]?.length);
    expect(JSON.stringify([other.head, ...other.actors.values()])).not.toMatch(/ann|bob|cem|0000/);
    expect(timeline.at(timeline.last).toString()).not.toMatch(/[a-wyzA-WYZ1-9]/);
  });

  it("is wrong where it was wrong", () => {
    const { bundle } = randomBundle(seed, 50);
    const wrong = changed(bundle, 30, { hash: 12_345 });
    const fault = Timeline.of(anonymized(wrong)).fault;
    expect(fault).toMatchObject({ version: 30 });
    expect(fault?.expected).not.toBe(12_345);
    const points = [{ version: 9, sum: 5 }];
    const badSum = { ...bundle, head: { ...bundle.head, points } };
    expect(Timeline.of(anonymized(badSum)).fault).toMatchObject({ version: 9 });
  });
});

it(`CRC-32 is the one that rooms record (seed ${seed})`, () => {
  const { texts } = randomBundle(seed, 300);
  for (const text of [...texts, "aé€\u{1f600}\u0000"]) expect(crc32(text)).toBe(zlibSum(text));
});
