import type { Operation } from "../../ot/operation.ts";
import type { OwnSubmission, Replica } from "../../ot/replica.ts";
import type { Role } from "../../protocol/server-frames.ts";
import type { DocumentSession } from "../document-session.ts";
import type { SetAside } from "./session-events.ts";

/** A session's unsaved edits, as they outlive it. */
export interface SavedState {
  readonly clientId: string;
  readonly epoch: string | undefined;
  readonly role: Role | undefined;
  /** The server's text at `version`, without own edits that are not acknowledged. */
  readonly version: number;
  readonly text: string;
  /** The last seq used. */
  readonly seq: number;
  /** The submission in flight, as it was first made, and what it comes to at `version`; and what waits behind it. */
  readonly sent: OwnSubmission | undefined;
  readonly operation: Operation;
  readonly buffer: Operation;
  /** How many edits these are. */
  readonly edits: number;
  readonly setAside: readonly SetAside[];
}

/** What there is to be kept. */
export interface PersistencePorts {
  replica(): Replica | undefined;
  rest(): Pick<SavedState, "clientId" | "epoch" | "role" | "edits" | "setAside">;
  /** What was put off by `holds` may be there now. */
  durable(): void;
}

/**
 * Keeps a session's unsaved edits beyond the session, so that nothing is lost or doubled by going on from them. A frame is
 * kept before it is sent (law CL-1): what it does not yet hold is not sent yet.
 */
export interface Persistence {
  /** What an earlier session left. */
  readonly restored: SavedState | undefined;
  /** Whether it keeps anything at all; not any more once the storage has failed. */
  readonly works: boolean;
  attach(ports: PersistencePorts): void;
  /** The server's line has gone on by this, own or not. */
  accepted(version: number, operation: Operation): void;
  /** The server's text is another, to which no operations lead. */
  rebased(): void;
  /** Something may have changed. */
  changed(): void;
  holds(submission: OwnSubmission): boolean;
  /** The session has ended; what is not saved stays for another. */
  close(): void;
}

/** A session that asks what earlier ones have left. */
export interface OfflineHost {
  readonly documentId: string;
  isEnded(): boolean;
  /** Goes on from what there is; undefined: nothing can be kept. */
  begin(own: Persistence | undefined): void;
  /** A session beside this one, for what another has left. */
  another(own: Persistence): DocumentSession;
  /** These are all that there are. */
  orphans(sessions: readonly DocumentSession[]): void;
}

/** Where sessions of a document find what earlier ones have left. Calls `begin` once, as soon as that is known. */
export interface Offline {
  start(host: OfflineHost): void;
}
