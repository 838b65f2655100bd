import type { Operation } from "../ot/operation.ts";
import type { Commit, Flush, Logged } from "./operation-log.ts";
import { decodeSegment, sealedSegment, summarizeSegment } from "./segment.ts";
import { rowUnits, segmentOperations, segmentRuns } from "./segment-runs.ts";
import { emptyOperations } from "./sqlite-schema.ts";

/** How an entry stands in a hot row: `[actor, seq, operation]`, with `transforms` and `latencyMs` behind where they are not 0. */
type EntryJson = [actor: number, seq: number, operation: Operation, transforms?: number, latencyMs?: number];

type HotRow = { last_version: number; at: number; entries: string };
type SegmentRow = { last_version: number; at: number; sealed: ArrayBuffer };

export interface Oldest {
  lastVersion: number;
  at: number;
  isSealed: boolean;
}

/** Segments that one step writes: some 50 ms. */
const segmentsAtOnce = 2;

/**
 * Hot rows that are read at once: with the longest, 16 MB. No cursor stays open over a `yield`: the caller may write, and
 * SQLite locks a table that is being read against its being dropped.
 */
const rowsAtOnce = 32;

/** The operations in the room's SQLite: sealed segments, and after them hot rows. */
export class SqliteHistory {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Flushes with an operation after `version`; throws where one is missing (law RM-8). One segment is in memory at a
   * time, and between two of them the log may change its shape.
   */
  *flushes(version: number): Generator<Flush> {
    let reached = version;
    for (let row = this.#segmentAfter(reached); row; row = this.#segmentAfter(reached)) {
      for (const flush of decodeRow(row)) {
        const last = lastVersionOf(flush);
        if (last <= reached) continue;
        if (flush.from > reached + 1) throw gapAfter(reached);
        reached = last;
        yield flush;
      }
    }
    for (const flush of this.#hot("after", reached)) {
      if (flush.from > reached + 1) throw gapAfter(reached);
      reached = lastVersionOf(flush);
      yield flush;
    }
  }

  find(actor: number, seq: number): number | undefined {
    for (const flush of this.#hot("before", Number.MAX_SAFE_INTEGER)) {
      const found = versionIn(flush, actor, seq);
      if (found !== undefined) return found;
    }
    for (let row = this.#segmentBefore(null); row; row = this.#segmentBefore(row.last_version)) {
      const range = summarizeSegment(new Uint8Array(row.sealed)).seqs.get(actor);
      if (!range || seq < range.lowest || seq > range.highest) continue;
      for (const flush of decodeRow(row)) {
        const found = versionIn(flush, actor, seq);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  appendHot(rows: readonly HotRow[]): void {
    for (const { last_version, at, entries } of rows) {
      this.#sql.exec("INSERT INTO operations VALUES (?, ?, ?)", last_version, at, entries);
    }
  }

  /** How many operations are not sealed; reads two rows. */
  hotOperations(): number {
    return this.#sql
      .exec<{ operations: number }>(
        "SELECT max(0, coalesce((SELECT max(last_version) FROM operations), 0) - max((SELECT horizon FROM room), coalesce((SELECT max(last_version) FROM segments), 0))) AS operations",
      )
      .one().operations;
  }

  /** Units of the hot rows that are not sealed; reads them all. */
  hotUnits(): number {
    return this.#sql
      .exec<{ units: number }>(
        "SELECT coalesce(sum(length(entries)), 0) AS units FROM operations WHERE last_version > (SELECT coalesce(max(last_version), 0) FROM segments)",
      )
      .one().units;
  }

  /** When the newest operation was committed; 0 if none is stored. */
  newestAt(): number {
    return this.#sql
      .exec<{ at: number }>(
        "SELECT coalesce((SELECT at FROM operations ORDER BY last_version DESC LIMIT 1), (SELECT at FROM segments ORDER BY last_version DESC LIMIT 1), 0) AS at",
      )
      .one().at;
  }

  /** The oldest segment, or else the oldest hot row: its newest version and time. */
  oldest(): Oldest | undefined {
    for (const table of ["segments", "operations"] as const) {
      const [row] = this.#sql
        .exec<{ last_version: number; at: number }>(
          `SELECT last_version, at FROM ${table} ORDER BY last_version LIMIT 1`,
        )
        .toArray();
      if (row) return { lastVersion: row.last_version, at: row.at, isSealed: table === "segments" };
    }
    return undefined;
  }

  /**
   * Seals the oldest hot rows, two segments at most, first into the newest where it is not full. Whether there were any.
   * To be called in a transaction.
   *
   * Sealed rows stay where they are until all are, and then go at once: to delete a row is billed as writing one, to drop
   * a table is not. Until then the segments are read in their place.
   */
  sealNext(spanMs: number): boolean {
    const last = this.#segmentBefore(null);
    const isOpen = last && summarizeSegment(new Uint8Array(last.sealed)).entries < segmentOperations;
    const inLast = isOpen ? decodeRow(last) : [];
    // One that would be several by the rules of today is left as it is: it is written anew whole or not at all.
    const open = [...segmentRuns(inLast, spanMs)].length === 1 ? inLast : [];
    const unsealed = this.#hot("after", last?.last_version ?? 0);
    let written = 0;
    let isAll = true;
    for (const run of segmentRuns(chain(open, unsealed), spanMs)) {
      if (run.at(-1) === open.at(-1)) continue;
      isAll = written < segmentsAtOnce;
      if (!isAll) break;
      if (last && run[0] === open[0]) {
        this.#sql.exec("DELETE FROM segments WHERE last_version = ?", last.last_version);
      }
      this.writeSegment("segments", run);
      written += 1;
    }
    if (written > 0 && isAll) emptyOperations(this.#sql);
    return written > 0;
  }

  /** The hot rows after a version, oldest first, or before it, newest first. */
  *#hot(side: "after" | "before", version: number): Generator<Flush> {
    const [than, order] = side === "after" ? [">", "ASC"] : ["<", "DESC"];
    for (let reached = version; ; ) {
      const rows = this.#sql
        .exec<HotRow>(
          `SELECT * FROM operations WHERE last_version ${than} ? ORDER BY last_version ${order} LIMIT ?`,
          reached,
          rowsAtOnce,
        )
        .toArray();
      for (const row of rows) yield decodeHotRow(row);
      if (rows.length < rowsAtOnce) return;
      reached = rows.at(-1)!.last_version;
    }
  }

  writeSegment(table: "segments" | `${"new" | "incoming"}_segments`, flushes: readonly Flush[]): void {
    this.#sql.exec(
      `INSERT INTO ${table} VALUES (?, ?, ?)`,
      lastVersionOf(flushes.at(-1)!),
      flushes.reduce((latest, { at }) => Math.max(latest, at), 0),
      sealedSegment(flushes),
    );
  }

  /** Undefined: no operation is stored. */
  newestVersion(): number | undefined {
    return (
      this.#sql
        .exec<{ newest: number | null }>(
          "SELECT max(coalesce((SELECT max(last_version) FROM operations), 0), coalesce((SELECT max(last_version) FROM segments), 0)) AS newest",
        )
        .one().newest || undefined
    );
  }

  #segmentAfter(version: number): SegmentRow | undefined {
    return this.#sql
      .exec<SegmentRow>(
        "SELECT * FROM segments WHERE last_version > ? ORDER BY last_version LIMIT 1",
        version,
      )
      .toArray()[0];
  }

  /** The newest segment before this version; of all, with null. */
  #segmentBefore(version: number | null): SegmentRow | undefined {
    return this.#sql
      .exec<SegmentRow>(
        "SELECT * FROM segments WHERE last_version < ? ORDER BY last_version DESC LIMIT 1",
        version ?? Number.MAX_SAFE_INTEGER,
      )
      .toArray()[0];
  }
}

