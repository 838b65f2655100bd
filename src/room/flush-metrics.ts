import {
  addSeries,
  addTo,
  isMetered,
  metricTable,
  report,
  type Series,
  untilReport,
} from "../platform/metrics.ts";
import type { EndedFlush } from "./ended-flush.ts";

/** Milliseconds for which a busy room's commits are summed up. */
const gatherMs = 5_000;

const { ends } = metricTable.materi_room_commit_operations;

interface Sums {
  commits: number;
  failed: number;
  operations: number;
  transforms: number;
  rowsWritten: number;
  /** Commits by how many operations they held. */
  sizes: number[];
}

/**
 * Counts the group commits of a room: a commit adds a few numbers, and while the room is written to they go every five seconds to the
 * isolate's metrics, and as one point to the dataset `ANALYTICS` (docs/metrics.md) where there is one; what is left goes with the
 * alarm that announces the edits. So nothing is timed here, and no room is kept awake (law RM-7).
 */
export class FlushMetrics {
  readonly #documentId: string;
  readonly #dataset: Pick<AnalyticsEngineDataset, "writeDataPoint"> | undefined;
  readonly #isOn: boolean;
  #sums: Sums | undefined;
  #toldAt = 0;

  constructor(
    documentId: string | undefined,
    dataset: Pick<AnalyticsEngineDataset, "writeDataPoint"> | undefined,
  ) {
    this.#documentId = documentId ?? "";
    this.#dataset = dataset;
    this.#isOn = isMetered() || dataset !== undefined;
  }

  ended({ from, to, transforms, rowsWritten, error }: EndedFlush): void {
    if (!this.#isOn) return;
    this.#sums ??= noSums();
    const sums = this.#sums;
    if (error === undefined) {
      const operations = to - from + 1;
      sums.commits += 1;
      sums.operations += operations;
      sums.transforms += transforms;
      sums.rowsWritten += rowsWritten;
      let size = 0;
      while (size < ends.length && operations > ends[size]!) size += 1;
      sums.sizes[size]! += 1;
    } else {
      sums.failed += 1;
    }
    const now = Date.now();
    if (now - this.#toldAt >= gatherMs) this.tell(now);
  }

  /** Hands on what is summed up. */
  tell(now: number): void {
    const sums = this.#sums;
    if (!sums) return;
    this.#sums = undefined;
    this.#toldAt = now;
    const { commits, failed, operations, transforms, rowsWritten, sizes } = sums;
    this.#dataset?.writeDataPoint({
      indexes: [this.#documentId],
      blobs: ["commits"],
      doubles: [1, commits, failed, operations, transforms, rowsWritten],
    });
    const series: Series = {};
    if (commits > 0) {
      addTo(series, "materi_room_commits_total", { outcome: "ok" }, [commits]);
      addTo(series, "materi_room_commit_operations", {}, [operations, ...sizes]);
      addTo(series, "materi_room_transforms_total", {}, [transforms]);
      addTo(series, "materi_room_rows_written_total", {}, [rowsWritten]);
    }
    if (failed > 0) addTo(series, "materi_room_commits_total", { outcome: "failed" }, [failed]);
    addSeries(series);
    if (untilReport(now) === 0) void report(now);
  }
}

const noSums = (): Sums => ({
  commits: 0,
  failed: 0,
  operations: 0,
  transforms: 0,
  rowsWritten: 0,
  sizes: new Array<number>(ends.length + 1).fill(0),
});
