import { type TextOp, type } from "ot-text-unicode";
import { WebSocket } from "ws";
import { countBytes, uncompressed } from "../trace/service.ts";

/** What ShareDB's server says, as far as it concerns these clients (sharedb/lib/agent.js). */
interface Message {
  a: "init" | "hs" | "s" | "op";
  /** Of `hs`: the client that the server takes this for. */
  id?: string;
  /** Of `s`. */
  data?: { v: number; data: string };
  /** Of `op`, of one's own as the acknowledgement, which has no `op` in it. */
  v?: number;
  src?: string;
  op?: TextOp;
  error?: { code: string; message: string };
}

/** What happened at a client, in order, to be gone through again when nothing is measured. */
type Event = { sent: TextOp } | { frame: string };

const collection = "documents";

/**
 * A client's connection to a document, as ShareDB's own client has it (sharedb/lib/client), but that it does not apply what comes. One
 * operation is in flight. The acknowledgement says that the operation has been applied and passed on; it is in memory alone.
 */
export class ShareDbSocket {
  version = 0;
  /** Of all frames. */
  bytes = () => ({ sent: 0, received: 0 });
  onAcknowledged = () => {};
  onOperation = () => {};
  readonly #socket: WebSocket;
  readonly #document: string;
  readonly #events: Event[] = [];
  #client = "";
  #seq = 0;
  #firstVersion = 0;
  #firstText = "";
  #isClosing = false;

  private constructor(url: string, document: string) {
    this.#document = document;
    this.#socket = new WebSocket(url, uncompressed);
  }

  /** Resolves when it has the document; with `text`, it creates it. */
  static open(url: string, document: string, text?: string): Promise<ShareDbSocket> {
    const opening = new ShareDbSocket(url, document);
    const socket = opening.#socket;
    return new Promise((done, failed) => {
      socket.once("error", failed);
      socket.once("open", () => {
        opening.bytes = countBytes(socket);
        opening.#say({ a: "hs", id: null, protocol: 1, protocolMinor: 2 });
      });
      socket.once("close", (code, reason) => {
        if (!opening.#isClosing) throw new Error(`ShareDB closed a socket: ${code} ${reason}`);
      });
      socket.on("message", (data: Buffer) => {
        const frame = data.toString();
        const message = JSON.parse(frame) as Message;
        if (message.error) throw new Error(`ShareDB refused: ${frame}`);
        if (message.a === "hs") {
          opening.#client = message.id ?? "";
          if (text !== undefined) opening.#submit({ create: { type: type.uri, data: text } });
          opening.#say({ a: "s", c: collection, d: document, v: null });
        } else if (message.a === "s" && message.data) {
          opening.version = opening.#firstVersion = message.data.v;
          opening.#firstText = message.data.data;
          done(opening);
        } else if (message.a === "op") opening.#receive(message, frame);
      });
    });
  }

  /** The text as it was when it was opened. */
  get firstText(): string {
    return this.#firstText;
  }

  submit(op: TextOp): void {
    this.#events.push({ sent: op });
    this.#submit({ op });
  }

  /** The text that all of it comes to. */
  replay(): string {
    let text = this.#firstText;
    let version = this.#firstVersion;
    let flight: TextOp | undefined;
    for (const event of this.#events) {
      if ("sent" in event) {
        flight = event.sent;
        text = type.apply(text, flight);
        continue;
      }
      const { v, src, op = [] } = JSON.parse(event.frame) as Message;
      if (v !== version) continue;
      version += 1;
      if (src === this.#client) {
        flight = undefined;
      } else if (flight) {
        text = type.apply(text, type.transform(op, flight, "right"));
        flight = type.transform(flight, op, "left");
      } else text = type.apply(text, op);
    }
    return text;
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.terminate();
  }

  #submit(change: { op: TextOp } | { create: { type: string; data: string } }): void {
    const { version } = this;
    this.#say({ a: "op", c: collection, d: this.#document, v: version, seq: ++this.#seq, x: {}, ...change });
  }

  #say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  #receive({ v = 0, src }: Message, frame: string): void {
    // What a submission had missed comes with its acknowledgement, and again by the subscription.
    if (this.#firstVersion === 0 || v < this.version) return;
    if (v > this.version) throw new Error(`ShareDB left out version ${this.version}`);
    this.#events.push({ frame });
    this.version += 1;
    if (src === this.#client) this.onAcknowledged();
    this.onOperation();
  }
}
