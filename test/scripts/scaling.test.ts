import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scalingTables } from "../../scripts/cost/audience-costs.ts";
import { arrivals, ceilingTables, exponential, queue, randomFrom } from "../../scripts/cost/ceilings.ts";

describe("docs/scaling.md", () => {
  it("is what the measured figures come to", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/scaling.md"), "utf8");
    const tables = scalingTables();
    expect(page).toContain(tables.measured);
    expect(page).toContain(tables.audiences);
    const ceilings = ceilingTables();
    expect(page).toContain(ceilings.room);
    expect(page).toContain(ceilings.database);
  });

  it("simulates queues as their theory has them: M/M/1 at a load of 0.7", () => {
    const seed = 7;
    const random = randomFrom(seed);
    const [arriving, serving] = [700, 1_000];
    const { load, p50, p99 } = queue(arrivals(random, arriving, 600), () => exponential(random, serving), 1);
    expect(load, `seed ${seed}`).toBeCloseTo(arriving / serving, 1);
    // The time from arrival to end is distributed exponentially (Kleinrock, Queueing Systems I, 3.2).
    const within = (part: number) => (-Math.log(1 - part) / (serving - arriving)) * 1_000;
    expect(p50 / within(0.5)).toBeCloseTo(1, 1);
    expect(p99 / within(0.99)).toBeCloseTo(1, 1);
  });

  it("lets a group commit take all that waits", () => {
    const { load, together, p99 } = queue([0, 0.1, 0.2, 0.3, 2], (edits) => 1 + edits / 1_000);
    expect(together).toBeCloseTo(5 / 3);
    expect(load).toBeCloseTo(1);
    expect(p99).toBeCloseTo(1_904);
  });
});
