/** What is known of a group commit when it has ended. */
export interface EndedFlush {
  documentId: string | undefined;
  /** The versions that it made, the first and the last. */
  from: number;
  to: number;
  /** Accepted operations that its own were transformed over, in all. */
  transforms: number;
  rowsWritten: number;
  /** In production the clock stands still but for I/O, and SQLite is none: 0 there. */
  durationMs: number;
  /** Why it is not durable: the room forgot it. Undefined: it is. */
  error: unknown;
}

/** Is told of every group commit, between the commit and the broadcast: so it is short, and throws nothing. */
export type EndedFlushListener = (flush: EndedFlush) => void;
