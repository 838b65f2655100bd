import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Bench } from "../workload.ts";
import { type Edit, textAfter } from "./recording.ts";
import { frameBytes, type TraceService, type TraceSession } from "./service.ts";

/** Edits as LIMIT passes them on, which knows nothing of them; `n` of all edits have been sent with them. */
interface Message {
  n: number;
  edits: readonly Edit[];
}

const names = { each: "LIMIT(b)", gathered: "LIMIT(c)", together: "LIMIT(b), one message at a time" };
type Mode = keyof typeof names;

/**
 * LIMIT(b) is `each`, LIMIT(c) is `gathered` (../editors/limit-worker.ts): an edit is a message. `together`: LIMIT(b) is sent what may be
 * on its way in one message, as those who compose do: their ceiling.
 */
export async function limit(bench: Bench, mode: Mode): Promise<TraceService> {
  const server = await bench.server("bench/editors/limit-worker.ts");
  const path = mode === "gathered" ? mode : "each";
  let documents = 0;
  return {
    name: names[mode],
    async open() {
      const url = `${server.url.replace("http", "ws")}/${path}/${mode}-${++documents}-${Date.now()}`;
      return new LimitSession(await open(url), await open(url), mode);
    },
  };
}

function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((done, failed) => {
    socket.once("open", () => done(socket));
    socket.once("error", failed);
  });
}

class LimitSession implements TraceSession {
  readonly bytes = { up: 0, down: 0 };
  readonly #writer: WebSocket;
  readonly #observer: WebSocket;
  readonly #mode: Mode;
  readonly #frames: string[] = [];
  #sent = 0;
  #acknowledged = 0;
  #observed = 0;

  constructor(writer: WebSocket, observer: WebSocket, mode: Mode) {
    this.#writer = writer;
    this.#observer = observer;
    this.#mode = mode;
    observer.on("message", (data: Buffer) => {
      this.bytes.down += frameBytes(data.length, "server");
      const frame = data.toString();
      this.#frames.push(frame);
      this.#observed = sentWith(frame);
    });
  }

  async write(edits: readonly Edit[], window: number): Promise<void> {
    const all = this.#sent + edits.length;
    const first = this.#sent;
    const inMessage = this.#mode === "together" ? window : 1;
    /** As many messages as have room on the way. */
    const send = () => {
      while (this.#sent < all && this.#sent + inMessage - this.#acknowledged <= window) {
        const next = edits.slice(this.#sent - first, this.#sent - first + inMessage);
        this.#sent += next.length;
        const message = JSON.stringify({ n: this.#sent, edits: next } satisfies Message);
        this.bytes.up += frameBytes(Buffer.byteLength(message), "client");
        this.#writer.send(message);
      }
    };
    const acknowledged = (data: Buffer) => {
      this.#acknowledged = sentWith(data.toString());
      send();
    };
    this.#writer.on("message", acknowledged);
    send();
    while (this.#acknowledged < all || this.#observed < all) await sleep(1);
    this.#writer.off("message", acknowledged);
  }

  async verify(text: string): Promise<void> {
    // LIMIT(c) has lists of messages in its frames.
    if (this.#frames.some((frame) => frame.startsWith("[") !== (this.#mode === "gathered")))
      throw new Error(`it stored otherwise than ${this.#mode}`);
    const edits = this.#frames.flatMap(messagesIn).flatMap(({ edits }) => edits);
    if (textAfter(edits) !== text) throw new Error("the observer's messages do not come to the text");
  }

  close(): void {
    this.#writer.terminate();
    this.#observer.terminate();
  }
}

const messagesIn = (frame: string): Message[] => [JSON.parse(frame) as Message | Message[]].flat();

/** Of all edits, those that were sent with this frame or before. */
const sentWith = (frame: string): number => messagesIn(frame).at(-1)?.n ?? 0;
