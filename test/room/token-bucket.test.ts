import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../src/room/token-bucket.ts";

const rate = { perSecond: 10, burst: 20 };

describe("TokenBucket", () => {
  it("lets a burst pass after a rest, then what the rate gives, and says when the next will be there", () => {
    const bucket = new TokenBucket(rate, 0);
    for (let n = 0; n < 20; n++) expect(bucket.take(1, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 99)).toBe(1);
    expect(bucket.take(1, 100)).toBe(0);
    expect([bucket.isFull(2_000), bucket.isFull(2_200)]).toEqual([false, true]);
  });

  it("lets through what costs more than it holds when it is full, and is paid back", () => {
    const bucket = new TokenBucket(rate, 0);
    expect(bucket.take(50, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(3_100);
    expect(bucket.owe(5, 0)).toBe(35);
  });

  it("law: over any span no more than burst + rate × span passes, and a pause that is heeded is enough", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: -50, max: 500 }), fc.integer({ min: 1, max: 20 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const bucket = new TokenBucket(rate, 0);
        let [now, newest, passed] = [0, 0, 0];
        for (const [gap, cost] of taken) {
          now += gap;
          newest = Math.max(newest, now);
          const pause = bucket.take(cost, now);
          if (pause === 0) {
            passed += cost;
          } else {
            now += pause;
            newest = Math.max(newest, now);
            expect(bucket.take(cost, now)).toBe(0);
            passed += cost;
          }
        }
        // A clock that went backwards and came back may count a span twice: each step back is at most 50 ms.
        const back = taken.filter(([gap]) => gap < 0).reduce((sum, [gap]) => sum - gap, 0);
        expect(passed).toBeLessThanOrEqual(rate.burst + (rate.perSecond * (newest + back)) / 1_000 + 1e-6);
      }),
      { seed: 20_261_122 },
    );
  });
});
