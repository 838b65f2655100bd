import { errorFields, isLogged, log } from "../platform/log.ts";
import { operationTraceIds } from "../protocol/operation-trace.ts";
import type { EndedFlush } from "./ended-flush.ts";

/** Milliseconds for which a busy room's commits are gathered into one line. */
const gatherMs = 1_000;

/** Commits one after the other: their versions follow each other without a gap. */
type Gathered = Omit<EndedFlush, "error"> & { flushes: number };

/**
 * A line (`room_commit`) for every group commit. A room that commits more often than once a second gets one a second, with
 * the sums: a line costs 58 µs of workerd, the transaction and the row of a commit 32, and on the bill they are alike; to
 * gather costs 1. At level `debug` every commit has its own line, and one that failed always has.
 */
export class FlushLog {
  readonly #later: (run: () => void, ms: number) => void;
  #gathered: Gathered | undefined;
  /** A line was written less than `gatherMs` ago. */
  #isGathering = false;

  constructor(later: (run: () => void, ms: number) => void) {
    this.#later = later;
  }

  ended(flush: EndedFlush): void {
    if (flush.error !== undefined) {
      this.#write();
      write("error", { ...flush, flushes: 1 }, { outcome: "failed", ...errorFields(flush.error) });
      return;
    }
    if (!isLogged("info")) return;
    this.#gather(flush);
    if (isLogged("debug") || !this.#isGathering) this.#write();
    if (this.#isGathering) return;
    this.#isGathering = true;
    // It ends with the second that it is for, so it keeps no idle room awake (law RM-7).
    this.#later(() => this.#gatherOn(), gatherMs);
  }

  /** While there is something in every second. */
  #gatherOn(): void {
    this.#isGathering = this.#gathered !== undefined;
    this.#write();
    if (this.#isGathering) this.#later(() => this.#gatherOn(), gatherMs);
  }

  #gather(flush: EndedFlush): void {
    const sum = this.#gathered;
    if (!sum) {
      this.#gathered = { ...flush, flushes: 1 };
      return;
    }
    sum.to = flush.to;
    sum.flushes += 1;
    sum.transforms += flush.transforms;
    sum.rowsWritten += flush.rowsWritten;
    sum.durationMs += flush.durationMs;
  }

  #write(): void {
    if (this.#gathered) write("info", this.#gathered, { outcome: "ok" });
    this.#gathered = undefined;
  }
}

function write(
  level: "info" | "error",
  { documentId, from, to, flushes, transforms, rowsWritten, durationMs }: Gathered,
  outcome: Record<string, string | number | boolean | undefined>,
): void {
  log(level, "room_commit", {
    document_id: documentId,
    from,
    version: to,
    // What failed made no operation.
    operation_trace_ids: level === "error" ? undefined : operationTraceIds(documentId ?? "", from, to),
    flushes,
    operations: to - from + 1,
    transforms,
    rows_written: rowsWritten,
    duration_ms: Math.round(durationMs * 10) / 10,
    ...outcome,
  });
}
