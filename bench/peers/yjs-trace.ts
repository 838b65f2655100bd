import { Doc } from "yjs";
import type { Edit } from "../trace/recording.ts";
import type { TraceService, TraceSession } from "../trace/service.ts";
import { newDocument } from "./new-document.ts";
import { textIn, textName, type YjsService, YjsSocket } from "./yjs-socket.ts";

/** A writer with a document of Yjs's and an observer, at a service that speaks Yjs's sync protocol. Each edit is an update. */
export const yjsTrace = (service: YjsService): TraceService => ({
  name: service.name,
  async open() {
    const name = newDocument();
    const writer = await YjsSocket.open(service, name, writerNumber);
    return new YjsTraceSession(service, name, writer, await YjsSocket.open(service, name));
  },
});

const writerNumber = 0x1000_0001;

class YjsTraceSession implements TraceSession {
  readonly #service: YjsService;
  readonly #name: string;
  readonly #writer: YjsSocket;
  readonly #observer: YjsSocket;
  readonly #document = new Doc();
  readonly #opening: { sent: number; received: number };

  constructor(service: YjsService, name: string, writer: YjsSocket, observer: YjsSocket) {
    this.#service = service;
    this.#name = name;
    this.#writer = writer;
    this.#observer = observer;
    this.#opening = { sent: writer.bytes().sent, received: observer.bytes().received };
    this.#document.clientID = writerNumber;
    this.#document.on("update", (update) => writer.edit(update));
  }

  get bytes(): { up: number; down: number } {
    return {
      up: this.#writer.bytes().sent - this.#opening.sent,
      down: this.#observer.bytes().received - this.#opening.received,
    };
  }

  async write(edits: readonly Edit[], window: number): Promise<void> {
    const text = this.#document.getText(textName);
    let typed = 0;
    let acknowledged = 0;
    /** Whether the writer was sent the last of its own updates, too: everybody is sent the same ones, Hocuspocus' merged after the acknowledgements. */
    let isEchoed = false;
    const type = () => {
      const edit = edits[typed++];
      if (!edit) return;
      const [position, deleted, inserted] = edit;
      this.#document.transact(() => {
        if (deleted > 0) text.delete(position, deleted);
        if (inserted) text.insert(position, inserted);
      });
    };
    await new Promise<void>((done) => {
      const look = () => {
        const hasAll = this.#observer.updates.length === this.#writer.updates.length;
        if (acknowledged === edits.length && isEchoed && hasAll) done();
      };
      this.#writer.onAcknowledged = () => {
        acknowledged += 1;
        isEchoed = false;
        type();
      };
      this.#writer.onUpdate = () => {
        isEchoed = true;
        look();
      };
      this.#observer.onUpdate = look;
      for (let n = 0; n < window; n++) type();
    });
  }

  async verify(text: string): Promise<void> {
    const reader = await YjsSocket.open(this.#service, this.#name);
    reader.close();
    for (const socket of [reader, this.#observer]) {
      const document = new Doc();
      socket.applyTo(document, 0);
      if (textIn(document) !== text)
        throw new Error(`the observer or ${this.#service.name} has another text than the trace`);
    }
  }

  close(): void {
    this.#writer.close();
    this.#observer.close();
  }
}
