import fc from "fast-check";
import { expect, it } from "vitest";
import { attempt, emptyAt, emptyQuota, remember, succeeded } from "../../src/auth/login-quota.ts";
import { limits } from "../../src/protocol/limits.ts";

const { network: perNetwork, account: perAccount } = limits.loginRate;

const steps = fc.array(
  fc.record({
    network: fc.nat(6),
    right: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    after: fc.oneof(fc.constant(0), fc.nat(1_000), fc.nat(100_000)),
  }),
  { minLength: 200, maxLength: 600 },
);

it("AU-7: whatever is tried when, wrong passwords stay within the quotas, and known networks have their own", () => {
  fc.assert(
    fc.property(steps, (tried) => {
      let quota = remember(emptyQuota, "0", 0);
      let now = 0;
      /** When wrong passwords passed, by network, and from strange ones. */
      const wrong: Record<string, number[]> = {};
      const strangeWrong: number[] = [];
      const known = new Set(["0"]);
      for (const { network, right, after } of tried) {
        now += after;
        const name = String(network);
        const { quota: next, verdict } = attempt(quota, name, now);
        quota = next;
        if (!verdict.allowed) {
          expect(verdict.retryMs).toBeGreaterThan(0);
          if (known.has(name)) expect(verdict.by).toBe("network");
          // What is told to be the time to try again is.
          const again = attempt(quota, name, now + verdict.retryMs).verdict;
          expect(again.allowed || again.by !== verdict.by).toBe(true);
          continue;
        }
        expect(verdict.delayMs).toBeLessThanOrEqual(limits.loginDelayMs);
        if (known.has(name)) expect(verdict.delayMs).toBe(0);
        if (right) {
          quota = succeeded(quota, name, now);
          wrong[name] = [];
          known.add(name);
          continue;
        }
        wrong[name] = [...(wrong[name] ?? []), now];
        if (!known.has(name)) strangeWrong.push(now + verdict.delayMs);
      }
      for (const times of Object.values(wrong)) expectWithin(times, perNetwork);
      expectWithin(strangeWrong, perAccount);
      expect(attempt(quota, "new", emptyAt(quota)).quota).toEqual(
        attempt(emptyQuota, "new", emptyAt(quota)).quota,
      );
    }),
    { numRuns: 200 },
  );
});

/** Over every span of time no more than the burst and what comes by within the span. */
function expectWithin(times: number[], { burst, everyMs }: { burst: number; everyMs: number }): void {
  for (let from = 0; from < times.length; from++) {
    for (let to = from; to < times.length; to++) {
      const span = (times[to] ?? 0) - (times[from] ?? 0);
      if (to - from + 1 > burst + span / everyMs) {
        throw new Error(`${to - from + 1} within ${span} ms`);
      }
    }
  }
}

it("keeps the networks that were used last, and only so many", () => {
  let quota = emptyQuota;
  for (let i = 0; i < limits.knownNetworks + 5; i++) quota = remember(quota, `n${i}`, i);
  quota = remember(quota, "n5", 100);
  const names = Object.keys(quota.networks);
  expect(names).toHaveLength(limits.knownNetworks);
  expect(names).toContain("n5");
  expect(names).not.toContain("n4");
});
