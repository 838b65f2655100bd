import type { closeCodes } from "../../protocol/close-codes.ts";
import type { ErrorFrame, SlowDown } from "../../protocol/server-frames.ts";
import type { Channel } from "./link.ts";

/** Spelled out, so that this, which is loaded by itself, shares nothing with the rest that would have to be apart, too. */
const codes = {
  tokenExpired: 4401,
  revoked: 4403,
  deleted: 4410,
  moved: 4421,
  tooFast: 4429,
} as const satisfies {
  [Name in keyof typeof closeCodes]?: (typeof closeCodes)[Name]["code"];
};

type Listener = (event: never) => void;

/** Milliseconds without a byte after which the stream counts as dead: the service sends something every 10 s. */
const silence = 30_000;

/** Milliseconds after which it is looked whether sockets open again. */
const socketAgainMs = 60_000;

interface Hello {
  client_id: string;
  since?: number;
  epoch?: string;
  last_seq?: number;
}

/**
 * Frames by HTTP alone, for networks that block sockets: `hello` opens the stream of events, `submit` is a POST, and what it came
 * to is in the stream, in its place. Presence is not shown to others. Behaves as a WebSocket, and is loaded when it is needed.
 */
export class EventChannel implements Channel {
  readonly #url: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;
  readonly #listeners = new Map<string, Listener[]>();
  #stream = new AbortController();
  #clientId = "";
  #heardAt = 0;
  #isClosed = false;
  #socketTimer: ReturnType<typeof setTimeout> | undefined;

  /** `url` is the document's: `…/api/v1/documents/{id}`; `openSocket` opens a socket to it, where one may be used. */
  constructor(url: string, token: string, fetcher: typeof fetch, openSocket?: () => Channel) {
    if (openSocket) this.#socketLater(openSocket);
    this.#url = url;
    this.#token = token;
    this.#fetch = fetcher;
    queueMicrotask(() => this.#emit("open", {}));
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(message: string): void {
    if (message === "ping") {
      if (Date.now() - this.#heardAt < silence) queueMicrotask(() => this.#emit("message", { data: "pong" }));
      return;
    }
    const frame = JSON.parse(message) as { type: string };
    if (frame.type === "hello") void this.#follow(frame as unknown as Hello);
    else if (frame.type === "submit") void this.#submit(frame as unknown as { seq: number });
    // A stream keeps the token that it was opened with.
    else if (frame.type === "auth") this.#close(codes.moved, "the token is renewed");
  }

  close(): void {
    this.#close(1000, "");
  }

  #emit(type: string, event: object): void {
    if (this.#isClosed) return;
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  #close(code: number, reason: string): void {
    this.#emit("close", { code, reason });
    this.#isClosed = true;
    clearTimeout(this.#socketTimer);
    this.#stream.abort();
  }

  /** A socket that opens is offered; the stream goes on until it is closed. */
  #socketLater(openSocket: () => Channel): void {
    this.#socketTimer = setTimeout(() => {
      const socket = openSocket();
      let isOpen = false;
      socket.addEventListener("open", () => {
        isOpen = true;
        if (this.#isClosed) socket.close();
        else this.#emit("socket", { socket });
      });
      socket.addEventListener("close", () => {
        if (!isOpen && !this.#isClosed) this.#socketLater(openSocket);
      });
    }, socketAgainMs);
  }

  get #authorization() {
    return { authorization: `Bearer ${this.#token}` };
  }

  async #follow({ client_id, since, epoch, last_seq }: Hello): Promise<void> {
    this.#stream.abort();
    const stream = new AbortController();
    this.#stream = stream;
    this.#clientId = client_id;
    const given = Object.entries({ client_id, since, epoch, last_seq }).filter(
      ([, value]) => value !== undefined,
    );
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    try {
      const response = await this.#fetch(`${this.#url}/events?${query}`, {
        headers: { accept: "text/event-stream", ...this.#authorization },
        signal: stream.signal,
      });
      if (!response.ok || !response.body) return this.#refused(response.status);
      await this.#read(response.body, stream.signal);
    } catch {
      // The network; said below.
    }
    if (!stream.signal.aborted) this.#close(1006, "");
  }

  /** Parses the stream (WHATWG HTML §9.2.6), as far as the service makes use of it. */
  async #read(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.#heardAt = Date.now();
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const type = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        if (type === "close") {
          const { code, reason } = JSON.parse(data);
          return this.#close(code, reason);
        }
        this.#emit("message", { data });
      }
    }
  }

  /** The status says what a refused socket could not. */
  #refused(status: number): void {
    if (status === 401) this.#close(codes.tokenExpired, "the token is not taken");
    else if (status === 403) this.#close(codes.revoked, "this is not for you to see");
    else if (status === 404) this.#close(codes.deleted, "there is no such document");
    else if (status === 429) this.#close(codes.tooFast, "");
    else this.#close(1006, "");
  }

  /** An acceptance comes by the stream; only what is wrong is told here, as the frame that a socket would bring. */
  async #submit(frame: { seq: number; base?: number; op?: unknown }): Promise<void> {
    const { seq, base, op } = frame;
    const body = JSON.stringify({ client_id: this.#clientId, seq, base, op });
    let failure: ErrorFrame | SlowDown = {
      type: "error",
      code: "unavailable",
      detail: "the service could not be reached",
      seq,
      retryable: true,
    };
    try {
      const response = await this.#fetch(`${this.#url}/operations`, {
        method: "POST",
        headers: { "content-type": "application/json", ...this.#authorization },
        body,
        signal: this.#stream.signal,
      });
      if (response.ok) return;
      if (response.status === 401) return this.#refused(401);
      if (response.status === 429) {
        const seconds = Number(response.headers.get("retry-after") ?? 1);
        failure = { type: "slow_down", seq, retry_ms: seconds * 1_000 };
      } else {
        const problem = (await response.json()) as { error: ErrorFrame["code"]; detail: string };
        const retryable = response.status >= 500;
        failure = { type: "error", code: problem.error, detail: problem.detail, seq, retryable };
      }
    } catch {
      // As was prepared.
    }
    this.#emit("message", { data: JSON.stringify(failure) });
  }
}
