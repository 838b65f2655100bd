// `npm run bench`: Materi against the platform's ceiling, and with `-- --peers` against other projects, in turns, on this machine. What
// counts is the ratios of one run. Options: see `options`.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Result, tableHead, tableLines } from "./report.ts";
import { Services } from "./services.ts";
import type { Figures, Workload } from "./workload.ts";
import { workloads } from "./workloads.ts";

const { values: options } = parseArgs({
  options: {
    /** Every workload, not only those that three minutes have time for. */
    all: { type: "boolean", default: false },
    /** Other projects, too. */
    peers: { type: "boolean", default: false },
    /** Workloads whose id has this in it. */
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2.5" },
    /** Where the services keep what they store: memory by default, so that a slow disk does not hide the rest. */
    store: { type: "string", default: existsSync("/dev/shm") ? "/dev/shm" : tmpdir() },
  },
});

const chosen = workloads.filter(({ id, isQuick }) =>
  options.only ? id.includes(options.only) : isQuick || options.all || options.peers,
);

if (options.peers) {
  execFileSync(process.execPath, [resolve(import.meta.dirname, "../scripts/install.mjs"), "bench"], {
    stdio: "inherit",
  });
}
const services = new Services({
  seconds: Number(options.seconds),
  all: options.all,
  peers: options.peers,
  store: options.store,
});

/** All contenders in turns: A B C A B C. */
async function run(workload: Workload): Promise<Result> {
  const contenders = await workload.contenders(services);
  const rounds = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < (workload.rounds ?? Number(options.rounds)); round++) {
    for (const { name, measure } of contenders) rounds.get(name)?.push(await measure());
  }
  return { workload, rounds };
}

try {
  process.stdout.write(tableHead);
  for (const workload of chosen) process.stdout.write(tableLines(await run(workload)));
} finally {
  await services.stop();
}
