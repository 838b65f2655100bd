import { crc32 } from "node:zlib";
import { chunksOf } from "../ot/chunk-hashes.ts";
import { Text } from "../ot/text.ts";
import type { OperationLog, Snapshot, TextAt } from "./operation-log.ts";

/** What is wrong with a history, and at which version it shows. */
export interface IntegrityFault {
  version: number;
  what: string;
}

export interface IntegrityReport {
  /** The version that was reached, and from which on: the horizon. */
  version: number;
  horizon: number;
  /** How many operations were replayed, and how many recorded texts they were compared with. */
  operations: number;
  points: number;
  /** Empty: the history is whole, and gives the text that the room serves. */
  faults: IntegrityFault[];
}

/** Operations replayed between two yields: a few milliseconds. */
const stepOperations = 2_048;

/**
 * Replays the log from the text at its horizon, and compares what comes out with everything that was recorded: the sums
 * written with snapshots, the newest snapshot, and the text that the room serves (`current`; undefined if it serves
 * none). Writes nothing. Between two steps the log may go on, be sealed or trimmed.
 */
export function* checkIntegrity(
  log: OperationLog,
  current: TextAt | undefined,
): Generator<void, IntegrityReport> {
  const report: IntegrityReport = { version: 0, horizon: 0, operations: 0, points: 0, faults: [] };
  const fault = (what: string) => void report.faults.push({ version: report.version, what });
  if (!current) fault("the room cannot load it");
  try {
    yield* replay(log, current, report, fault);
  } catch (error) {
    fault(error instanceof Error ? error.message : "it cannot be read");
  }
  return report;
}

const hashOf = ({ text, chunkHashes }: Snapshot): number =>
  Text.from(text, chunkHashes && chunksOf(text, chunkHashes)).hash();

function* replay(
  log: OperationLog,
  current: TextAt | undefined,
  report: IntegrityReport,
  fault: (what: string) => void,
): Generator<void, void> {
  const base = log.base();
  const sums = new Map(log.points().map(({ version, sum }) => [version, sum]));
  const snapshot = log.load()?.snapshot;
  const recorded = [snapshot, current].filter((at) => at !== undefined);
  const text = Text.from(base.text);
  const seqs = new Map<number, number>();
  report.version = base.version;
  report.horizon = base.version;
  const compare = () => {
    const sum = sums.get(report.version);
    const texts = recorded.filter(({ version }) => version === report.version);
    if (sum === undefined && texts.length === 0) return;
    const replayed = text.toString();
    if (sum !== undefined && sum !== crc32(replayed)) fault("the text differs from the recorded sum");
    if (texts.some((at) => at.text !== replayed)) fault("the text differs from the stored or served one");
    if (snapshot?.version === report.version && hashOf(snapshot) !== Text.from(replayed).hash())
      fault("the stored hashes of the text are of another");
    report.points += texts.length + (sum === undefined ? 0 : 1);
  };

  compare();
  for (const { entries } of log.flushes(base.version)) {
    for (const { actor, seq, operation } of entries) {
      if (report.version === current?.version) return;
      report.version += 1;
      report.operations += 1;
      const last = seqs.get(actor);
      if (last !== undefined && seq !== last + 1) fault(`seq ${seq} follows ${last}`);
      seqs.set(actor, seq);
      const misfit = text.check(operation);
      if (misfit) {
        // What follows is about another text.
        fault(`the operation does not fit: ${misfit}`);
        return;
      }
      text.apply(operation);
      compare();
      if (report.operations % stepOperations === 0) yield;
    }
  }
  if (current && report.version < current.version) fault(`the log ends before version ${current.version}`);
}
