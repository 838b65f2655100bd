import type { Socket } from "node:net";
import type { ClientOptions, WebSocket } from "ws";
import type { Edit } from "./recording.ts";

/** A service in which one person writes and another one looks on. */
export interface TraceService {
  name: string;
  /** Opens a new, empty document for the two. */
  open(): Promise<TraceSession>;
}

export interface TraceSession {
  /**
   * Writes these edits, which follow on those before. At most `window` are on their way: 1, each waits for the one before to be
   * acknowledged; more, in whatever form the service's own client has for that: composed while one submission is on its way, or as
   * so many messages. Resolves when the observer has all of them.
   */
  write(edits: readonly Edit[], window: number): Promise<void>;
  /** Bytes of their sockets so far, WebSocket framing included, TCP/IP not: what the writer sent, and what the observer got. */
  readonly bytes: { up: number; down: number };
  /** Throws if what the observer has, or the service, is not this text. */
  verify(text: string): Promise<void>;
  close(): void;
}

/** Bytes of a WebSocket frame that carries so many (RFC 6455 §5.2); those of a client are masked. */
export const frameBytes = (payload: number, from: "client" | "server"): number =>
  payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10) + (from === "client" ? 4 : 0);

/** As browsers connect: they offer permessage-deflate (RFC 7692), and compress every message. */
export const asBrowser: ClientOptions = { perMessageDeflate: { threshold: 0 } };
export const uncompressed: ClientOptions = { perMessageDeflate: false };

/** Counts the bytes of an open socket from now on: WebSocket framing included, TCP/IP not. */
export function countBytes(socket: WebSocket): () => { sent: number; received: number } {
  const { _socket: tcp } = socket as unknown as { _socket: Socket };
  const before = { sent: tcp.bytesWritten, received: tcp.bytesRead };
  return () => ({ sent: tcp.bytesWritten - before.sent, received: tcp.bytesRead - before.received });
}
