import { type TextOp, type } from "ot-text-unicode";
import type { Edit } from "../trace/recording.ts";
import type { TraceService, TraceSession } from "../trace/service.ts";
import { newDocument } from "./new-document.ts";
import type { NodeServer } from "./node-server.ts";
import { ShareDbSocket } from "./sharedb-socket.ts";

/** A writer and an observer at ShareDB; what is typed while an operation is in flight is composed, as its client does it. */
export const shareDbTrace = ({ url }: NodeServer): TraceService => ({
  name: "ShareDB",
  async open() {
    const name = newDocument();
    const writer = await ShareDbSocket.open(url, name, "");
    return new ShareDbTraceSession(url, name, writer, await ShareDbSocket.open(url, name));
  },
});

class ShareDbTraceSession implements TraceSession {
  readonly #url: string;
  readonly #name: string;
  readonly #writer: ShareDbSocket;
  readonly #observer: ShareDbSocket;
  readonly #opening: { sent: number; received: number };

  constructor(url: string, name: string, writer: ShareDbSocket, observer: ShareDbSocket) {
    this.#url = url;
    this.#name = name;
    this.#writer = writer;
    this.#observer = observer;
    this.#opening = { sent: writer.bytes().sent, received: observer.bytes().received };
  }

  get bytes(): { up: number; down: number } {
    return {
      up: this.#writer.bytes().sent - this.#opening.sent,
      down: this.#observer.bytes().received - this.#opening.received,
    };
  }

  async write(edits: readonly Edit[], window: number): Promise<void> {
    const writer = this.#writer;
    let next = 0;
    let isInFlight = false;
    let waiting: TextOp | undefined;
    const send = () => {
      if (isInFlight || !waiting) return;
      isInFlight = true;
      writer.submit(waiting);
      waiting = undefined;
    };
    /** As many edits as the window takes; the first is sent at once if nothing is on its way. */
    const write = () => {
      for (let typed = 0; typed < window && next < edits.length; typed++) {
        const op = operation(edits[next++]!);
        waiting = waiting ? type.compose(waiting, op) : op;
        send();
      }
    };
    await new Promise<void>((done) => {
      const look = () => {
        const isSent = next === edits.length && !waiting && !isInFlight;
        if (isSent && this.#observer.version === writer.version) done();
      };
      writer.onAcknowledged = () => {
        isInFlight = false;
        send();
        write();
      };
      writer.onOperation = look;
      this.#observer.onOperation = look;
      write();
    });
  }

  async verify(text: string): Promise<void> {
    const reader = await ShareDbSocket.open(this.#url, this.#name);
    reader.close();
    if (reader.firstText !== text) throw new Error("ShareDB has another text than the trace");
    if (this.#observer.replay() !== text) throw new Error("the observer has another text than the trace");
  }

  close(): void {
    this.#writer.close();
    this.#observer.close();
  }
}

function operation([position, deleted, inserted]: Edit): TextOp {
  const op: TextOp = position > 0 ? [position] : [];
  if (inserted) op.push(inserted);
  if (deleted > 0) op.push({ d: deleted });
  return op;
}
