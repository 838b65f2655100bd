// One measurement in a process of its own: node bench/ot/measure.ts TASK ENGINE SECONDS SIZE… prints a line of JSON for each size.
import { median } from "../median.ts";
import type { Engine } from "./engine.ts";
import { tasks } from "./tasks.ts";

/** What one size came to, in microseconds for an operation. */
export interface Measured {
  size: number;
  /** The median of all runs. */
  median: number;
  /** The first run of this process: nothing is compiled yet, unless a smaller size was before. */
  first: number;
}

const [taskName = "", engineName = "", seconds = "", ...sizes] = process.argv.slice(2);
const { engine }: { engine: Engine } = await import(`./engines/${engineName}.ts`);

for (const size of sizes.map(Number)) {
  const task = tasks[taskName]?.(size);
  const trial = task?.trial(engine);
  if (!task || !trial) throw new Error(`${engineName} does not ${taskName}`);
  const times: number[] = [];
  const began = performance.now();
  // What prepares a run may take longer than the run.
  for (
    let spent = 0;
    spent < Number(seconds) * 1_000 && performance.now() - began < Number(seconds) * 4_000;
  ) {
    const run = trial();
    const start = performance.now();
    const outcome = run();
    const took = performance.now() - start;
    spent += took;
    times.push((took * 1_000) / task.operations);
    if (outcome() !== task.expected)
      throw new Error(`${engineName}: another text came of ${taskName} ${size}`);
  }
  const measured: Measured = { size, median: median(times), first: times[0] ?? Number.NaN };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}
