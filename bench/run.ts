// `npm run bench`: Materi against the platform's ceiling, interleaved, on this machine. What counts is the ratios.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stayOn } from "./cores.ts";
import type { Contender } from "./editors/contender.ts";
import { limit } from "./editors/limit.ts";
import { ours } from "./editors/ours.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2.5" },
    /** Where the services keep what they store: memory by default, so that a slow disk does not hide the rest. */
    store: { type: "string", default: existsSync("/dev/shm") ? "/dev/shm" : tmpdir() },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const workloads = [
  { name: "10 editors, one edit at a time", editors: 10, edits: 1 },
  { name: "10 editors, as fast as they can", editors: 10, edits: 32 },
  { name: "50 editors, one edit at a time", editors: 50, edits: 1 },
  { name: "50 editors, as fast as they can", editors: 50, edits: 32 },
];

interface Outcome {
  perSecond: number;
  waits: number[];
}

/** One measurement. Throws if the editors do not converge: then it does not count. */
async function measure(contender: Contender, editors: number, edits: number): Promise<Outcome> {
  const session = await contender.open(editors);
  try {
    for (const editor of session.editors) editor.start(edits);
    // What the first moments cost (compiling, first rows) is not what lasts.
    await sleep(500);
    const before = session.editors.map(({ acknowledged }) => acknowledged);
    const waited = session.editors.map(({ waits }) => waits.length);
    const start = performance.now();
    await sleep(seconds * 1000);
    const taken = (performance.now() - start) / 1000;
    const done = session.editors.map(({ acknowledged }, n) => acknowledged - (before[n] ?? 0));
    const waits = session.editors.flatMap((editor, n) => editor.waits.slice(waited[n]));
    for (const editor of session.editors) editor.stop();
    await Promise.all(session.editors.map((editor) => editor.idle()));
    await session.verify();
    return { perSecond: done.reduce((sum, count) => sum + count, 0) / taken, waits };
  } finally {
    for (const editor of session.editors) editor.close();
  }
}

const percentile = (sorted: number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
const median = (list: number[]) =>
  percentile(
    list.toSorted((a, b) => a - b),
    0.5,
  );

stayOn(0);
const folder = mkdtempSync(join(values.store, "materi-bench-"));
for (const name of ["b", "c", "ours"]) mkdirSync(join(folder, name));
const contenders = [
  await limit("each", join(folder, "b")),
  await limit("gathered", join(folder, "c")),
  await ours(join(folder, "ours")),
];
stayOn(1);
try {
  process.stdout.write(
    "| workload | | edits/s | p50 ms | p99 ms | × LIMIT(b) | × LIMIT(c) |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
  );
  for (const { name, editors, edits } of workloads) {
    const outcomes = new Map<string, Outcome[]>(contenders.map((contender) => [contender.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        outcomes.get(contender.name)?.push(await measure(contender, editors, edits));
      }
    }
    const ratio = (of: Outcome[], to: string) =>
      median(
        of.map(({ perSecond }, round) => perSecond / (outcomes.get(to)?.[round]?.perSecond ?? Number.NaN)),
      );
    for (const [contender, list] of outcomes) {
      const waits = list.flatMap((outcome) => outcome.waits).sort((a, b) => a - b);
      const figures = [
        Math.round(median(list.map(({ perSecond }) => perSecond))).toLocaleString("en"),
        percentile(waits, 0.5).toFixed(2),
        percentile(waits, 0.99).toFixed(1),
        ratio(list, "LIMIT(b)").toFixed(2),
        ratio(list, "LIMIT(c)").toFixed(2),
      ];
      process.stdout.write(`| ${name} | ${contender} | ${figures.join(" | ")} |\n`);
    }
  }
} finally {
  for (const contender of contenders) await contender.stop();
  rmSync(folder, { recursive: true, force: true });
}
