import { crc32 } from "node:zlib";
import type { Accepted } from "../ot/authority.ts";
import { Text } from "../ot/text.ts";
import type {
  Actor,
  Checkpoint,
  CheckpointKind,
  Commit,
  Flush,
  LastSubmission,
  Logged,
  OperationLog,
  Point,
  Retention,
  Rewriting,
  Snapshot,
  StoredRoom,
  TextAt,
} from "./operation-log.ts";

/** The operation log in memory, for tests and simulations: the same contract as on SQLite. */
export class MemoryOperationLog implements OperationLog {
  #epoch: string | undefined;
  /** Of the operations after the horizon. */
  #kept: { entry: Logged; at: number; units: number }[] = [];
  #base: TextAt = { version: 0, text: "" };
  #points: Point[] = [];
  #checkpoints: { kind: CheckpointKind; checkpoint: Checkpoint }[] = [];
  revision = 0;
  readonly originsFrom = 0;
  #actors: Actor[] = [];
  #snapshot: Snapshot = { version: 0, text: "" };
  #lastByActor: StoredRoom["lastByActor"] = new Map();
  #retention: Retention = { operations: null, ageMs: null };
  /** Operations after the horizon from which on it is full. */
  capacity = Number.POSITIVE_INFINITY;

  get isFull(): boolean {
    return this.#kept.length >= this.capacity;
  }

  get horizon(): number {
    return this.#base.version;
  }

  get #version(): number {
    return this.#base.version + this.#kept.length;
  }

  load(): StoredRoom | undefined {
    if (this.#epoch === undefined) return undefined;
    const tail = this.#kept.slice(this.#snapshot.version - this.horizon);
    return {
      epoch: this.#epoch,
      snapshot: { ...this.#snapshot },
      tail: tail.map(({ entry }) => entry),
      tailUnits: tail.reduce((sum, { units }) => sum + units, 0),
      actors: this.#actors.map((actor) => ({ ...actor })),
      lastByActor: new Map(this.#lastByActor),
    };
  }

  create(_at: number): void {
    this.#epoch = crypto.randomUUID();
  }

  append({ from, at, entries, operationsJson, newActors, snapshot }: Commit): void {
    if (this.#epoch === undefined) throw new Error("append to a room that was never created");
    if (from !== this.#version + 1) {
      throw new Error(`append from version ${from} to a log that ends at ${this.#version}`);
    }
    for (const [index, entry] of entries.entries()) {
      this.#kept.push({ entry, at, units: operationsJson[index]!.length });
    }
    this.#actors.push(...newActors);
    if (snapshot) this.#saveSnapshot(snapshot);
  }

  #saveSnapshot({ lastByActor, ...snapshot }: NonNullable<Commit["snapshot"]>): void {
    const { version, text } = snapshot;
    this.#snapshot = snapshot;
    this.#lastByActor = new Map(lastByActor);
    this.#points.push({ version, sum: crc32(text) });
  }

  read(from: number, to: number): Accepted[] {
    return this.#kept.slice(from - this.horizon, to - this.horizon).map(({ entry }) => entry);
  }

  find(actor: number, seq: number): number | undefined {
    const index = this.#kept.findLastIndex(({ entry }) => entry.actor === actor && entry.seq === seq);
    return index < 0 ? undefined : this.horizon + index + 1;
  }

  *flushes(version: number): Generator<Flush> {
    for (let reached = version; reached < this.#version; reached++) {
      const { entry, at } = this.#kept[reached - this.horizon]!;
      yield { from: reached + 1, at: Math.floor(at / 1000) * 1000, entries: [entry] };
    }
  }

  base(): TextAt {
    return { ...this.#base };
  }

  points(): Point[] {
    return this.#points.map((point) => ({ ...point }));
  }

  checkpoint(kind: CheckpointKind, version: number): Checkpoint | undefined {
    const before = this.#checkpoints.filter(
      (kept) => kept.kind === kind && kept.checkpoint.version <= version,
    );
    return before.map(({ checkpoint }) => checkpoint).sort((a, b) => b.version - a.version)[0];
  }

  saveCheckpoint(kind: CheckpointKind, checkpoint: Checkpoint): void {
    if (!this.isFull) this.#checkpoints.push({ kind, checkpoint });
  }

  retain(retention: Retention): void {
    this.#retention = retention;
  }

  upkeepDueAt(): number | undefined {
    const { operations, ageMs } = this.#retention;
    const [oldest] = this.#kept;
    if ((operations === null && ageMs === null) || !oldest || this.#kept.length <= (operations ?? 0)) {
      return undefined;
    }
    return ageMs === null ? 0 : oldest.at + ageMs;
  }

  upkeep(now: number): boolean {
    const due = this.upkeepDueAt();
    if (due === undefined || due > now) return false;
    const text = Text.from(this.#base.text);
    let { version } = this.#base;
    const lastByActor = new Map<number, LastSubmission>(this.#lastByActor);
    for (let next: number | undefined = due; next !== undefined && next <= now; next = this.upkeepDueAt()) {
      const { entry } = this.#kept.shift()!;
      version += 1;
      text.apply(entry.operation);
      if (version > this.#snapshot.version) lastByActor.set(entry.actor, { seq: entry.seq, version });
      this.#base = { version, text: this.#base.text };
    }
    this.#base = { version, text: text.toString() };
    if (version > this.#snapshot.version) {
      this.#snapshot = { ...this.#base };
      this.#lastByActor = lastByActor;
    }
    this.#points = this.#points.filter((point) => point.version >= version);
    this.#checkpoints = this.#checkpoints.filter(({ checkpoint }) => checkpoint.version >= version);
    this.revision += 1;
    return true;
  }

  rewrite({ base, operation, points, snapshot }: Rewriting): void {
    for (const [index, kept] of this.#kept.entries()) {
      kept.entry = { ...kept.entry, operation: operation(this.horizon + index + 1, kept.entry.operation) };
    }
    this.#base.text = base;
    this.#saveSnapshot(snapshot);
    this.#points = [...points];
    this.#checkpoints = [];
    this.revision += 1;
  }

  replaced(): void {
    this.revision += 1;
  }

  replaceEpoch(): void {
    this.#epoch = crypto.randomUUID();
  }
}
