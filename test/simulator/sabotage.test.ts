// The simulator is worth what it finds: each law broken on purpose is found by the runs that find nothing in the real room.
import fc from "fast-check";
import { expect, test } from "vitest";
import { program } from "../support/simulator/commands.ts";
import { sabotages } from "../support/simulator/sabotages.ts";
import { simulate, Violation } from "../support/simulator/simulation.ts";

const seed = Number(process.env.SEED ?? 20_261_123);

test.each(Object.entries(sabotages))(
  "%s is caught within a minute",
  { timeout: 60_000 },
  async (_, sabotage) => {
    const uninstall = sabotage.install?.();
    try {
      const details = await fc.check(
        fc.asyncProperty(program(300), async (each) => {
          await simulate(each, sabotage.parts);
        }),
        { seed, numRuns: 1_000, endOnFailure: true },
      );
      process.stdout.write(
        `seed ${seed}: caught in run ${details.numRuns}: ${String(details.errorInstance).split("\n")[1]}\n`,
      );
      expect(details.failed).toBe(true);
      expect(details.errorInstance).toBeInstanceOf(Violation);
    } finally {
      uninstall?.();
    }
  },
);
