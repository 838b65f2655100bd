// `npm run bench`: Materi against the platform's ceiling, and with `-- --peers` against other projects, in turns, on this machine. What
// counts is the ratios of one run. Options: see `options`.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Rounds } from "./report/figures.ts";
import { writeReadme } from "./report/readme.ts";
import { readResults, withRow, writeResults } from "./report/results.ts";
import { runFacts } from "./report/run-facts.ts";
import { tableHead, tableLines } from "./report/tables.ts";
import { Services } from "./services.ts";
import type { Figures, Workload } from "./workload.ts";
import { workloads } from "./workloads.ts";

const { values: options } = parseArgs({
  options: {
    /** Every workload, not only those that three minutes have time for. */
    all: { type: "boolean", default: false },
    /** Other projects, too. */
    peers: { type: "boolean", default: false },
    /** Workloads whose id has this in it; several with commas between them. */
    only: { type: "string" },
    /** Of all contenders, in turns. Default: 3, or 2 where three minutes are to do. */
    rounds: { type: "string" },
    /** Of one measurement. Default: 2.5, or half a second. */
    seconds: { type: "string" },
    /** Where the services keep what they store: memory by default, so that a slow disk does not hide the rest. */
    store: { type: "string", default: existsSync("/dev/shm") ? "/dev/shm" : tmpdir() },
    /** Keeps what was measured in results.json, each workload in the place of what it came to before, and writes README.md from it. */
    write: { type: "boolean", default: false },
    /** Whether everything still works, all at once and as short as can be: for CI, and of no figure. */
    smoke: { type: "boolean", default: false },
  },
});

const { all, peers, only, store, smoke } = options;
const isBrief = !all && !peers && !only;
const rounds = smoke ? 1 : Number(options.rounds ?? (isBrief ? 2 : 3));
const seconds = smoke ? 0.02 : Number(options.seconds ?? (isBrief ? 0.5 : 2.5));
/** What one workload may take; then the run goes on with the next. */
const longestMinutes = 10;

const named = only?.split(",");
const chosen = workloads.filter(({ id, isQuick }) => {
  if (named) return named.some((part) => id.includes(part));
  return isQuick || all || peers;
});
if (chosen.length === 0) throw new Error(`No workload has ${only} in its id.`);

if (peers) {
  execFileSync(process.execPath, [resolve(import.meta.dirname, "../scripts/install.mjs"), "bench"], {
    stdio: "inherit",
  });
}
const services = new Services({ seconds, all, peers, store, isSmoke: smoke });
const began = new Date().toISOString();
const facts = runFacts(store, { rounds, seconds, all, peers });

/** All contenders in turns: A B C A B C. */
async function measure(workload: Workload): Promise<Rounds> {
  const contenders = await workload.contenders(services);
  const measured: Record<string, Figures[]> = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < (smoke ? 1 : (workload.rounds ?? rounds)); round++) {
    for (const contender of contenders) measured[contender.name]?.push(await contender.measure());
  }
  return measured;
}

/** Rejects also where it takes too long, and for what is thrown in a socket's listener, of which no promise knows. */
async function guarded<T>(promise: Promise<T>): Promise<T> {
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const late = new Error(`it took longer than ${longestMinutes} minutes`);
  const timer = setTimeout(reject, longestMinutes * 60_000, late);
  process.on("uncaughtException", reject);
  try {
    return await Promise.race([promise, broken]);
  } finally {
    clearTimeout(timer);
    process.off("uncaughtException", reject);
  }
}

const failed: string[] = [];

/** Measures it and tells, and keeps if that was asked for, what came of it. */
async function run(workload: Workload): Promise<void> {
  try {
    const start = performance.now();
    const measured = await guarded(measure(workload));
    const took = ((performance.now() - start) / 1_000).toFixed(1);
    process.stdout.write(smoke ? `${workload.id} works (${took} s)\n` : tableLines(workload, measured));
    if (!options.write) return;
    writeResults(
      withRow(
        readResults(),
        { workload: workload.id, store: facts.store, run: began, rounds: measured },
        facts,
      ),
    );
    writeReadme();
  } catch (error) {
    failed.push(workload.id);
    process.stdout.write(`| ${workload.name} | **failed** | | |\n`);
    console.error(error);
  }
}

try {
  // Each has one while it runs.
  process.setMaxListeners(chosen.length + process.getMaxListeners());
  if (smoke) await Promise.all(chosen.map(run));
  else {
    process.stdout.write(tableHead);
    for (const workload of chosen) await run(workload);
  }
} finally {
  await services.stop();
}
if (failed.length > 0) console.error(`Failed: ${failed.join(", ")}.`);
// What a failed measurement left open would keep the process.
process.exit(failed.length > 0 ? 1 : 0);
