import { WebSocket } from "ws";
import type { MateriClient } from "../../src/client/materi-client.ts";
import { replacement } from "../../src/ot/operation.ts";
import { type OwnSubmission, Replica } from "../../src/ot/replica.ts";
import { encodeHello, encodeSubmit } from "../../src/protocol/client-frames.ts";
import { decodeServerFrame, type Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { signUp } from "../account.ts";
import type { Bench } from "../workload.ts";
import type { Edit } from "./recording.ts";
import { asBrowser, countBytes, type TraceService, type TraceSession, uncompressed } from "./service.ts";

/** Materi, through its public protocol; what is typed while a submission is on its way is composed, by the client's half of the engine. */
export async function ours(bench: Bench, connecting = uncompressed): Promise<TraceService> {
  const { url } = await bench.server("src/index.ts", { LOG_LEVEL: "warn" });
  const owner = await signUp(url);
  return {
    name: connecting === asBrowser ? "Materi, compressed" : "Materi",
    async open() {
      const { id } = await owner.documents.create({ title: "Trace" });
      const address = `${url.replace("http", "ws")}/ws/documents/${id}`;
      const token = await owner.token();
      const join = () => joined(new WebSocket(address, [subprotocol, `bearer.${token}`], connecting));
      return new OurSession(owner, id, await join(), await join());
    },
  };
}

interface Joined {
  socket: WebSocket;
  welcome: Welcome;
  /** Since then. */
  bytes: ReturnType<typeof countBytes>;
}

/** Says hello on a new socket. */
function joined(socket: WebSocket): Promise<Joined> {
  return new Promise((done, failed) => {
    socket.once("open", () => socket.send(encodeHello({ clientId: crypto.randomUUID(), short: true })));
    socket.once("message", (data) =>
      done({ socket, welcome: JSON.parse(String(data)), bytes: countBytes(socket) }),
    );
    socket.once("error", failed);
  });
}

class OurSession implements TraceSession {
  readonly #sent: Joined["bytes"];
  readonly #received: Joined["bytes"];
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
    this.#sent = writer.bytes;
    this.#received = observer.bytes;
    this.#replica = new Replica({ version: writer.welcome.version, text: writer.welcome.text ?? "" });
    this.#observed = observer.welcome.version;
    this.#observer.on("message", (data: Buffer) => {
      const text = data.toString();
      this.#frames.push(text);
      const frame = decodeServerFrame(text);
      if (frame?.type === "operations") this.#observed = frame.from + frame.items.length - 1;
      this.#changed();
    });
  }

  get bytes() {
    return { up: this.#sent().sent, down: this.#received().received };
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
      const frame = decodeServerFrame(data.toString());
      if (frame?.type === "error" || frame?.type === "slow_down")
        throw new Error(`the service put an edit off: ${data}`);
      // Alone, nobody finds own operations among others'.
      if (frame?.type === "operations") throw new Error(`somebody else wrote: ${data}`);
      if (frame?.type !== "ack") return;
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
    this.#writer.send(encodeSubmit(submission, true));
  }

  async verify(text: string): Promise<void> {
    const { content } = await this.#owner.documents.get(this.#id);
    if (content !== text) throw new Error("the service has another text than the trace");
    const observer = new Replica({ version: 0, text: "" });
    for (const frame of this.#frames.map(decodeServerFrame))
      if (frame?.type === "operations") for (const { op } of frame.items) observer.receive(op);
    if (observer.text.toString() !== text) throw new Error("the observer has another text than the trace");
  }

  close(): void {
    this.#writer.terminate();
    this.#observer.terminate();
  }
}
