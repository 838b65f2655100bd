import type { Operation } from "../ot/operation.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import type { ActorInfo, Role } from "../protocol/server-frames.ts";
import type { AuthoredSpan } from "./authorship.ts";
import type { DivergenceReport } from "./divergence.ts";
import type { Change } from "./history-changes.ts";
import type { IntegrityReport } from "./integrity.ts";
import type { NamedVersion } from "./named-versions.ts";
import type { Actor, Logged, Point, Retention } from "./operation-log.ts";
import type { Span } from "./redaction.ts";

/** Who changes a document. `kind` tells a person typing from a program and from text that was brought in. */
export interface Author {
  userId: string;
  kind: "person" | "program" | "import";
}

/**
 * What the Worker has verified about a socket before the room hears of it (law AU-4). It travels in the
 * `x-materi-grant` header of the upgrade request, which only the Worker can send.
 */
export interface Grant extends Author {
  /** How the person is called, for the others. */
  name: string;
  role: Role;
  /** By its token it writes nothing, whatever role the person has or will have. */
  readOnly?: boolean;
  /** It is shown the text as it is, and not how it came to be. */
  hidesHistory?: boolean;
  /** The sign-in (`sid` of the access token), or the personal access token. */
  sessionId: string;
  /** When the access token ends, seconds since the epoch. */
  expiresAt: number;
  /** When the Worker began to ask for the role, milliseconds since the epoch: the room may know of a later change. */
  decidedAt: number;
}

/** One place of a difference between two texts, in UTF-16 units of the first. */
export interface TextEdit {
  at: number;
  deleted: string;
  inserted: string;
}

/** An expected refusal is a value, not an exception: exceptions over RPC are for bugs. */
export type RoomResult<T> = ({ ok: true } & T) | { ok: false; code: ErrorCode; detail: string };

/** Somebody who has the document open, with one socket or several. */
export interface Attendee extends Author {
  name: string;
  role: Grant["role"];
  /** When the first of the sockets said hello, milliseconds since the epoch. */
  since: number;
}

/** Who is here, those first who came first; and how many viewers besides, about, whom fan-outs serve and nobody lists. */
export interface Attendance {
  attendees: Attendee[];
  audience: number;
}

/** What a room has used since its object woke: what the platform bills, and what that was for. */
export interface RoomUsage {
  /** When the object woke, milliseconds since the epoch: hibernation and restarts begin anew. */
  since: number;
  /** As SQLite's cursors tell them, each alarm that was set being one row written. */
  rowsRead: number;
  rowsWritten: number;
  /** Messages of sockets and, in UTF-8 without framing, their bytes. Pings that the platform answers are not among them. */
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  /** How often the room was read from storage. */
  loads: number;
  /** Group commits, and what was accepted in them. */
  flushes: number;
  operations: number;
  /** How often the alarm rang. */
  alarms: number;
}

/** What a room has used since its object woke, and what it is holding. */
export interface RoomStats extends RoomUsage {
  sockets: number;
  /** Of the room's SQLite file. */
  databaseBytes: number;
}

/** A change made elsewhere of the text at version `base`. */
export interface Edit {
  author: Author;
  base: number;
  /** Of any size: what is larger than a submission may be takes several versions. */
  operation: Operation;
  /** Refused with `precondition_failed` if `base` is not the newest version any more; else moved to that. */
  ifNewest?: boolean;
}

/** A client's submission that did not come by its socket: its `(clientId, seq)` are the same ones (law RM-3). */
export interface Submission {
  author: Author;
  clientId: string;
  seq: number;
  base: number;
  operation: Operation;
}

/** Accepted operations, as the socket has them: item k has version from + k. */
export interface AcceptedOperations {
  from: number;
  items: { op: readonly (number | string)[]; actor: number; seq: number }[];
  /** Who made them. */
  actors: ActorInfo[];
  /** The newest version. */
  version: number;
  epoch: string;
  horizon: number;
}

