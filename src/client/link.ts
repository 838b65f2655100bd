import { closeCodes, isRetryable } from "../protocol/close-codes.ts";
import { backoff } from "./backoff.ts";
import type { Connection } from "./session-events.ts";

type Timer = ReturnType<typeof setTimeout>;

/**
 * The states of a link. Each that waits has a timer: `waiting` for the next try; `authorizing`, for the application's token,
 * `connecting`, for the socket to open, and `joining`, for the answer to `hello`, go over to `waiting` when their time is up.
 */
type LinkState =
  | { state: "waiting"; attempt: number; timer: Timer | undefined }
  | { state: "authorizing"; attempt: number; timer: Timer }
  | { state: "connecting" | "joining"; attempt: number; socket: WebSocket; timer: Timer }
  | { state: "live"; socket: WebSocket }
  | { state: "ended"; reason: string };

/** Milliseconds. A token may have to be fetched from far away. */
const timeouts = { authorizing: 30_000, connecting: 10_000, joining: 10_000 } as const;

/** Tries after which the wait for the next is at its longest: where who was closed for being too fast begins. */
const manyTries = 6;

export interface LinkPorts {
  token: () => string | Promise<string>;
  open: (token: string) => WebSocket;
  /** Milliseconds before the first and at most before any further try to connect again. */
  delays: { first: number; most: number };
  /** A socket is open: the moment to say hello. */
  opened: () => void;
  received: (message: string) => void;
  moved: (connection: Connection) => void;
}

/**
 * A session's way to the room: one socket at a time, opened again after every interruption until the reason is one that
 * trying again cannot mend.
 */
export class Link {
  readonly #ports: LinkPorts;
  #connection: LinkState = { state: "waiting", attempt: 0, timer: undefined };

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  get connection(): Connection {
    return this.#connection;
  }

  get isLive(): boolean {
    return this.#connection.state === "live";
  }

  get isJoining(): boolean {
    return this.#connection.state === "joining";
  }

  async connect(attempt = 0): Promise<void> {
    const timer = setTimeout(() => this.#retry(attempt), timeouts.authorizing);
    const authorizing: LinkState = { state: "authorizing", attempt, timer };
    this.#move(authorizing);
    let token: string;
    try {
      token = await this.#ports.token();
    } catch {
      if (this.#connection === authorizing) this.#retry(attempt);
      return;
    }
    if (this.#connection !== authorizing) return;
    let socket: WebSocket;
    try {
      socket = this.#ports.open(token);
    } catch {
      // What was thrown is not passed on: it may quote the token.
      this.end("no socket can be opened with this address and token");
      return;
    }
    socket.addEventListener("open", () => this.#opened(socket, attempt));
    socket.addEventListener("message", ({ data }) => {
      if (this.#isCurrent(socket) && typeof data === "string") this.#ports.received(data);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!this.#isCurrent(socket)) return;
      if (code === closeCodes.tooFast.code) this.#retry(Math.max(attempt, manyTries));
      else if (isRetryable(code)) this.#retry(this.isLive ? 0 : attempt);
      else this.end(reason || `closed with code ${code}`);
    });
    const opening = setTimeout(() => this.#abandon(socket, attempt), timeouts.connecting);
    this.#move({ state: "connecting", attempt, socket, timer: opening });
  }

  /** Frames go out from the moment that a socket is open; before, and after it is lost, they are for the next one. */
  send(frame: string): void {
    const connection = this.#connection;
    if (connection.state === "live" || connection.state === "joining") connection.socket.send(frame);
  }

  /** `hello` was answered. */
  welcomed(): void {
    if (this.#connection.state === "joining") this.#move({ state: "live", socket: this.#connection.socket });
  }

  /** Hello is said again on the same socket. */
  rejoin(): void {
    const connection = this.#connection;
    if (connection.state === "live" || connection.state === "joining") this.#join(connection.socket, 0);
  }

  /** Gives up a socket that was live and does not answer any more. */
  lost(): void {
    if (this.#connection.state === "live") this.#abandon(this.#connection.socket, 0);
  }

  end(reason: string): void {
    if (this.#connection.state === "ended") return;
    const { socket } = "socket" in this.#connection ? this.#connection : {};
    this.#move({ state: "ended", reason });
    socket?.close(1000);
  }

  #opened(socket: WebSocket, attempt: number): void {
    if (this.#isCurrent(socket)) this.#join(socket, attempt);
    else socket.close();
  }

  #join(socket: WebSocket, attempt: number): void {
    const timer = setTimeout(() => this.#abandon(socket, attempt), timeouts.joining);
    this.#move({ state: "joining", attempt, socket, timer });
    this.#ports.opened();
  }

  #isCurrent(socket: WebSocket): boolean {
    return "socket" in this.#connection && this.#connection.socket === socket;
  }

  /** Gives a socket up without waiting for it to close. */
  #abandon(socket: WebSocket, attempt: number): void {
    if (!this.#isCurrent(socket)) return;
    this.#retry(attempt);
    socket.close();
  }

  #retry(attempt: number): void {
    const { first, most } = this.#ports.delays;
    const timer = setTimeout(() => void this.connect(attempt + 1), backoff(attempt, first, most));
    this.#move({ state: "waiting", attempt, timer });
  }

  #move(next: LinkState): void {
    if ("timer" in this.#connection) clearTimeout(this.#connection.timer);
    this.#connection = next;
    this.#ports.moved(next);
  }
}
