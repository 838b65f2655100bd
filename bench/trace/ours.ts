import { WebSocket } from "ws";
import type { MateriClient } from "../../src/client/materi-client.ts";
import { replacement } from "../../src/ot/operation.ts";
import { type OwnSubmission, Replica } from "../../src/ot/replica.ts";
import { encodeSubmit } from "../../src/protocol/client-frames.ts";
import type { ServerFrame, Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { signUp } from "../account.ts";
import type { Bench } from "../workload.ts";
import type { Edit } from "./recording.ts";
import { frameBytes, type TraceService, type TraceSession } from "./service.ts";

/** Materi, through its public protocol; what is typed while a submission is on its way is composed, by the client's half of the engine. */
export async function ours(bench: Bench): Promise<TraceService> {
  const { url } = await bench.server("src/index.ts", { LOG_LEVEL: "warn" });
  const owner = await signUp(url);
  return {
    name: "Materi",
    async open() {
      const { id } = await owner.documents.create({ title: "Trace" });
      const token = await owner.token();
      return new OurSession(owner, id, await join(url, id, token), await join(url, id, token));
    },
  };
}

interface Joined {
  socket: WebSocket;
  welcome: Welcome;
}

/** A socket to a document, and what it was welcomed with. */
function join(url: string, id: string, token: string): Promise<Joined> {
  const socket = new WebSocket(
    `${url.replace("http", "ws")}/ws/documents/${id}`,
    [subprotocol, `bearer.${token}`],
    { perMessageDeflate: false },
  );
  return new Promise((done, failed) => {
    socket.once("open", () => socket.send(JSON.stringify({ type: "hello", client_id: crypto.randomUUID() })));
    socket.once("message", (data) => done({ socket, welcome: JSON.parse(String(data)) }));
    socket.once("error", failed);
  });
}

class OurSession implements TraceSession {
  readonly bytes = { up: 0, down: 0 };
  readonly #owner: MateriClient;
  readonly #id: string;
  readonly #writer: WebSocket;
  readonly #observer: WebSocket;
  readonly #replica: Replica;
  /** What the observer has: the frames, to be gone through when nothing is measured, and the version that they come to. */
  readonly #frames: string[] = [];
  #observed: number;
  #changed = () => {};

  constructor(owner: MateriClient, id: string, writer: Joined, observer: Joined) {
    this.#owner = owner;
    this.#id = id;
    this.#writer = writer.socket;
    this.#observer = observer.socket;
    this.#replica = new Replica({ version: writer.welcome.version, text: writer.welcome.text ?? "" });
    this.#observed = observer.welcome.version;
    this.#observer.on("message", (data: Buffer) => {
      this.bytes.down += frameBytes(data.length, "server");
      const text = data.toString();
      this.#frames.push(text);
      const frame = JSON.parse(text) as ServerFrame;
      if (frame.type === "operations") this.#observed = frame.from + frame.items.length - 1;
      this.#changed();
    });
  }

  async write(edits: readonly Edit[], window: number): Promise<void> {
    const replica = this.#replica;
    let next = 0;
    /** Edits until `count` wait, or until there are no more; sent at once if nothing is on its way. */
    const type = (count: number) => {
      for (let typed = 0; typed < count && next < edits.length; typed++) {
        const [position, deleted, inserted] = edits[next++]!;
        const submission = replica.edit(replacement(position, deleted, inserted));
        if (submission) this.#send(submission);
      }
    };
    const acknowledged = (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as ServerFrame;
      if (frame.type === "error" || frame.type === "slow_down")
        throw new Error(`the service put an edit off: ${data}`);
      if (frame.type !== "ack") return;
      const submission = replica.acknowledge(frame.seq, frame.version);
      if (submission) this.#send(submission);
      type(window);
      this.#changed();
    };
    this.#writer.on("message", acknowledged);
    type(window);
    while (next < edits.length || replica.pending() || this.#observed < replica.version)
      await new Promise<void>((done) => {
        this.#changed = done;
      });
    this.#writer.off("message", acknowledged);
  }

  #send(submission: OwnSubmission): void {
    const frame = encodeSubmit(submission);
    this.bytes.up += frameBytes(Buffer.byteLength(frame), "client");
    this.#writer.send(frame);
  }

  async verify(text: string): Promise<void> {
    const { content } = await this.#owner.documents.get(this.#id);
    if (content !== text) throw new Error("the service has another text than the trace");
    const observer = new Replica({ version: 0, text: "" });
    for (const frame of this.#frames.map((text) => JSON.parse(text) as ServerFrame))
      if (frame.type === "operations") for (const { op } of frame.items) observer.receive(op);
    if (observer.text.toString() !== text) throw new Error("the observer has another text than the trace");
  }

  close(): void {
    this.#writer.terminate();
    this.#observer.terminate();
  }
}
