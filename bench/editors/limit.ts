import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Bench } from "../workload.ts";
import { type Editor, type EditorService, firstUnits, randomFrom, type Session } from "./editor.ts";

const names = { each: "LIMIT(b)", gathered: "LIMIT(c)", synced: "LIMIT(c), by sync" };

/** How limit-worker.ts stores. */
export async function limit(bench: Bench, mode: keyof typeof names): Promise<EditorService> {
  const server = await bench.server("bench/editors/limit-worker.ts");
  let documents = 0;
  return {
    name: names[mode],
    async open(count): Promise<Session> {
      const url = `${server.url.replace("http", "ws")}/${mode}/${++documents}-${Date.now()}`;
      const editors = await Promise.all(Array.from({ length: count }, (_, n) => LimitEditor.open(url, n)));
      return {
        editors,
        async verify() {
          const accepted = editors.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
          await Promise.all(editors.map((editor) => editor.heard(accepted)));
          if (editors.some((editor) => editor.isGathered === (mode === "each")))
            throw new Error(`it stored otherwise than ${mode}`);
          const [first, ...others] = editors.map(({ messages }) => messages.join("\n"));
          for (const other of others) if (other !== first) throw new Error("editors saw different sequences");
        },
      };
    },
  };
}

interface Message {
  from: number;
  n: number;
  at: number;
  text: string;
}

class LimitEditor implements Editor {
  acknowledged = 0;
  readonly waits: number[] = [];
  readonly #frames: string[] = [];
  readonly #socket: WebSocket;
  readonly #number: number;
  readonly #random: (below: number) => number;
  readonly #sentAt: number[] = [];
  #sent = 0;
  #heard = 0;
  #window = 0;
  #idle: (() => void) | undefined;

  private constructor(socket: WebSocket, number: number) {
    this.#socket = socket;
    this.#number = number;
    this.#random = randomFrom(number + 1);
    socket.on("message", (data) => this.#receive(String(data)));
  }

  static open(url: string, number: number): Promise<LimitEditor> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    return new Promise((done, failed) => {
      socket.once("open", () => done(new LimitEditor(socket, number)));
      socket.once("error", failed);
    });
  }

  start(edits: number): void {
    this.#window = edits;
    for (let n = 0; n < edits; n++) this.#send();
  }

  stop(): void {
    this.#window = 0;
  }

  idle(): Promise<void> {
    return new Promise((done) => {
      if (this.acknowledged === this.#sent) done();
      else this.#idle = done;
    });
  }

  /** LIMIT(c) has lists of messages in its frames. */
  get isGathered(): boolean {
    return this.#frames[0]?.startsWith("[") ?? false;
  }

  /** Every message that came, in order. */
  get messages(): string[] {
    return this.#frames.flatMap((frame) =>
      [JSON.parse(frame) as Message | Message[]].flat().map((message) => JSON.stringify(message)),
    );
  }

  /** Resolves when so many messages have come. */
  async heard(count: number): Promise<void> {
    while (this.#heard < count) await sleep(5);
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(): void {
    this.#sent += 1;
    this.#sentAt.push(performance.now());
    this.#socket.send(
      JSON.stringify({ from: this.#number, n: this.#sent, at: this.#random(firstUnits), text: "x" }),
    );
  }

  #receive(frame: string): void {
    this.#frames.push(frame);
    for (const { from } of [JSON.parse(frame) as Message | Message[]].flat()) {
      this.#heard += 1;
      if (from !== this.#number) continue;
      this.waits.push(performance.now() - (this.#sentAt[this.acknowledged] ?? 0));
      this.acknowledged += 1;
      if (this.#window > 0) this.#send();
      else if (this.acknowledged === this.#sent) this.#idle?.();
    }
  }
}
