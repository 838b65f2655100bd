import type { ErrorCode } from "../protocol/errors.ts";

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
  role: "owner" | "editor" | "viewer";
  /** When the access token ends, seconds since the epoch. */
  expiresAt: number;
}

/** An expected refusal is a value, not an exception: exceptions over RPC are for bugs. */
export type RoomResult<T> = ({ ok: true } & T) | { ok: false; code: ErrorCode; detail: string };

/** What a document's Durable Object offers to the Worker, beside `fetch` for the socket upgrade. */
export interface DocumentRoomApi {
  /** Brings the room into being, with its first text; repeating it changes nothing and answers the current version. */
  create(initial: { content: string; author: Author }): Promise<RoomResult<{ version: number }>>;
  /** The committed text (UTF-16) and its version. */
  read(): Promise<RoomResult<{ version: number; content: string }>>;
  /** Replaces the text, as one change from the current text; with `ifVersion`, only at that version. */
  replaceContent(change: {
    content: string;
    author: Author;
    ifVersion?: number;
  }): Promise<RoomResult<{ version: number }>>;
  /** Closes every socket with 4410 and deletes all storage. */
  erase(): Promise<void>;
}
