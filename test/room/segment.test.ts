import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Operation, OperationBuilder } from "../../src/ot/operation.ts";
import type { Flush } from "../../src/room/operation-log.ts";
import {
  decodeSegment,
  encodeSegment,
  SegmentError,
  sealedSegment,
  summarizeSegment,
} from "../../src/room/segment.ts";
import { alphabetNames, Random, randomOperation, randomPoints } from "../support/ot-random.ts";

const seed = 20_261_123;

/** Any flushes that the codec may meet, whether or not the operations fit one text. */
function randomFlushes(random: Random): Flush[] {
  const flushes: Flush[] = [];
  let from = 1 + (random.chance(0.2) ? 2 ** 40 : random.int(1_000));
  for (let count = 1 + random.int(12); count > 0; count--) {
    const entries = Array.from({ length: 1 + random.int(5) }, () => ({
      actor: random.chance(0.1) ? 2 ** 31 + random.int(9) : 1 + random.int(5),
      seq: random.chance(0.1) ? 2 ** 45 : 1 + random.int(300),
      operation: anyOperation(random),
      ...(random.chance(0.2) && { transforms: 1 + random.int(from === 1 ? 1 : from - 1) }),
      ...(random.chance(0.1) && { latencyMs: 2 ** (3 + random.int(30)) }),
    }));
    flushes.push({
      from,
      at: 1_000 * (random.chance(0.1) ? 0 : 1_700_000_000 + random.int(100_000)),
      entries,
    });
    from += entries.length;
  }
  return flushes;
}

function anyOperation(random: Random): Operation {
  const alphabet = random.pick(alphabetNames);
  if (random.chance(0.1)) return new OperationBuilder().build();
  if (random.chance(0.1)) {
    return new OperationBuilder()
      .retain(2 ** 50)
      .insert("\u0000\ufeff\u2028\u{1f600}")
      .delete(2 ** 51)
      .build();
  }
  return randomOperation(random, alphabet, randomPoints(random, alphabet, 30)).operation;
}

describe("segment", () => {
  it("RM-8: what does not come back as it went in is not sealed", () => {
    const random = new Random(seed);
    for (let count = 0; count < 200; count++) {
      const flushes = randomFlushes(random);
      expect(sealedSegment(flushes)).toEqual(encodeSegment(flushes));
    }
    // Not in normal form, so it reads in another order.
    const operation = [-1, "a"] as unknown as Operation;
    const flushes = [{ from: 1, at: 0, entries: [{ actor: 1, seq: 1, operation }] }];
    expect(() => sealedSegment(flushes)).toThrow(SegmentError);
  });

  it(`gives back exactly what was sealed: actor, seq, operation, origin, time of each flush (seed ${seed})`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 600; round++) {
      const flushes = randomFlushes(random);
      const sealed = encodeSegment(flushes);
      expect(decodeSegment(sealed)).toEqual(flushes);
      const { from, entries, seqs } = summarizeSegment(sealed);
      const all = flushes.flatMap((flush) => flush.entries);
      expect([from, entries]).toEqual([flushes[0]!.from, all.length]);
      expect([...seqs.keys()]).toEqual([...new Set(all.map(({ actor }) => actor))]);
      for (const [actor, { lowest, highest }] of seqs) {
        const of = all.filter((entry) => entry.actor === actor).map(({ seq }) => seq);
        expect([lowest, highest]).toEqual([Math.min(...of), Math.max(...of)]);
      }
    }
  });

  it("reads what was sealed before operations bore how they came to be", () => {
    const sealed = Buffer.from(
      "AT9jy3cDAwIBAQEHBAAEY2IEAAhrODL/Kg8bAAVjYGQAAAVjYGMAAAVjZGQEAAVjYGEEAAVjZmAEAAVjYGQAAAdzTEk8vBIA",
      "base64",
    );
    const operation = () => new OperationBuilder();
    const entries = [
      { actor: 1, seq: 1, operation: operation().insert("Ada").build() },
      { actor: 7, seq: 4, operation: operation().retain(2).delete(1).build() },
      { actor: 1, seq: 2, operation: operation().retain(2).insert("é").build() },
    ];
    expect(decodeSegment(new Uint8Array(sealed))).toEqual([
      { from: 3, at: 1_700_000_000_000, entries: entries.slice(0, 2) },
      { from: 5, at: 1_700_000_003_000, entries: entries.slice(2) },
    ]);
  });

  it("RM-8: refuses an operation that would have been made before version 0", () => {
    const entries = [{ actor: 1, seq: 1, operation: new OperationBuilder().build(), transforms: 1 }];
    expect(() => decodeSegment(encodeSegment([{ from: 1, at: 0, entries }]))).toThrow(SegmentError);
  });

  it("keeps times to the second", () => {
    const entries = [{ actor: 1, seq: 1, operation: new OperationBuilder().insert("a").build() }];
    expect(decodeSegment(encodeSegment([{ from: 1, at: 1_999, entries }]))[0]?.at).toBe(1_000);
  });

  it("RM-8: every changed bit, every cut and every byte too much is refused", () => {
    const sealed = encodeSegment(randomFlushes(new Random(7)));
    for (let index = 0; index < sealed.length; index++) {
      const changed = sealed.slice();
      changed[index]! ^= 1 << (index % 8);
      expect(() => decodeSegment(changed), `bit of byte ${index}`).toThrow(SegmentError);
      expect(() => summarizeSegment(changed)).toThrow(SegmentError);
      expect(() => decodeSegment(sealed.slice(0, index)), `cut at ${index}`).toThrow(SegmentError);
    }
    expect(() => decodeSegment(Uint8Array.of(...sealed, 0))).toThrow(SegmentError);
  });

  it(`RM-8: bytes with a right sum and senseless contents are refused or are a segment (seed ${seed})`, () => {
    const random = new Random(seed);
    const base = encodeSegment(randomFlushes(random));
    let refused = 0;
    for (let round = 0; round < 1_000; round++) {
      const crafted = base.slice();
      for (let change = random.int(3); change >= 0; change--)
        crafted[5 + random.int(crafted.length - 5)] = random.int(256);
      new DataView(crafted.buffer).setUint32(1, crc32(crafted.subarray(5)), true);
      try {
        // What passes has all entries that it announces, each an operation in normal form.
        const flushes = decodeSegment(crafted);
        expect(flushes.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(
          summarizeSegment(crafted).entries,
        );
        expect(decodeSegment(encodeSegment(flushes))).toEqual(flushes);
      } catch (error) {
        expect(error).toBeInstanceOf(SegmentError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(800);
  });
});