/** A text without its letters: who gives fewer of these means less certainly the same one. */
export interface KnownText {
  version: number;
  /** Of the storage that the version is of. */
  epoch?: string;
  /** See `text-hash.ts`. */
  hash?: number;
}

/** Where a document's life begins, and what is recorded of it beside its operations. */
export interface LifeRecord {
  epoch: string;
  /** The oldest version that is kept, and its text. */
  horizon: number;
  text: string;
  /** The newest version, and the hash of its text as it is in memory. */
  version: number;
  hash: number;
  /** How operations up to this version came to be is not known. */
  originsFrom: number;
  points: Point[];
}

/** An operation, how it came to be, and what a replay has come to after it. */
export interface OperationRecord extends Omit<Logged, "operation"> {
  operation: readonly (number | string)[];
  version: number;
  /** Of its commit, milliseconds since the epoch. */
  at: number;
  /** Of the text (`text-hash.ts`); undefined: an operation, this one or one before it, does not fit the text that it was made for. */
  hash?: number;
}

/** A life that is on its way into a room. What is refused is refused for good: it is begun anew. */
export interface IncomingLifeApi {
  /** The next operations, of versions that follow one another, and those of their actors who were not told of before. */
  append(page: {
    actors: readonly Actor[];
    records: readonly OperationRecord[];
  }): Promise<RoomResult<{ version: number }>>;
  /**
   * All of it came: it takes the place of whatever the room had, under another epoch; who has the document open comes back and merges what
   * is not saved (law OT-7). `hash`: of the newest text.
   */
  finish(end: {
    names: readonly NamedVersion[];
    hash?: number;
  }): Promise<RoomResult<{ version: number; epoch: string }>>;
}

