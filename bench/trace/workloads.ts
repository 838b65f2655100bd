import { serverCpu } from "../../test/support/server-cpu.ts";
import { peersOf } from "../peers.ts";
import type { Bench, Contender, Figures, Workload } from "../workload.ts";
import { limit } from "./limit.ts";
import { ours } from "./ours.ts";
import { type Recording, recording } from "./recording.ts";
import { asBrowser, type TraceService } from "./service.ts";

/** Edits of the trace for a second of the run's: 50,000 by default. */
const editsPerSecond = 20_000;

/** Edits before a measurement, in a document of their own: what the first moments cost (compiling, first rows) is not what lasts. */
const warmUpEdits = ({ isSmoke }: Bench) => (isSmoke ? 40 : 2_000);

async function measure(
  service: TraceService,
  { edits, text }: Recording,
  window: number,
  bench: Bench,
): Promise<Figures> {
  const before = await service.open();
  await before.write(edits.slice(0, warmUpEdits(bench)), window);
  before.close();
  const session = await service.open();
  try {
    const cpu = serverCpu();
    const start = performance.now();
    await session.write(edits, window);
    const seconds = (performance.now() - start) / 1_000;
    const used = serverCpu() - cpu;
    await session.verify(text);
    return {
      "edits/s": edits.length / seconds,
      "µs of CPU per edit": (used / edits.length) * 1e6,
      "bytes up per edit": session.bytes.up / edits.length,
      "bytes down per edit": session.bytes.down / edits.length,
    };
  } finally {
    session.close();
  }
}

/** The trace, written to each of these services in turn. */
const replayed = (services: readonly TraceService[], window: number, bench: Bench): Contender[] => {
  const trace = recording("automerge-paper", bench.all ? undefined : editsPerSecond * bench.seconds);
  return services.map((service) => ({
    name: service.name,
    measure: () => measure(service, trace, window, bench),
  }));
};

/** Materi, the LIMITs and the peers, each writing with this window. */
async function inTurns(window: number, bench: Bench): Promise<Contender[]> {
  const limits = [await limit(bench, "each"), await limit(bench, "gathered"), await limit(bench, "together")];
  const peers = await (await peersOf(bench)).traces(bench);
  return replayed([await ours(bench), ...limits, ...peers], window, bench);
}

export const traceWorkloads: readonly Workload[] = [
  {
    id: "trace-fast",
    name: "recorded trace, 1 writer and 1 observer, as fast as they can",
    isQuick: true,
    targets: [{ figure: "edits/s", of: "LIMIT(b)", atLeast: 7 }],
    contenders: (bench) => inTurns(32, bench),
  },
  {
    id: "trace-wide",
    name: "recorded trace, 1 writer and 1 observer, up to 1,024 edits on their way",
    isQuick: false,
    targets: [],
    contenders: (bench) => inTurns(1_024, bench),
  },
  {
    id: "trace-single",
    name: "recorded trace, 1 writer and 1 observer, one edit at a time",
    isQuick: false,
    // Every round has the same bytes.
    rounds: 1,
    targets: [
      { figure: "bytes up per edit", atMost: 60 },
      { figure: "bytes down per edit", atMost: 45 },
    ],
    async contenders(bench) {
      const own = [await ours(bench, asBrowser), await ours(bench)];
      const peers = await peersOf(bench);
      const others = [...(await peers.compressedTraces(bench)), ...(await peers.traces(bench))];
      return replayed([...own, ...others], 1, bench);
    },
  },
];
