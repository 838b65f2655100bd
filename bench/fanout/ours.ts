import { WebSocket } from "ws";
import { MateriClient } from "../../src/client/materi-client.ts";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import type { ServerFrame, Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { firstUnits } from "../editors/editor.ts";
import type { Bench } from "../workload.ts";
import { type Audience, type AudienceService, openAll } from "./audience.ts";

/** Guests who share the viewers' sockets. */
const guests = 10;

/** Materi: the first viewers at the room itself, the others at fan-outs (docs/scaling.md). */
export async function ours(bench: Bench): Promise<AudienceService> {
  const server = await bench.server("src/index.ts", { LOG_LEVEL: "warn" });
  const owner = new MateriClient({ url: server.url });
  const { access_token: token } = await owner.auth.register({
    email: `${crypto.randomUUID()}@example.com`,
    password: "a password for the bench",
    name: "Writer",
  });
  return {
    name: "Materi",
    async open(viewers) {
      const { id } = await owner.documents.create({ title: "Bench", content: "-".repeat(firstUnits) });
      const link = await owner.sharing.createLink(id, { name: "bench", role: "viewer", guests: true });
      const tokens = await openAll(guests, async (number) => {
        const { guest } = await new MateriClient({ url: server.url }).sharing.openLink({
          token: link.token,
          name: `Guest ${number}`,
        });
        if (!guest) throw new Error("the link let no guest in");
        return guest.access_token;
      });
      const url = `${server.url.replace("http", "ws")}/ws/documents/${id}`;
      const sentAt: number[] = [];
      const copies = await openAll(viewers, (number) =>
        Copy.open(url, tokens[number % guests] ?? "", sentAt),
      );
      const writer = await Writer.open(url, token);
      return new OurAudience(writer, copies, sentAt, async () => (await owner.documents.get(id)).content);
    },
  };
}

/** A socket that has said hello, and what it was welcomed with. */
async function opened(url: string, token: string): Promise<{ socket: WebSocket; welcome: Welcome }> {
  const socket = new WebSocket(url, [subprotocol, `bearer.${token}`], { perMessageDeflate: false });
  const welcome = await new Promise<string>((resolve, reject) => {
    socket.once("open", () => socket.send(JSON.stringify({ type: "hello", client_id: crypto.randomUUID() })));
    socket.once("message", (data) => resolve(String(data)));
    socket.once("error", reject);
  });
  return { socket, welcome: JSON.parse(welcome) };
}

class Writer {
  readonly socket: WebSocket;
  readonly ackWaits: number[] = [];
  readonly #first: number;
  /** By `seq` - 1. */
  readonly #sentAt: number[] = [];
  #seq = 0;
  /** Edits that are known to be durable. */
  #acknowledged = 0;

  private constructor(socket: WebSocket, version: number) {
    this.socket = socket;
    this.#first = version;
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      if (frame.type === "ack") {
        this.#acknowledged += 1;
        this.ackWaits.push(performance.now() - (this.#sentAt[frame.seq - 1] ?? 0));
      } else if (frame.type === "error" || frame.type === "slow_down") throw new Error(String(data));
    });
  }

  static async open(url: string, token: string): Promise<Writer> {
    const { socket, welcome } = await opened(url, token);
    return new Writer(socket, welcome.version);
  }

  /** The version that it will make. It is the only one who writes. */
  edit(): number {
    const base = this.#first + this.#acknowledged;
    this.#seq += 1;
    this.#sentAt.push(performance.now());
    this.socket.send(JSON.stringify({ type: "submit", seq: this.#seq, base, op: [1_234, "x"] }));
    return this.#first + this.#seq;
  }
}

class Copy {
  readonly socket: WebSocket;
  readonly waits: number[] = [];
  readonly #text: Text;
  readonly #operations: Operation[] = [];
  #version: number;

  private constructor(socket: WebSocket, { version, text }: Welcome, sentAt: readonly number[]) {
    this.socket = socket;
    this.#version = version;
    this.#text = Text.from(text ?? "");
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      if (frame.type !== "operations") return;
      if (frame.from !== this.#version + 1)
        throw new Error(`version ${frame.from} came after ${this.#version}`);
      for (const { op } of frame.items) {
        this.#version += 1;
        this.#operations.push(op as Operation);
        this.waits.push(performance.now() - (sentAt[this.#version] ?? 0));
      }
    });
  }

  static async open(url: string, token: string, sentAt: readonly number[]): Promise<Copy> {
    const { socket, welcome } = await opened(url, token);
    return new Copy(socket, welcome, sentAt);
  }

  /** The text that all of it comes to. */
  replay(): string {
    for (const operation of this.#operations.splice(0)) this.#text.apply(operation);
    return this.#text.toString();
  }
}

class OurAudience implements Audience {
  readonly #writer: Writer;
  readonly #copies: readonly Copy[];
  /** By version. */
  readonly #sentAt: number[];
  readonly #content: () => Promise<string>;

  constructor(writer: Writer, copies: readonly Copy[], sentAt: number[], content: () => Promise<string>) {
    this.#writer = writer;
    this.#copies = copies;
    this.#sentAt = sentAt;
    this.#content = content;
  }

  get delivered(): number {
    return this.#copies.reduce((sum, { waits }) => sum + waits.length, 0);
  }

  get waits(): number[] {
    return this.#copies.flatMap(({ waits }) => waits);
  }

  get ackWaits(): readonly number[] {
    return this.#writer.ackWaits;
  }

  edit(): void {
    const at = performance.now();
    this.#sentAt[this.#writer.edit()] = at;
  }

  async verify(): Promise<void> {
    const content = await this.#content();
    for (const copy of this.#copies)
      if (copy.replay() !== content) throw new Error("a viewer has another text than the service");
  }

  close(): void {
    for (const { socket } of [this.#writer, ...this.#copies]) socket.terminate();
  }
}
