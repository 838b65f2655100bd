import type { Accepted } from "../ot/authority.ts";
import { Text } from "../ot/text.ts";
import type {
  Actor,
  Checkpoint,
  CheckpointKind,
  Commit,
  Flush,
  LastSubmission,
  OperationLog,
  Point,
  Retention,
  Rewriting,
  StoredRoom,
  TextAt,
} from "./operation-log.ts";
import { flushWeight, segmentRuns } from "./segment-runs.ts";
import { readCheckpoint, writeCheckpoint } from "./sqlite-checkpoints.ts";
import { encodeHotRows, gapAfter, type Oldest, SqliteHistory } from "./sqlite-history.ts";
import { createRoom, openRoom, type RoomRow, replaceTables, type SqlStorageSlice } from "./sqlite-schema.ts";
import { SqliteSnapshot } from "./sqlite-snapshot.ts";
import { packText, readSnapshot, readText, writePackedText } from "./stored-text.ts";

/** Units of hot rows that are sealed at once: some 6,000 typed edits, which a load reads in 2 ms. */
const sealUnits = 131_072;

/**
 * What is sealed when nothing was written for so many milliseconds: hot rows of this many units, some 100 typed edits (to
 * read fewer is no cost). Later than the tokens of open sockets set the alarm, so while somebody is there it sets none.
 */
const idle = { units: 2_048, ms: 600_000 };

/** Units that a typed edit takes as a hot row, about: a load does not read old rows only to learn how long they are. */
const typedUnits = 20;

/** Bytes that a hot row adds at most to what its operations are: its other columns, and pages begun for it. */
const rowBytes = 16_384;

/** Milliseconds from the commit that made sealing due to the alarm: the burst may be over by then. */
const sealDelay = 5_000;

type ActorRow = {
  actor: number;
  client_id: string | null;
  user_id: string;
  kind: Actor["kind"];
  last_seq: number;
  last_version: number;
};

export interface SqliteOperationLogOptions {
  /** Bytes of the database from which on nothing is appended. */
  fullAt: number;
  /** A commit made upkeep due at this time, or earlier than it was. */
  onDue?: (at: number) => void;
  /** Something was appended, at this time. */
  onCommit?: (at: number) => void;
}

/** The operation log in a Durable Object's SQLite: one row per flush, sealed into segments as they get old. */
export class SqliteOperationLog implements OperationLog {
  readonly #storage: SqlStorageSlice;
  readonly #sql: SqlStorage;
  readonly #history: SqliteHistory;
  readonly #snapshot: SqliteSnapshot;
  readonly #options: SqliteOperationLogOptions;
  /** Undefined until the room's row was read. */
  #horizon: number | undefined;
  #isFull = false;
  /** Bytes that the storage has by now at most. */
  #bytesAtMost = 0;
  #hotUnits = 0;
  #keepMs: number | null = null;
  revision = 0;

