import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Bench } from "../workload.ts";
import { type Edit, textAfter } from "./recording.ts";
import { frameBytes, type TraceService, type TraceSession } from "./service.ts";

/** One edit as LIMIT passes it on, which knows nothing of it. */
interface Message {
  n: number;
  edit: Edit;
}

/** LIMIT(b) is `each`, LIMIT(c) is `gathered` (../editors/limit-worker.ts): an edit is a message. */
export async function limit(bench: Bench, mode: "each" | "gathered"): Promise<TraceService> {
  const server = await bench.server("bench/editors/limit-worker.ts");
  let documents = 0;
  return {
    name: mode === "each" ? "LIMIT(b)" : "LIMIT(c)",
    async open() {
      const url = `${server.url.replace("http", "ws")}/${mode}/trace-${++documents}-${Date.now()}`;
      return new LimitSession(await open(url), await open(url));
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
  readonly #frames: string[] = [];
  #sent = 0;
  #acknowledged = 0;
  #observed = 0;

  constructor(writer: WebSocket, observer: WebSocket) {
    this.#writer = writer;
    this.#observer = observer;
    observer.on("message", (data: Buffer) => {
      this.bytes.down += frameBytes(data.length, "server");
      const frame = data.toString();
      this.#frames.push(frame);
      this.#observed += messagesIn(frame).length;
    });
  }

  async write(edits: readonly Edit[], window: number): Promise<void> {
    const all = this.#sent + edits.length;
    const first = this.#sent;
    const send = () => {
      const edit = edits[this.#sent - first];
      if (!edit) return;
      const message = JSON.stringify({ n: ++this.#sent, edit } satisfies Message);
      this.bytes.up += frameBytes(Buffer.byteLength(message), "client");
      this.#writer.send(message);
    };
    const acknowledged = (data: Buffer) => {
      for (const _ of messagesIn(data.toString())) {
        this.#acknowledged += 1;
        send();
      }
    };
    this.#writer.on("message", acknowledged);
    for (let n = 0; n < window; n++) send();
    while (this.#acknowledged < all || this.#observed < all) await sleep(1);
    this.#writer.off("message", acknowledged);
  }

  async verify(text: string): Promise<void> {
    const edits = this.#frames.flatMap(messagesIn).map(({ edit }) => edit);
    if (textAfter(edits) !== text) throw new Error("the observer's messages do not come to the text");
  }

  close(): void {
    this.#writer.terminate();
    this.#observer.terminate();
  }
}

const messagesIn = (frame: string): Message[] => [JSON.parse(frame) as Message | Message[]].flat();
