import { randomUUID } from "node:crypto";
import { messageName, serverMessages } from "../../src/protocol/frame-schemas.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";

/** A frame as it came; rules look into frames of every shape. */
// biome-ignore lint/suspicious/noExplicitAny: what a server sends is not known before it is judged
export type Frame = any;

/** What a server did that its protocol does not allow. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export function must(holds: boolean, otherwise: string, ...seen: unknown[]): asserts holds {
  if (!holds)
    throw new Violation([otherwise, ...seen.map((one) => JSON.stringify(one)?.slice(0, 300))].join(" "));
}

/** Milliseconds that any answer may take, where nothing else is said. */
const usualPatience = 5_000;

/** One socket to the server under test: a bare client, which hides and repairs nothing. */
export class WireClient {
  readonly clientId: string;
  readonly #socket: WebSocket;
  readonly #patience: number;
  readonly #frames: Frame[] = [];
  #waiting: (() => void) | undefined;
  #fault: Violation | undefined;
  closed: number | undefined;

  private constructor(socket: WebSocket, clientId: string, patience: number) {
    this.#socket = socket;
    this.#patience = patience;
    this.clientId = clientId;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => {
      this.closed = code;
      this.#waiting?.();
    });
  }

  static async open(
    url: string,
    token: string,
    clientId: string = randomUUID(),
    patience: number = usualPatience,
  ): Promise<WireClient> {
    const socket = new WebSocket(url, [subprotocol, `bearer.${token}`]);
    const client = new WireClient(socket, clientId, patience);
    await new Promise<void>((resolve, reject) => {
      const failed = () => reject(new Error(`no socket at ${url}`));
      const timer = setTimeout(failed, patience);
      socket.addEventListener("open", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.addEventListener("error", failed);
    });
    return client;
  }

  /** The subprotocol that the server selected. */
  get subprotocol(): string {
    return this.#socket.protocol ?? "";
  }

  /** Sends an object as JSON, and a string or bytes as they are. */
  send(frame: object | string | ArrayBuffer): void {
    const asIs = typeof frame === "string" || frame instanceof ArrayBuffer;
    this.#socket.send(asIs ? frame : JSON.stringify(frame));
  }

  /** The next frame; throws Violation if none comes, the socket closes, or it is not by its schema. */
  async next(): Promise<Frame> {
    if (this.#frames.length === 0 && this.closed === undefined) await this.#wait(this.#patience);
    if (this.#fault) throw this.#fault;
    must(
      this.#frames.length > 0,
      this.closed ? `the socket was closed with ${this.closed}` : "no answer came",
    );
    return this.#frames.shift();
  }

  async ask(frame: object | string | ArrayBuffer): Promise<Frame> {
    this.send(frame);
    return this.next();
  }

  async hello(fields: object = {}): Promise<Frame> {
    const welcome = await this.ask({ type: "hello", client_id: this.clientId, ...fields });
    must(welcome.type === "welcome", "hello is not answered by welcome but by", welcome);
    return welcome;
  }

  /** Everything that came up to now: all that stands before the refusal of a frame that is sent for this. */
  async drain(): Promise<Frame[]> {
    this.send({ type: "submit", seq: "fence" });
    const frames: Frame[] = [];
    for (
      let frame = await this.next();
      frame.type !== "error" || frame.code !== "invalid_frame";
      frame = await this.next()
    ) {
      frames.push(frame);
    }
    return frames;
  }

  /** The next frame of this type, past what others do meanwhile. */
  async nextOf(type: string): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (frame.type === type) return frame;
      must(
        ["actors", "presence", "operations", "check"].includes(frame.type),
        `${type} is due, and what came is`,
        frame,
      );
    }
  }

  /** What comes within so many milliseconds without anything being asked. */
  async unasked(ms: number): Promise<Frame[]> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (this.#fault) throw this.#fault;
    return this.#frames.splice(0);
  }

  /** The code that the server closes with. */
  async closing(ms: number = this.#patience): Promise<number> {
    while (this.closed === undefined) {
      await this.#wait(ms);
      must(this.closed !== undefined || this.#frames.splice(0).length > 0, "the socket was not closed");
    }
    return this.closed;
  }

  close(): void {
    this.#socket.close();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
    });
  }

  #receive(data: unknown): void {
    try {
      this.#frames.push(data === "pong" ? data : judged(data));
    } catch (error) {
      this.#fault ??= error instanceof Violation ? error : new Violation(String(error));
    }
    this.#waiting?.();
  }
}

/** The frame, if it is by its schema. Fields and types that are not known are nobody's fault (law WR-1). */
function judged(data: unknown): Frame {
  must(typeof data === "string", "the server sent a binary frame");
  const frame: Frame = JSON.parse(data);
  const name = messageName(frame ?? {});
  if (!Object.hasOwn(serverMessages, name)) return frame;
  const { error } = serverMessages[name as keyof typeof serverMessages].safeParse(frame);
  const faults = error?.issues.filter(({ code }) => code !== "unrecognized_keys") ?? [];
  must(faults.length === 0, `a ${name} is not by its schema:`, frame, faults[0]);
  return frame;
}
