import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import {
  type Encoder,
  encode,
  writeUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from "lib0/encoding";
import { WebSocket } from "ws";
import { applyUpdate, Doc, encodeStateVector } from "yjs";
import { asBrowser, countBytes, uncompressed } from "../trace/service.ts";

/** A service that speaks Yjs's sync protocol (y-protocols/PROTOCOL.md). */
export interface YjsService {
  name: string;
  url(document: string): string;
  /** What every message of a document begins with. */
  prefix(document: string): Uint8Array;
  /** How a client knows that its update has been applied; of none does it know that it is durable. */
  acknowledges: "by echo" | "by status";
  /** Whether its clients offer to compress, as browsers do. */
  isCompressed: boolean;
}

/** Types of messages, and of those that are for sync. Hocuspocus knows `auth` and `status` besides. */
const message = { sync: 0, auth: 2, close: 7, status: 8 };
const sync = { step1: 0, step2: 1, update: 2 };

/** Somebody who writes nothing. */
const reader = 0;

/** The text of a document: it has one. */
export const textIn = (document: Doc): string => document.getText(textName).toString();
export const textName = "text";

/** A client's connection to a document. What comes is kept as it came, to be applied when nothing is measured. */
export class YjsSocket {
  /** The author of the updates that this client sends. From 2²⁸ on it takes five bytes, as most take that Yjs draws. */
  readonly client: number;
  /** Frames with updates that came, one or more in each. */
  readonly updates: Buffer[] = [];
  /** Of all frames. */
  bytes = () => ({ sent: 0, received: 0 });
  /** Called for every own update that the service has applied. */
  onAcknowledged = () => {};
  onUpdate = () => {};
  readonly #socket: WebSocket;
  readonly #prefix: Uint8Array;
  readonly #isEchoed: boolean;
  #first = new Uint8Array();
  #isClosing = false;

  private constructor(service: YjsService, document: string, client: number) {
    this.client = client;
    this.#prefix = service.prefix(document);
    this.#isEchoed = service.acknowledges === "by echo";
    this.#socket = new WebSocket(service.url(document), service.isCompressed ? asBrowser : uncompressed);
  }

  /** Resolves when it has the document. */
  static open(service: YjsService, document: string, client: number = reader): Promise<YjsSocket> {
    const opening = new YjsSocket(service, document, client);
    const socket = opening.#socket;
    return new Promise((done, failed) => {
      socket.once("error", failed);
      socket.once("open", () => {
        opening.bytes = countBytes(socket);
        if (opening.#isEchoed) opening.#ask();
        // Hocuspocus lets everybody in, but has to be asked to.
        else opening.#send(message.auth, 0, (encoder) => writeVarString(encoder, "token"));
      });
      socket.once("close", (code, reason) => {
        if (!opening.#isClosing) throw new Error(`${service.name} closed a socket: ${code} ${reason}`);
      });
      socket.on("message", (frame: Buffer) => opening.#receive(frame, () => done(opening)));
    });
  }

  /** Sends an update of one edit. */
  edit(update: Uint8Array): void {
    this.#send(message.sync, sync.update, (encoder) => writeVarUint8Array(encoder, update));
  }

  /** Applies to `document` what has come since the last `from` frames; returns how many there are now. */
  applyTo(document: Doc, from: number): number {
    document.transact(() => {
      if (from === 0) applyUpdate(document, this.#first);
      for (const frame of this.updates.slice(from)) applyUpdate(document, this.#payload(frame));
    });
    return this.updates.length;
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.terminate();
  }

  #ask(): void {
    this.#send(message.sync, sync.step1, (encoder) =>
      writeVarUint8Array(encoder, encodeStateVector(new Doc())),
    );
  }

  #send(type: number, kind: number, write: (encoder: Encoder) => void): void {
    const frame = encode((encoder) => {
      writeUint8Array(encoder, this.#prefix);
      writeVarUint(encoder, type);
      writeVarUint(encoder, kind);
      write(encoder);
    });
    this.#socket.send(frame);
  }

  #receive(frame: Buffer, opened: () => void): void {
    // Both fit into a byte each.
    const type = frame[this.#prefix.length];
    const kind = frame[this.#prefix.length + 1];
    if (type === message.sync && kind === sync.update) {
      this.updates.push(frame);
      if (this.#isEchoed && this.#isOwn(frame)) this.onAcknowledged();
      this.onUpdate();
    } else if (type === message.status) {
      if (kind !== 1) throw new Error("Hocuspocus refused an update");
      this.onAcknowledged();
    } else if (type === message.sync && kind === sync.step2) {
      this.#first = this.#payload(frame);
      opened();
    } else if (type === message.auth) {
      if (kind !== 2) throw new Error("Hocuspocus let a client not in");
      this.#ask();
    } else if (type === message.close) {
      throw new Error("Hocuspocus closed a document");
    }
  }

  #payload(frame: Buffer): Uint8Array<ArrayBuffer> {
    const decoder = createDecoder(frame);
    decoder.pos = this.#prefix.length + 2;
    return readVarUint8Array(decoder) as Uint8Array<ArrayBuffer>;
  }

  /** Whether this client wrote the one update of a frame. It bears its author's number, but for a deletion, which only a document's one writer makes. */
  #isOwn(frame: Buffer): boolean {
    const decoder = createDecoder(frame);
    decoder.pos = this.#prefix.length + 2;
    readVarUint(decoder); // bytes
    const authors = readVarUint(decoder);
    if (authors === 0) return true;
    readVarUint(decoder); // structs
    return readVarUint(decoder) === this.client;
  }
}
