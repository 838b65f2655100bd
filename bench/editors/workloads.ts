import { setTimeout as sleep } from "node:timers/promises";
import { serverCpu } from "../../test/support/server-cpu.ts";
import { percentile } from "../median.ts";
import { peersOf } from "../peers.ts";
import type { Bench, Contender, Figures, Workload } from "../workload.ts";
import type { EditorService } from "./editor.ts";
import { limit } from "./limit.ts";
import { ours } from "./ours.ts";

/** Milliseconds before a measurement: what the first moments cost (compiling, first rows) is not what lasts. */
const warmUpMs = ({ isSmoke }: Bench) => (isSmoke ? 20 : 500);

async function measure(
  service: EditorService,
  editors: number,
  edits: number,
  bench: Bench,
): Promise<Figures> {
  const session = await service.open(editors);
  try {
    for (const editor of session.editors) editor.start(edits);
    await sleep(warmUpMs(bench));
    const before = session.editors.map(({ acknowledged }) => acknowledged);
    const waited = session.editors.map(({ waits }) => waits.length);
    const start = performance.now();
    const cpu = serverCpu();
    await sleep(bench.seconds * 1_000);
    const taken = (performance.now() - start) / 1_000;
    const used = serverCpu() - cpu;
    const done = session.editors.map(({ acknowledged }, n) => acknowledged - (before[n] ?? 0));
    const waits = session.editors.flatMap((editor, n) => editor.waits.slice(waited[n])).sort((a, b) => a - b);
    for (const editor of session.editors) editor.stop();
    await Promise.all(session.editors.map((editor) => editor.idle()));
    await session.verify();
    const all = done.reduce((sum, count) => sum + count, 0);
    return {
      "edits/s": all / taken,
      "µs of CPU per edit": (used / all) * 1e6,
      "p50 ms": percentile(waits, 0.5),
      "p99 ms": percentile(waits, 0.99),
    };
  } finally {
    for (const editor of session.editors) editor.close();
  }
}

/** People at one document: one edit at a time each, or 32 at once in whatever form the service has for that. */
const concurrentEditors = (editors: number, edits: number, atLeast: number): Workload => ({
  id: `editors-${editors}-${edits}`,
  name: `${editors} editors, ${edits === 1 ? "one edit at a time" : "as fast as they can"}`,
  isQuick: true,
  targets: [{ figure: "edits/s", of: "LIMIT(c)", atLeast }],
  async contenders(bench: Bench): Promise<Contender[]> {
    const services = [
      await ours(bench),
      await limit(bench, "gathered"),
      // No target is of these.
      ...(bench.peers ? [await limit(bench, "each"), await limit(bench, "synced")] : []),
      ...(await (await peersOf(bench)).editors(bench)),
    ];
    return services.map((service) => ({
      name: service.name,
      measure: () => measure(service, editors, edits, bench),
    }));
  },
});

export const editorWorkloads: readonly Workload[] = [
  concurrentEditors(10, 1, 0.9),
  concurrentEditors(10, 32, 1),
  concurrentEditors(50, 1, 0.85),
  concurrentEditors(50, 32, 0.8),
];
