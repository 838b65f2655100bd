import type { Accepted } from "../ot/authority.ts";
import type { Author } from "./room-api.ts";

/** A writer as the room knows it: a small number for each (client id, user, kind); `clientId` null for REST and seed edits. */
export interface Actor {
  actor: number;
  clientId: string | null;
  userId: string;
  kind: Author["kind"];
}

/** The actor's newest accepted submission: what exactly-once (law RM-3) needs to remember. */
export interface LastSubmission {
  seq: number;
  version: number;
}

/** A room as storage holds it. */
export interface StoredRoom {
  /** Text at `version`. */
  snapshot: { version: number; text: string };
  /** Everything accepted after the snapshot, in order, with the size of its encoding (UTF-16 units). */
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
  entries: readonly Accepted[];
  /** The operations' JSON, in the order of `entries` (they are encoded once, for log and broadcast). */
  operationsJson: readonly string[];
  /** Milliseconds since the epoch. */
  at: number;
  /** Actors that were never stored. */
  newActors: readonly Actor[];
  /** The text after the last entry, and the newest submission of every actor, when a snapshot is due. */
  snapshot?: { version: number; text: string; lastByActor: ReadonlyMap<number, LastSubmission> };
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
  /** Accepted operations with versions from + 1 … to. */
  read(from: number, to: number): Accepted[];
  /** The version that this submission got, if the log still has it. */
  find(actor: number, seq: number): number | undefined;
}
