import { closeCodes } from "../../protocol/close-codes.ts";
import { backoff } from "../backoff.ts";
import type { Connection, EndCode } from "./session-events.ts";

type Timer = ReturnType<typeof setTimeout>;

/** What frames go over: a WebSocket, or whatever behaves as one. */
export type Channel = Pick<WebSocket, "send" | "close"> & {
  addEventListener(type: "open", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
  /** Of events alone: sockets open again, and this is one. */
  addEventListener(type: "socket", listener: (event: { socket: Channel }) => void): void;
};

/** By a socket, or by server-sent events where sockets are blocked. */
export type Transport = "socket" | "events";

/**
 * The states of a link. Each that waits has a timer: `waiting` for the next try; `authorizing`, for the application's token,
 * `connecting`, for the channel to open, and `joining`, for the answer to `hello`, go over to `waiting` when their time is up.
 * `live` has the heartbeat, which calls `lost`.
 *
 *     waiting → authorizing → connecting → joining → live
 *        ↑___________|____________|___________|_______|       retryable: closed, refused, too late
 *     any → ended                                             final: see EndCode
 */
type LinkState =
  | { state: "waiting"; attempt: number; timer: Timer | undefined }
  | { state: "authorizing"; attempt: number; timer: Timer }
  | { state: "connecting" | "joining"; attempt: number; channel: Channel; timer: Timer }
  | { state: "live"; channel: Channel }
  | { state: "ended"; code: EndCode; reason: string };

/** Milliseconds. A token may have to be fetched from far away. */
const timeouts = { authorizing: 30_000, connecting: 10_000, joining: 10_000 } as const;

/** Tries after which the wait for the next is at its longest: where who was closed for being too fast begins. */
const manyTries = 6;

/** Sockets in a row that did not open, after which it is tried by events, whose answer also says what is wrong. */
const manySockets = 2;

type CloseCodes = typeof closeCodes;
/** The close codes after which trying again cannot help. */
type FinalCode = {
  [Name in keyof CloseCodes]: CloseCodes[Name]["retry"] extends false ? CloseCodes[Name]["code"] : never;
}[keyof CloseCodes];

/** By the close codes after which trying again cannot help. */
const endCodes: Readonly<Record<number, EndCode>> = {
  [closeCodes.revoked.code]: "forbidden",
  [closeCodes.superseded.code]: "superseded",
  [closeCodes.deleted.code]: "deleted",
} satisfies Record<FinalCode, EndCode>;

export interface LinkPorts {
  /** `refused`: the service would not take this one. */
  token: (refused?: string) => string | Promise<string>;
  /** How to open a channel, by each of the ways that may be used. Loading one may have to wait. */
  transports: Partial<
    Record<Transport, () => Promise<(token: string) => Channel> | ((token: string) => Channel)>
  >;
  /** Milliseconds before the first and at most before any further try to connect again. */
  delays: { first: number; most: number };
  /** A channel is open: the moment to say hello. */
  opened: () => void;
  received: (message: string) => void;
  moved: (connection: Connection) => void;
}

/**
 * A session's way to the room: one channel at a time, opened again after every interruption until the reason is one that
 * trying again cannot mend.
 */
export class Link {
  readonly #ports: LinkPorts;
  #connection: LinkState = { state: "waiting", attempt: 0, timer: undefined };
  #transport: Transport = "socket";
  /** Sockets in a row that did not open. */
  #unopened = 0;
  #token = "";
  /** The service would not take this token, and has taken none since. */
  #refused: string | undefined;

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
    const { socket, events } = this.#ports.transports;
    this.#transport = socket && !(events && this.#unopened >= manySockets) ? "socket" : "events";
    let open: (token: string) => Channel;
    try {
      this.#token = await this.#ports.token(this.#refused);
      const loading = this.#ports.transports[this.#transport]!();
      // A socket is opened in the same turn.
      open = loading instanceof Promise ? await loading : loading;
    } catch (error) {
      if (this.#connection !== authorizing) return;
      if (isFinal(error)) this.end("unauthenticated", "there is no token to be had");
      else this.#retry(attempt);
      return;
    }
    if (this.#connection !== authorizing) return;
    let channel: Channel;
    try {
      channel = open(this.#token);
    } catch {
      // What was thrown is not passed on: it may quote the token.
      this.end("failed", "no socket can be opened");
      return;
    }
    channel.addEventListener("open", () => this.#opened(channel, attempt));
    channel.addEventListener("socket", ({ socket }) => this.#goOver(channel, socket));
    this.#listen(channel, attempt);
    const opening = setTimeout(() => this.#abandon(channel, attempt), timeouts.connecting);
    this.#move({ state: "connecting", attempt, channel, timer: opening });
  }

  /** Frames go out from the moment that a channel is open; before, and after it is lost, they are for the next one. */
  send(frame: string): void {
    const connection = this.#connection;
    if (connection.state === "live" || connection.state === "joining") connection.channel.send(frame);
  }

  /** `hello` was answered. */
  welcomed(): void {
    const connection = this.#connection;
    if (connection.state !== "joining") return;
    this.#refused = undefined;
    this.#move({ state: "live", channel: connection.channel });
  }

  /** Hello is said again on the same channel. */
  rejoin(): void {
    const connection = this.#connection;
    if (connection.state === "live" || connection.state === "joining") this.#join(connection.channel, 0);
  }

  /** Gives up a channel that was live and does not answer any more. */
  lost(): void {
    if (this.#connection.state === "live") this.#abandon(this.#connection.channel, 0);
  }

  /** Tries now what it was waiting to try: the network is back. */
  hurry(): void {
    if (this.#connection.state === "waiting") void this.connect();
  }

  end(code: EndCode, reason: string): void {
    if (this.#connection.state === "ended") return;
    const { channel } = "channel" in this.#connection ? this.#connection : {};
    this.#move({ state: "ended", code, reason });
    channel?.close(1000);
  }

  #listen(channel: Channel, attempt: number): void {
    channel.addEventListener("message", ({ data }) => {
      if (this.#isCurrent(channel) && typeof data === "string") this.#ports.received(data);
    });
    channel.addEventListener("close", ({ code, reason }) => {
      if (this.#isCurrent(channel)) this.#closed(code, reason, attempt);
    });
  }

  #opened(channel: Channel, attempt: number): void {
    if (!this.#isCurrent(channel)) {
      channel.close();
      return;
    }
    if (this.#transport === "socket") this.#unopened = 0;
    this.#join(channel, attempt);
  }

  #closed(code: number, reason: string, attempt: number): void {
    if (this.#connection.state === "connecting") this.#notOpened();
    if (code === closeCodes.tokenExpired.code) {
      // Another token may be taken; if that is not, either, no third will be.
      if (this.#refused !== undefined) {
        this.end("unauthenticated", reason || "the token is not taken");
        return;
      }
      this.#refused = this.#token;
    }
    const endCode = endCodes[code];
    if (code === closeCodes.tooFast.code) this.#retry(Math.max(attempt, manyTries));
    else if (endCode) this.end(endCode, reason || `closed with code ${code}`);
    else this.#retry(this.isLive ? 0 : attempt);
  }

  #join(channel: Channel, attempt: number): void {
    const timer = setTimeout(() => this.#abandon(channel, attempt), timeouts.joining);
    this.#move({ state: "joining", attempt, channel, timer });
    this.#ports.opened();
  }

  #isCurrent(channel: Channel): boolean {
    return "channel" in this.#connection && this.#connection.channel === channel;
  }

  /** Gives a channel up without waiting for it to close. */
  #abandon(channel: Channel, attempt: number): void {
    if (!this.#isCurrent(channel)) return;
    if (this.#connection.state === "connecting") this.#notOpened();
    this.#retry(attempt);
    channel.close();
  }

  /** By turns: a network that is down opens neither. */
  #notOpened(): void {
    this.#unopened = this.#transport === "socket" ? this.#unopened + 1 : manySockets - 1;
  }

  #retry(attempt: number): void {
    const { first, most } = this.#ports.delays;
    const timer = setTimeout(() => void this.connect(attempt + 1), backoff(attempt, first, most));
    this.#move({ state: "waiting", attempt, timer });
  }

  /** Over to a channel that has opened beside the one in use: from events to a socket. */
  #goOver(from: Channel, to: Channel): void {
    if (!this.#isCurrent(from)) {
      to.close();
      return;
    }
    this.#transport = "socket";
    this.#unopened = 0;
    this.#listen(to, 0);
    this.#join(to, 0);
    from.close();
  }

  #move(next: LinkState): void {
    if ("timer" in this.#connection) clearTimeout(this.#connection.timer);
    this.#connection = next;
    this.#ports.moved(next);
  }
}

/** Whether an error says of itself that waiting will not help, as MateriError does. */
const isFinal = (error: unknown): boolean =>
  (error as { isTransient?: boolean } | undefined)?.isTransient === false;
