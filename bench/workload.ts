import type { Server } from "../test/support/server.ts";

/** What one measurement came to. A figure's name tells its unit: "edits/s", "bytes up per edit". */
export type Figures = Record<string, number>;

/** What is aimed at for a figure of Materi's: by itself, or as a multiple of the same figure of another contender in the same round. */
export interface Target {
  figure: string;
  /** The name of the contender. */
  of?: string;
  atLeast?: number;
  atMost?: number;
}

/** A service, or a library, under test. */
export interface Contender {
  name: string;
  /** Measures once. Throws if what came out of it is wrong: then it does not count. */
  measure(): Promise<Figures>;
}

/** One line of the table of targets. */
export interface Workload {
  /** What `--only` finds it by, such as "editors-10". */
  id: string;
  /** As a reader knows it. */
  name: string;
  /** Whether it is among those that `npm run bench` has time for. */
  isQuick: boolean;
  /** How often it is measured, in turns with the others; the median counts. Default: what the run was told. */
  rounds?: number;
  targets: readonly Target[];
  /** What the names of its figures, all of them numbers, count, and what the figures are: drawn as lines. */
  growth?: { of: string; figure: string };
  /** Materi first. Whatever a contender needs is started here, and ended by `Bench.stop`. */
  contenders(bench: Bench): Promise<Contender[]>;
}

/** What all workloads of a run share. */
export interface Bench {
  /** Seconds that one measurement of something that goes on lasts. */
  readonly seconds: number;
  /** Whether the run takes its time: then traces are replayed to their end. */
  readonly all: boolean;
  /** Whether it is only seen that all works, as soon as can be: then nothing is warmed up, few take part, and nobody waits for a service to come to rest, beside which others are at work. */
  readonly isSmoke: boolean;
  /** Whether other projects are measured too: what they need is installed by then. */
  readonly peers: boolean;
  /** A Worker on workerd on the first core, the same for all who name the same entry; the load is on the second. */
  server(main: string, settings?: Record<string, string>, v8Flags?: string): Promise<Server>;
  /** Something else on the first core, started by `start`, which gets a new folder for what it stores. The same for all who name the same. */
  service<T extends { stop(): Promise<void> }>(
    name: string,
    start: (folder: string) => Promise<T>,
  ): Promise<T>;
}
