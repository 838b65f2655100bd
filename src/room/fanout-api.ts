import type { Role } from "../protocol/server-frames.ts";
import type { Writer } from "./actor-registry.ts";
import type { DivergenceReport } from "./divergence.ts";
import type { KnownChange, Whose } from "./live-access.ts";
import type { RoomResult, RoomStats } from "./room-api.ts";

/** What a fan-out begins with: everything committed, and frames from there on by `deliver`. */
export interface Feed {
  /** A `welcome` as any client gets it; after `since`, where the fan-out gave one and the log reaches. */
  welcome: string;
  /** The text at the welcome's version, where that need not have it. */
  text?: string;
  /** Changes of access that are still remembered. */
  changes: readonly KnownChange[];
  /** Until when the document's frames are shown in the log, milliseconds since the epoch. */
  framesShownUntil?: number | undefined;
}

/** What a fan-out asks of the one above it: of a document's room, or of another fan-out. */
export interface FanoutParent {
  /** Subscribes a fan-out, or subscribes it anew. `since` is the version that its viewers have. */
  attach(shard: number, audience: { viewers: number; since?: number }): Promise<RoomResult<Feed>>;
  /** How many viewers a fan-out has, those of the fan-outs below it included; with none it is subscribed no longer. */
  count(shard: number, viewers: number): Promise<{ subscribed: boolean }>;
}

/** What a document's room offers to its fan-outs. */
export interface FanoutSource extends FanoutParent {
  /**
   * What the room knows of a client: its number and its newest `seq` (0 if it never wrote), and the items of what was
   * accepted after `since`, as JSON, where the log reaches.
   */
  recall(
    writer: Writer,
    since: number | undefined,
  ): Promise<RoomResult<{ actor: number; lastSeq: number; items?: string[] }>>;
  /** A viewer's text was another than the room's. */
  diverged(report: DivergenceReport): Promise<void>;
}

/** What a fan-out offers to the one above it, whose frames it passes on. */
export interface ViewerFanoutApi extends FanoutParent {
  /**
   * Frames, in order; undefined: some may be lost, so the fan-out is to attach anew. Answers how many viewers there are, those of the
   * fan-outs below it included; with none it is subscribed no longer.
   */
  deliver(frames: string[] | undefined): Promise<{ viewers: number }>;
  setRole(userId: string, role: Role, reason: string): Promise<{ sockets: number }>;
  revoke(whose: Whose, reason: string): Promise<{ sockets: number }>;
  /** The history was rewritten: no copy of it is kept, here or below. */
  forget(): Promise<void>;
  /** As the room's, here and below. */
  debugFrames(until: number | undefined): Promise<void>;
  /** Closes every socket with 4410. */
  end(): Promise<void>;
  stats(): Promise<RoomStats>;
}
