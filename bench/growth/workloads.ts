import { setTimeout as sleep } from "node:timers/promises";
import { serverCpu } from "../../test/support/server-cpu.ts";
import { openEditors } from "../editors/ours.ts";
import type { History } from "../filled/filled-room.ts";
import { type FilledService, filledService } from "../filled/service.ts";
import type { Contender, Figures, Workload } from "../workload.ts";

const editors = 10;
const warmUpMs = 500;

interface Size {
  name: string;
  units: number;
  history?: History;
}

/** So far apart are the places that are edited, wherever the text ends: a thousandth of it. */
const places = 1_000;

/**
 * Another character in the place of one: texts stay as long as they are. All sizes have the same frames but for the digits of
 * positions and versions.
 */
const replacing =
  (units: number) =>
  (_: number, random: (below: number) => number): (number | string)[] => {
    const at = Math.floor((random(places) * (units - 1)) / places);
    return at > 0 ? [at, "x", -1] : ["x", -1];
  };

/** The same editors, at a document of this size. */
async function contender(service: FilledService, { name, units, history }: Size, seconds: number) {
  const { url, owner } = service;
  const { id } = await service.document("-".repeat(units), history);
  const measure = async (): Promise<Figures> => {
    const { editors: all, verify } = await openEditors({
      url,
      owner,
      id,
      count: editors,
      typing: replacing(units),
    });
    const acknowledged = () => all.reduce((sum, editor) => sum + editor.acknowledged, 0);
    try {
      for (const editor of all) editor.start(1);
      await sleep(warmUpMs);
      const before = acknowledged();
      const start = performance.now();
      const cpu = serverCpu();
      await sleep(seconds * 1_000);
      const edits = acknowledged() - before;
      const used = serverCpu() - cpu;
      const taken = (performance.now() - start) / 1_000;
      for (const editor of all) editor.stop();
      await Promise.all(all.map((editor) => editor.idle()));
      await verify();
      return { "edits/s": edits / taken, "µs of CPU per edit": (used / edits) * 1e6 };
    } finally {
      for (const editor of all) editor.close();
    }
  };
  return { name, measure };
}

/** The largest is not slower than each of the others. */
const growth = (id: string, name: string, [largest, ...others]: [Size, ...Size[]]): Workload => ({
  id,
  name,
  isQuick: false,
  rounds: 5,
  targets: others.map((other) => ({ figure: "edits/s", of: other.name, atLeast: 0.9 })),
  async contenders(bench) {
    const service = await filledService(bench);
    const contenders: Contender[] = [];
    for (const size of [largest, ...others]) contenders.push(await contender(service, size, bench.seconds));
    // What the first seconds of the service cost, until V8 has compiled what is used, is nobody's: least of all the first one's.
    for (const { measure } of contenders) await measure();
    return contenders;
  },
});

export const growthWorkloads: readonly Workload[] = [
  growth("room-text", `${editors} editors, one edit at a time, by the text`, [
    { name: "1 MB", units: 1_000_000 },
    { name: "100 kB", units: 100_000 },
    { name: "1 kB", units: 1_000 },
  ]),
  growth("room-history", `${editors} editors, one edit at a time, by what was written before`, [
    { name: "1,000,000 operations", units: 100_000, history: { steady: 1_000_000 } },
    { name: "10,000 operations", units: 100_000, history: { steady: 10_000 } },
    { name: "no operations", units: 100_000 },
  ]),
];