/** What a document's Durable Object offers to the Worker, beside `fetch` for the socket upgrade. */
export interface DocumentRoomApi {
  /** Brings the room into being, with its first text; repeating it changes nothing and answers the current version. */
  create(initial: { content: string; author: Author }): Promise<RoomResult<{ version: number }>>;
  /** The committed text (UTF-16) and its version. */
  read(): Promise<RoomResult<{ version: number; content: string }>>;
  /**
   * The text at a version, with who made it of the version before and when (milliseconds since the epoch; undefined for the oldest
   * version that is kept). `base_ahead` and `too_old` for versions that are not there yet, or no more.
   */
  readVersion(
    version: number,
  ): Promise<
    RoomResult<{ version: number; content: string; made: { at: number; author: Author } | undefined }>
  >;
  /** Changes newest first, of versions before `before`, at most `limit`; and whether there are older ones. */
  changes(page: {
    before?: number;
    limit: number;
  }): Promise<RoomResult<{ changes: Change[]; more: boolean }>>;
  /** Gives a version a name, in place of the one that it has; null takes it away. At most `limits.namedVersions` have one. */
  nameVersion(naming: {
    version: number;
    name: string | null;
    author: Author;
    /** Milliseconds since the epoch. */
    at: number;
  }): Promise<RoomResult<object>>;
  /** Versions that have names, newest first, at most `limit` of those before `before`. */
  namedVersions(page: { before?: number; limit: number }): Promise<RoomResult<{ named: NamedVersion[] }>>;
  /** What differs between the texts at two versions, in the order of places. */
  diff(versions: { from: number; to: number }): Promise<RoomResult<{ edits: TextEdit[] }>>;
  /**
   * Turns the text into what it was at a version, by new operations: nobody has to connect again. With `ifVersion`, only if
   * that is the newest.
   */
  restore(to: {
    version: number;
    author: Author;
    ifVersion?: number;
  }): Promise<RoomResult<{ version: number }>>;
  /**
   * Who wrote the text at a version (the newest, without one): at most `most` spans of one author each, from unit `from` on; and
   * how many units the text has.
   */
  blame(ask: {
    version?: number;
    from: number;
    most: number;
  }): Promise<RoomResult<{ version: number; units: number; spans: AuthoredSpan[] }>>;
  /** The same, but no text to who has it already: `content` is undefined where the version is one of these. */
  readUnless(
    known: readonly KnownText[],
  ): Promise<RoomResult<Required<KnownText> & { content: string | undefined }>>;
  /** Answers the version after it, and whether it was moved over others' edits. */
  edit(edit: Edit): Promise<RoomResult<{ version: number; moved: boolean }>>;
  /** Answers the version that it got, now or the first time, and the number of who made it. */
  submit(submission: Submission): Promise<RoomResult<{ version: number; actor: number }>>;
  /** What was accepted after a version: at most `limit` operations, fewer where they are large, and one at least. */
  operations(slice: { since: number; limit: number }): Promise<RoomResult<AcceptedOperations>>;
  /** For the operator: shows the frames of the document's sockets in the log, until a time (ms since the epoch) or no longer. */
  debugFrames(until: number | undefined): Promise<RoomResult<object>>;
  /** For the operator: see `records`. */
  life(): Promise<RoomResult<LifeRecord & { names: NamedVersion[] }>>;
  /**
   * For the operator: what is known of the operations after a version, at most `limit` and `limits.tracedOperations`, fewer where they are
   * large, and of who made them. With `hash`, only if that is the hash of the text at `since`: else the history was
   * rewritten since somebody read up to there (`precondition_failed`).
   */
  records(slice: {
    since: number;
    limit: number;
    hash?: number;
  }): Promise<
    RoomResult<{ records: OperationRecord[]; actors: Actor[]; version: number; originsFrom: number }>
  >;
  /** For the operator: brings in a life as `life` and `records` have told it; with `ifAbsent`, only where no room is yet. */
  putBack(begin: {
    life: Omit<LifeRecord, "epoch" | "hash">;
    ifAbsent: boolean;
  }): Promise<RoomResult<{ incoming: IncomingLifeApi }>>;
  attendees(): Promise<RoomResult<Attendance>>;
  /** Replaces the text, as one change from the current text; with `ifVersion`, only at that version. */
  replaceContent(change: {
    content: string;
    author: Author;
    ifVersion?: number;
  }): Promise<RoomResult<{ version: number }>>;
  /** Gives all of the person's open sockets this role, and tells them; `reason` is for people. */
  setRole(userId: string, role: Role, reason: string): Promise<{ sockets: number }>;
  /** Closes the open sockets of a person, or of one sign-in, which never comes back, with 4403. */
  revoke(whose: { userId: string } | { sessionId: string }, reason: string): Promise<{ sockets: number }>;
  /**
   * Replaces code units `from` … `to` of the text at `version` by filler of the same length, there and in all of the
   * history; the version is that of the change that those who have the document open see.
   */
  redact(request: { span: Span; author: Author }): Promise<RoomResult<{ version: number }>>;
  /** Replays the history and compares. */
  checkIntegrity(): Promise<RoomResult<{ report: IntegrityReport }>>;
  /** How much history is kept; what is more is trimmed by and by. */
  retain(retention: Retention): Promise<RoomResult<{ horizon: number }>>;
  /** Does now what the room does by and by: seals all that is old, and trims what is not kept. */
  compact(): Promise<RoomResult<{ horizon: number; databaseBytes: number }>>;
  /**
   * Puts the storage back to a moment, milliseconds since the epoch, where the platform can (`not_configured` where not), and ends the
   * object: `replaceEpoch` is to be called next, by another stub. Answers what names the state that was there before.
   */
  rewind(at: number): Promise<RoomResult<{ before: string }>>;
  /**
   * To be called right after the storage was put back to an older state: gives it another epoch, and closes every socket
   * with 4503, so that clients which saw later versions begin anew and merge what they have not saved.
   */
  replaceEpoch(): Promise<RoomResult<{ version: number; epoch: string }>>;
  /** What the room costs; asking reads no storage. */
  stats(): Promise<RoomStats>;
  /** The newest reports of clients whose text was another than the room's, for whoever looks for the fault. */
  divergences(): Promise<DivergenceReport[]>;
  /** Closes every socket with 4410 and deletes all storage. */
  erase(): Promise<void>;
}
