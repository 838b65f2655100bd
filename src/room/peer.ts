import type { Actor } from "./operation-log.ts";
import type { ShownPresence } from "./presence.ts";
import type { Grant } from "./room-api.ts";

/** A version, and the storage whose version it is. */
export interface Head {
  readonly version: number;
  readonly epoch: string;
}

/** What the room knows of one socket; it outlives hibernation. */
export interface Session {
  readonly grant: Grant;
  /** Who it writes as; set by its first `hello`. From then on the socket is subscribed. */
  readonly actor?: Actor;
  /** When it first said hello, milliseconds since the epoch. */
  readonly since?: number;
  /** It is told what happens in the short form. */
  readonly short?: boolean;
  /** What it shows to the others. */
  readonly presence?: ShownPresence;
  /** It was told that its token ends soon. */
  readonly expiryAnnounced?: boolean;
  /** It is a fan-out, with as many viewers when that was last stored; `lost`: it has missed something. */
  readonly fanout?: { readonly shard: number; readonly viewers: number; readonly lost?: boolean };
  /** Where all viewers of a fan-out are, left with this one of them. */
  readonly relayed?: Head;
}

/** One socket, as the room sees it. */
export interface Peer {
  readonly session: Session;
  /** When the platform last answered a ping of it, milliseconds since the epoch; undefined: never. */
  readonly pingedAt: number | undefined;
  /** Bytes that were sent and not yet handed to the network; undefined where the runtime does not tell. */
  readonly bufferedBytes: number | undefined;
  /** UTF-16 units that were sent since its last sign of life. */
  readonly unprovenUnits: number;
  /** Replaces the session, durably: it is there again when the room wakes. */
  saveSession(session: Session): void;
  /** Sends one frame; a socket that is closing loses it, and resumes by version. */
  send(frame: string): void;
  close(code: number, reason: string): void;
}
