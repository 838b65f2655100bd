import type { Accepted } from "../ot/authority.ts";
import type { Operation } from "../ot/operation.ts";
import type { Author } from "./room-api.ts";

/** A writer as the room knows it: a small number for each (client id, user, kind); `clientId` null for REST and seed edits. */
export interface Actor {
  actor: number;
  clientId: string | null;
  userId: string;
  kind: Author["kind"];
}

/** An accepted operation, and how it came to be. */
export interface Logged extends Accepted {
  /** How many accepted operations it was transformed over, one by one (law OT-2): those between its base and itself. None: 0. */
  readonly transforms?: number;
  /**
   * Milliseconds from when the room heard its frame until its commit began, rounded down to a power of two; undefined:
   * fewer than `toldLatencyMs`. So what was slow is told for good, and what was not costs nothing.
   */
  readonly latencyMs?: number;
}

/** Milliseconds; below them a latency is not kept. */
export const toldLatencyMs = 8;

/** The actor's newest accepted submission: what exactly-once (law RM-3) needs to remember. */
export interface LastSubmission {
  seq: number;
  version: number;
}

/** A text, and the version that it is of. */
export interface TextAt {
  version: number;
  text: string;
}

/** The text that a load begins from. */
export interface Snapshot extends TextAt {
  /** See `chunkHashesOf`: they spare the first welcome after a load the whole text. */
  chunkHashes?: Uint32Array<ArrayBuffer>;
}

/** A room as storage holds it. */
export interface StoredRoom {
  /** Names this storage: random, given at `create`. Versions of another epoch say nothing about this one. */
  epoch: string;
  snapshot: Snapshot;
  /** Everything accepted after the snapshot, in order, with about the size of its encoding (UTF-16 units). */
  tail: Accepted[];
  tailUnits: number;
  actors: Actor[];
  /** As of the snapshot; the tail rolls it forward. */
  lastByActor: Map<number, LastSubmission>;
}

/** What one flush makes durable, all or nothing. */
export interface Commit {
  /** Version of the first entry. */
  from: number;
  entries: readonly Logged[];
  /** The operations' JSON, in the order of `entries` (they are encoded once, for log and broadcast). */
  operationsJson: readonly string[];
  /** Milliseconds since the epoch. */
  at: number;
  /** Actors that were never stored. */
  newActors: readonly Actor[];
  /** The text after the last entry, and the newest submission of every actor, when a snapshot is due. */
  snapshot?: Snapshot & { lastByActor: ReadonlyMap<number, LastSubmission> };
}

/** What one commit made durable, as the log tells it (a large one in several pieces). */
export interface Flush {
  /** Version of the first entry. */
  readonly from: number;
  /** Milliseconds since the epoch, to the second: what a history needs, at a tenth of what milliseconds cost. */
  readonly at: number;
  readonly entries: readonly Logged[];
}

/**
 * How much history is kept: the newest `operations`, and what is younger than `ageMs`. Null sets no bound; with both null,
 * everything is kept. What either of the two keeps is kept.
 */
export interface Retention {
  operations: number | null;
  ageMs: number | null;
}

/** The text at `version` had this sum (CRC-32 of its UTF-8): written with every snapshot, for the integrity check. */
export interface Point {
  version: number;
  sum: number;
}

/** What a replay comes to: the text, or who wrote it. */
export type CheckpointKind = "text" | "authors";

/** What a replay had come to at a version. Derived from the log: it may be lost, and costs nothing but time. */
export interface Checkpoint {
  version: number;
  value: string;
}

/** A history in other words: every text and every operation as long as before. */
export interface Rewriting {
  /** The text at the horizon. */
  base: string;
  /** What stands for the operation with this version. */
  operation(version: number, operation: Operation): Operation;
  /** The texts of the new history, where the old one had points. */
  points: readonly Point[];
  /** The newest version and its text; nothing is appended meanwhile. */
  snapshot: NonNullable<Commit["snapshot"]>;
}

/**
 * The operation log of one document: the port between the room and storage. Every call is synchronous: there is no
 * `await` between accepting and committing (law RM-4). A call that throws has stored nothing.
 */
export interface OperationLog {
  /** Undefined if the room was never created. Throws on what it cannot read: a room then serves nothing (law RM-8). */
  load(): StoredRoom | undefined;
  /** Makes an empty room at version 0. */
  create(at: number): void;
  append(commit: Commit): void;
  /** Accepted operations with versions from + 1 … to; `from` ≥ `horizon`. */
  read(from: number, to: number): Accepted[];
  /** The version that this submission got, if the log still has it. */
  find(actor: number, seq: number): number | undefined;

  // Its life: of a room that was created.

  /** The oldest version whose text is known and after which every operation is; 0 until something was trimmed. */
  readonly horizon: number;
  /** How operations up to this version came to be (`Logged`) is not known: the code of their time did not keep it. */
  readonly originsFrom: number;
  /** Storage is nearly full: nothing may be appended, so that there is room left to trim and to read. */
  readonly isFull: boolean;
  /** All flushes that have an operation after `version`, one by one: the caller may append or trim meanwhile. */
  flushes(version: number): Iterable<Flush>;
  /** The text at the horizon. */
  base(): TextAt;
  points(): Point[];
  /** The newest checkpoint of its kind that is not after `version`. */
  checkpoint(kind: CheckpointKind, version: number): Checkpoint | undefined;
  /** Keeps one, unless storage is nearly full. */
  saveCheckpoint(kind: CheckpointKind, checkpoint: Checkpoint): void;
  /**
   * How often it was rewritten or trimmed since it was opened. Whoever reads on after others had a turn looks at it first:
   * what was read before a redaction must not be shown after it.
   */
  readonly revision: number;
  retain(retention: Retention): void;
  /** When `upkeep` has next something to do, milliseconds since the epoch; undefined if nothing. */
  upkeepDueAt(): number | undefined;
  /**
   * One short step of what an old log needs: rows sealed, what no retention keeps trimmed. With `everything`, also what
   * is not due yet. Whether it did anything. Idempotent: a step is done whole or not at all.
   */
  upkeep(now: number, everything?: boolean): boolean;
  rewrite(rewriting: Rewriting): void;
  /** The tables behind it were replaced: what was known of them is known no more. */
  replaced(): void;
  /** Gives this storage another epoch: it was put back to an older state. */
  replaceEpoch(): void;
}
