import {
  type Editor,
  type EditorService,
  firstUnits,
  insertions,
  randomFrom,
  type Session,
  verified,
} from "../editors/editor.ts";
import { newDocument } from "./new-document.ts";
import type { NodeServer } from "./node-server.ts";
import { ShareDbSocket } from "./sharedb-socket.ts";

/** Editors of ShareDB. 32 edits at once are one operation, as its client composes what is typed while one is in flight. */
export const shareDbEditors = ({ url }: NodeServer): EditorService => ({
  name: "ShareDB",
  async open(count): Promise<Session> {
    const name = newDocument();
    (await ShareDbSocket.open(url, name, "-".repeat(firstUnits))).close();
    const editors = await Promise.all(
      Array.from(
        { length: count },
        async (_, n) => new ShareDbEditor(await ShareDbSocket.open(url, name), n),
      ),
    );
    return {
      editors,
      async verify() {
        const accepted = editors.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
        const reader = await ShareDbSocket.open(url, name);
        reader.close();
        if (reader.firstText.length !== firstUnits + accepted) throw new Error("ShareDB has lost an edit");
        await Promise.all(editors.map((editor) => editor.reached(reader.version)));
        for (const editor of editors.slice(0, verified)) {
          if (editor.replay() !== reader.firstText)
            throw new Error("an editor has another text than ShareDB");
        }
      },
    };
  },
});

class ShareDbEditor implements Editor {
  acknowledged = 0;
  readonly waits: number[] = [];
  readonly #socket: ShareDbSocket;
  readonly #random: (below: number) => number;
  /** Of the operation in flight: how many edits are in it, and when it was sent. */
  #flight: { edits: number; at: number } | undefined;
  #window = 0;
  #changed: () => void = () => {};

  constructor(socket: ShareDbSocket, number: number) {
    this.#socket = socket;
    this.#random = randomFrom(number + 1);
    socket.onAcknowledged = () => this.#acknowledged();
    socket.onOperation = () => this.#changed();
  }

  start(edits: number): void {
    this.#window = edits;
    this.#submit();
  }

  stop(): void {
    this.#window = 0;
  }

  async idle(): Promise<void> {
    while (this.#flight) await this.#change();
  }

  async reached(version: number): Promise<void> {
    while (this.#socket.version < version) await this.#change();
  }

  replay(): string {
    return this.#socket.replay();
  }

  close(): void {
    this.#socket.close();
  }

  #change(): Promise<void> {
    return new Promise((done) => {
      this.#changed = done;
    });
  }

  #submit(): void {
    const op = insertions(this.#window, this.#random);
    this.#flight = { edits: this.#window, at: performance.now() };
    this.#socket.submit(op);
  }

  #acknowledged(): void {
    if (!this.#flight) return;
    this.acknowledged += this.#flight.edits;
    this.waits.push(performance.now() - this.#flight.at);
    this.#flight = undefined;
    if (this.#window > 0) this.#submit();
  }
}