function* chain<T>(...parts: Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}

const lastVersionOf = ({ from, entries }: Flush): number => from + entries.length - 1;

export const gapAfter = (version: number): Error =>
  new Error(`the operation log has a gap after version ${version}`);

function versionIn({ from, entries }: Flush, actor: number, seq: number): number | undefined {
  const index = entries.findIndex((entry) => entry.actor === actor && entry.seq === seq);
  return index < 0 ? undefined : from + index;
}

function decodeRow({ last_version, sealed }: SegmentRow): Flush[] {
  const flushes = decodeSegment(new Uint8Array(sealed));
  const last = flushes.at(-1);
  if (!last || lastVersionOf(last) !== last_version) {
    throw new Error(`the segment up to version ${last_version} holds another`);
  }
  return flushes;
}

function decodeHotRow({ last_version, at, entries }: HotRow): Flush {
  const decoded = (JSON.parse(entries) as EntryJson[]).map(
    ([actor, seq, operation, transforms, latencyMs]): Logged => ({
      actor,
      seq,
      operation,
      ...(transforms && { transforms }),
      ...(latencyMs && { latencyMs }),
    }),
  );
  return { from: last_version - decoded.length + 1, at: Math.floor(at / 1000) * 1000, entries: decoded };
}

/** One flush: one row, or several where one would grow past `rowUnits`. */
export function encodeHotRows({
  from,
  at,
  entries,
  operationsJson,
}: Pick<Commit, "from" | "at" | "entries" | "operationsJson">): HotRow[] {
  const rows: HotRow[] = [];
  let parts: string[] = [];
  let units = 0;
  const close = (last_version: number) => {
    if (parts.length > 0) rows.push({ last_version, at, entries: `[${parts.join(",")}]` });
    parts = [];
    units = 0;
  };
  for (const [index, { actor, seq, transforms, latencyMs }] of entries.entries()) {
    const latency = latencyMs ? `,${latencyMs}` : "";
    const origin = transforms || latencyMs ? `,${transforms ?? 0}${latency}` : "";
    const part = `[${actor},${seq},${operationsJson[index]}${origin}]`;
    if (units + part.length > rowUnits) close(from + index - 1);
    parts.push(part);
    units += part.length;
  }
  close(from + entries.length - 1);
  return rows;
}
