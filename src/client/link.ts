import { closeCodes, isRetryable } from "../protocol/close-codes.ts";
import { backoff } from "./backoff.ts";
import type { Connection } from "./session-events.ts";

/** Milliseconds that opening a socket, and the answer to `hello`, may take. */
const openTimeout = 10_000;
const welcomeTimeout = 10_000;

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
 * trying again cannot mend. Every state that waits for the other side has a timeout.
 */
export class Link {
  readonly #ports: LinkPorts;
  #connection: Connection = { state: "authorizing", attempt: 0 };

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
    this.#move({ state: "authorizing", attempt });
    let token: string;
    try {
      token = await this.#ports.token();
    } catch {
      if (this.#connection.state === "authorizing") this.#retry(attempt);
      return;
    }
    if (this.#connection.state !== "authorizing") return;
    const socket = this.#ports.open(token);
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
    const timer = setTimeout(() => this.#abandon(socket, attempt), openTimeout);
    this.#move({ state: "connecting", attempt, socket, timer });
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
    if (this.#connection.state === "live") this.#join(this.#connection.socket, 0);
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
    const timer = setTimeout(() => this.#abandon(socket, attempt), welcomeTimeout);
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

  #move(next: Connection): void {
    if ("timer" in this.#connection) clearTimeout(this.#connection.timer);
    this.#connection = next;
    this.#ports.moved(next);
  }
}
