// Real sessions and the real room over a simulated network, clock and disk. SEED=… for other runs.
// A failing run is shrunk and printed with its seed; `npm run soak` runs it again, or as many more as there is time for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { keepFailure, withNote } from "../support/failure-bundle.ts";
import { program } from "../support/simulator/commands.ts";
import { simulate, Violation } from "../support/simulator/simulation.ts";

const seed = Number(process.env.SEED ?? 20_261_122);
const wanted = 200_000;
const commands = 3_000;

test(`OT-1, OT-7, RM-1, RM-2, RM-3, RM-5, PR-2, AC-1: ${wanted} operations through every fault diverge nowhere, and nothing acknowledged is lost or doubled`, {
  timeout: 600_000,
}, async () => {
  const started = process.cpuUsage();
  let operations = 0;
  let acknowledged = 0;
  let runs = 0;
  const property = fc.asyncProperty(program(commands), async (each) => {
    const outcome = await simulate(each);
    operations += outcome.operations;
    acknowledged += outcome.acknowledged;
    runs += 1;
  });
  for (let round = 0; operations < wanted; round++) {
    const details = await fc.check(property, { seed: seed + round, numRuns: 20 });
    const { errorInstance } = details;
    const again = `npm run soak -- --commands ${commands} --seed ${seed + round} --path "${details.counterexamplePath}"`;
    const life = errorInstance instanceof Violation ? errorInstance.life?.() : undefined;
    const look = life && keepFailure(`simulator-${seed + round}`, withNote(life, again));
    expect(
      details.failed,
      `${details.errorInstance}\n${fc.stringify(details.counterexample)}\n${again}\n${look ?? ""}`,
    ).toBe(false);
  }
  const { user, system } = process.cpuUsage(started);
  process.stdout.write(
    `seed ${seed}: ${runs} runs, ${operations} operations, ${acknowledged} acknowledged, ` +
      `${Math.round((user + system) / 1e6)} s of CPU\n`,
  );
});