  constructor(storage: SqlStorageSlice, options: SqliteOperationLogOptions) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#history = new SqliteHistory(storage.sql);
    this.#snapshot = new SqliteSnapshot(storage.sql);
    this.#options = options;
  }

  get horizon(): number {
    if (this.#horizon === undefined) this.#open();
    return this.#horizon ?? 0;
  }

  get originsFrom(): number {
    return this.#open()?.origins_from ?? 0;
  }

  /** The newest version; undefined if the room was never created. */
  get version(): number | undefined {
    const room = this.#open();
    return room && (this.#history.newestVersion() ?? room.horizon);
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  load(): StoredRoom | undefined {
    const room = this.#open();
    return room && this.#stored(room);
  }

  #stored(room: RoomRow): StoredRoom {
    const lastByActor = new Map<number, LastSubmission>();
    const actors = this.#sql
      .exec<ActorRow>("SELECT * FROM actors")
      .toArray()
      .map((row): Actor => {
        if (row.last_seq > 0) lastByActor.set(row.actor, { seq: row.last_seq, version: row.last_version });
        return { actor: row.actor, clientId: row.client_id, userId: row.user_id, kind: row.kind };
      });
    const tail: Accepted[] = [];
    let tailUnits = 0;
    for (const flush of this.#history.flushes(room.snapshot_version)) {
      for (const [index, entry] of flush.entries.entries()) {
        if (flush.from + index > room.snapshot_version) tail.push(entry);
      }
      tailUnits += flushWeight(flush);
    }
    return {
      epoch: room.epoch,
      snapshot: { version: room.snapshot_version, ...readSnapshot(this.#sql) },
      tail,
      tailUnits,
      actors,
      lastByActor,
    };
  }

  create(at: number): void {
    createRoom(this.#storage, at);
  }

  append(commit: Commit): void {
    const rows = encodeHotRows(commit);
    const write = () => {
      for (const { actor, clientId, userId, kind } of commit.newActors) {
        this.#sql.exec("INSERT INTO actors VALUES (?, ?, ?, ?, 0, 0)", actor, clientId, userId, kind);
      }
      this.#history.appendHot(rows);
      if (commit.snapshot) this.#snapshot.save(commit.snapshot);
    };
    // One statement is a transaction by itself; another around it would cost as much again.
    if (rows.length === 1 && commit.newActors.length === 0 && !commit.snapshot) write();
    else this.#storage.transactionSync(write);
    const units = rows.reduce((sum, row) => sum + row.entries.length, 0);
    this.#hotUnits += units;
    this.#grew(commit.snapshot ? Number.POSITIVE_INFINITY : 4 * units + rowBytes);
    if (this.#hotUnits >= sealUnits) this.#options.onDue?.(commit.at + sealDelay);
    else if (this.#hotUnits >= idle.units) this.#options.onDue?.(commit.at + idle.ms);
    if (this.#keepMs !== null) this.#options.onDue?.(commit.at + this.#keepMs);
    this.#options.onCommit?.(commit.at);
  }

  /** By so many bytes at most. How large the storage is, is asked of it only where it could be full. */
  #grew(bytes: number): void {
    this.#bytesAtMost += bytes;
    if (this.#bytesAtMost >= this.#options.fullAt) this.#measure();
  }

  #measure(): void {
    this.#bytesAtMost = this.#sql.databaseSize;
    this.#isFull = this.#bytesAtMost >= this.#options.fullAt;
  }

  read(from: number, to: number): Accepted[] {
    const found: Accepted[] = [];
    if (from >= to) return found;
    for (const flush of this.#history.flushes(from)) {
      if (flush.from > to) break;
      for (const [index, entry] of flush.entries.entries()) {
        const version = flush.from + index;
        if (version > from && version <= to) found.push(entry);
      }
    }
    if (found.length !== to - from) throw gapAfter(from + found.length);
    return found;
  }

  find(actor: number, seq: number): number | undefined {
    return this.#history.find(actor, seq);
  }

  // ── Its life ───────────────────────────────────────────────────────────────────────────────────────────────────

  flushes(version: number): Iterable<Flush> {
    return this.#history.flushes(version);
  }

  base(): TextAt {
    return { version: this.horizon, text: readText(this.#sql, "base") };
  }

  points(): Point[] {
    return this.#sql
      .exec<{ version: number; sum: number }>("SELECT * FROM points ORDER BY version")
      .toArray();
  }

  checkpoint(kind: CheckpointKind, version: number): Checkpoint | undefined {
    return readCheckpoint(this.#sql, kind, version);
  }

  saveCheckpoint(kind: CheckpointKind, checkpoint: Checkpoint): void {
    if (this.#isFull) return;
    this.#storage.transactionSync(() => writeCheckpoint(this.#sql, kind, checkpoint));
    this.#measure();
  }

  retain({ operations, ageMs }: Retention): void {
    this.#sql.exec("UPDATE room SET keep_operations = ?, keep_ms = ?", operations, ageMs);
    this.#open();
  }

  upkeepDueAt(): number | undefined {
    const room = this.#open();
    if (room) this.#hotUnits = this.#history.hotUnits();
    if (!room) return undefined;
    const due = Math.min(this.#sealDueAt(), this.#bringDueAt(), this.#trimDueAt(room));
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  /** By the size of what is not sealed alone. */
  #sealDueAt(): number {
    if (this.#hotUnits >= sealUnits) return 0;
    return this.#hotUnits >= idle.units ? this.#history.newestAt() + idle.ms : Number.POSITIVE_INFINITY;
  }

  /** When the snapshot is to be brought to the newest version. A room that is full is left as it is. */
  #bringDueAt(): number {
    return !this.#isFull && this.#snapshot.isWorthBringing()
      ? this.#history.newestAt() + idle.ms
      : Number.POSITIVE_INFINITY;
  }

  #trimDueAt(room: RoomRow): number {
    const oldest = this.#history.oldest();
    if (!oldest || this.#isKeptByNumber(room, oldest)) return Number.POSITIVE_INFINITY;
    if (room.keep_ms !== null) return oldest.at + room.keep_ms;
    return room.keep_operations !== null && oldest.isSealed ? 0 : Number.POSITIVE_INFINITY;
  }

  upkeep(now: number, everything = false): boolean {
    const room = this.#open();
    if (!room) return false;
    this.#hotUnits = this.#history.hotUnits();
    const done = this.#storage.transactionSync(() => {
      const trimmed = this.#trim(room, now);
      const isSealDue = everything || this.#sealDueAt() <= now || this.#isOldestTooOld(room, now);
      const sealed = isSealDue && this.#history.sealNext(spanMs(room));
      const packed = (everything || sealed) && packText(this.#sql, "snapshot");
      const brought = this.#bringSnapshot(now, everything);
      if (sealed || trimmed || packed) this.#notePeak();
      return sealed || trimmed || packed || brought;
    });
    this.#open();
    return done;
  }

  /** Once all is sealed that is to be. */
  #bringSnapshot(now: number, everything: boolean): boolean {
    const due = this.#bringDueAt();
    if (everything ? due === Number.POSITIVE_INFINITY : due > now) return false;
    if (this.#history.hotUnits() >= idle.units) return false;
    const room = this.#open();
    if (room) this.#snapshot.bring(this.#stored(room));
    return room !== undefined;
  }

  #isKeptByNumber({ keep_operations }: RoomRow, { lastVersion }: Oldest): boolean {
    return keep_operations !== null && lastVersion > (this.#history.newestVersion() ?? 0) - keep_operations;
  }

  /** Too old, not kept by number, and not sealed yet: only a segment can be trimmed. */
  #isOldestTooOld(room: RoomRow, now: number): boolean {
    const oldest = this.#history.oldest();
    if (room.keep_ms === null || !oldest || oldest.isSealed) return false;
    return oldest.at <= now - room.keep_ms && !this.#isKeptByNumber(room, oldest);
  }

  /** Takes away the oldest segment if nothing keeps it; what it did to the text is in the new base. */
  #trim(room: RoomRow, now: number): boolean {
    if (room.keep_operations === null && room.keep_ms === null) return false;
    const oldest = this.#history.oldest();
    if (!oldest?.isSealed || this.#isKeptByNumber(room, oldest)) return false;
    if (room.keep_ms !== null && oldest.at > now - room.keep_ms) return false;
    const text = Text.from(readText(this.#sql, "base"));
    const lastByActor = new Map<number, LastSubmission>();
    let version = room.horizon;
    for (const { actor, seq, operation } of this.read(room.horizon, oldest.lastVersion)) {
      version += 1;
      text.apply(operation);
      lastByActor.set(actor, { seq, version });
    }
    const horizonText = text.toString();
    if (version > room.snapshot_version) {
      // The snapshot would stand before the beginning of the log: the base takes its place.
      this.#snapshot.saveLastSubmissions(lastByActor);
      this.#sql.exec("UPDATE room SET snapshot_version = ?", version);
      writePackedText(this.#sql, "snapshot", horizonText);
    }
    writePackedText(this.#sql, "base", horizonText);
    this.#sql.exec("UPDATE room SET horizon = ?", version);
    this.#sql.exec("DELETE FROM segments WHERE last_version <= ?", version);
    // Sealed rows that wait for the rest of theirs to be: without their segment they would count as not sealed.
    this.#sql.exec("DELETE FROM operations WHERE last_version <= ?", version);
    for (const table of ["points", "checkpoints"])
      this.#sql.exec(`DELETE FROM ${table} WHERE version < ?`, version);
    this.revision += 1;
    return true;
  }

  rewrite({ base, operation, points, snapshot }: Rewriting): void {
    this.#storage.transactionSync(() => {
      this.#notePeak();
      this.#snapshot.saveLastSubmissions(snapshot.lastByActor);
      this.#sql.exec("UPDATE room SET snapshot_version = ?", snapshot.version);
      this.#sql.exec("DELETE FROM points");
      for (const { version, sum } of points) this.#sql.exec("INSERT INTO points VALUES (?, ?)", version, sum);
      replaceTables(this.#sql, () => {
        const flushes = rewritten(this.#history.flushes(this.horizon), operation);
        const runs = segmentRuns(flushes, spanMs({ keep_ms: this.#keepMs }));
        for (const run of runs) this.#history.writeSegment("new_segments", run);
        writePackedText(this.#sql, "new_base", base);
        writePackedText(this.#sql, "new_snapshot", snapshot.text);
      });
    });
    this.revision += 1;
    this.#open();
  }

  replaced(): void {
    this.revision += 1;
    this.#open();
  }

  replaceEpoch(): void {
    this.#sql.exec("UPDATE room SET epoch = ?", crypto.randomUUID());
  }

  /** Storage is at most as large as it ever was; what lies free in it is the difference (see `erase-free-pages.ts`). */
  #notePeak(): void {
    this.#sql.exec("UPDATE room SET peak_bytes = max(peak_bytes, ?)", this.#sql.databaseSize);
  }

  /** Reads the room's row, and what follows from it. */
  #open(): RoomRow | undefined {
    const room = openRoom(this.#storage);
    this.#horizon = room?.horizon;
    if (!room) return undefined;
    this.#keepMs = room.keep_ms;
    this.#hotUnits = this.#history.hotOperations() * typedUnits;
    this.#measure();
    return room;
  }
}

/** What a segment may span, so that a retention by age trims at most a quarter late. */
const spanMs = ({ keep_ms }: Pick<RoomRow, "keep_ms">): number =>
  keep_ms === null ? Number.POSITIVE_INFINITY : keep_ms / 4;

function* rewritten(flushes: Iterable<Flush>, operation: Rewriting["operation"]): Generator<Flush> {
  for (const { from, at, entries } of flushes) {
    yield {
      from,
      at,
      entries: entries.map((entry, index) => ({
        ...entry,
        operation: operation(from + index, entry.operation),
      })),
    };
  }
}
