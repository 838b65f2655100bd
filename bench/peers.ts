import type { EditorService } from "./editors/editor.ts";
import type { Recording } from "./trace/recording.ts";
import type { TraceService } from "./trace/service.ts";
import type { Bench, Contender } from "./workload.ts";

/** Other projects, as contenders of the workloads. */
export interface Peers {
  editors(bench: Bench): Promise<EditorService[]>;
  traces(bench: Bench): Promise<TraceService[]>;
  /** Those that compress where a client offers it, as browsers do. */
  compressedTraces(bench: Bench): Promise<TraceService[]>;
  /** A recording's document, opened by somebody new after the service was started again: "ms" until they have the text, "bytes" until then, "× the text". */
  coldOpens(bench: Bench, recording: Recording): Promise<Contender[]>;
}

// Not written out in the import: what leads to bench's own packages must neither be loaded nor type-checked where they are not installed.
const entry: string = "./peers/index.ts";

const none: Peers = {
  editors: async () => [],
  traces: async () => [],
  compressedTraces: async () => [],
  coldOpens: async () => [],
};

/** Those that this run measures. */
export const peersOf = async (bench: Bench): Promise<Peers> =>
  bench.peers ? ((await import(entry)) as { peers: Peers }).peers : none;
