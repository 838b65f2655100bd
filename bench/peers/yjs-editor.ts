import { setTimeout as sleep } from "node:timers/promises";
import { encode, writeUint8, writeVarString, writeVarUint } from "lib0/encoding";
import { Doc } from "yjs";
import {
  type Editor,
  type EditorService,
  firstUnits,
  randomFrom,
  type Session,
  verified,
} from "../editors/editor.ts";
import { newDocument } from "./new-document.ts";
import { textIn, textName, type YjsService, YjsSocket } from "./yjs-socket.ts";

/** Milliseconds after which an editor that has not got what others wrote is taken never to get it. */
const patience = 30_000;

/** Editors of a service that speaks Yjs's sync protocol. 32 edits at once are so many updates on their way, as Yjs's providers send them. */
export const yjsEditors = (service: YjsService): EditorService => ({
  name: service.name,
  async open(count): Promise<Session> {
    const name = newDocument();
    await writeFirst(service, name);
    const editors = await Promise.all(
      Array.from(
        { length: count },
        async (_, n) => new YjsEditor(await YjsSocket.open(service, name, 0x1000_0001 + n)),
      ),
    );
    return {
      editors,
      async verify() {
        const accepted = editors.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
        const reader = await YjsSocket.open(service, name);
        const document = new Doc();
        reader.applyTo(document, 0);
        reader.close();
        const text = textIn(document);
        if (text.length !== firstUnits + accepted) throw new Error(`${service.name} has lost an edit`);
        for (const editor of editors.slice(0, verified)) {
          if ((await editor.replay(text.length)) !== text)
            throw new Error(`an editor has another text than ${service.name}`);
        }
      },
    };
  },
});

/** The author of the text that a document begins with. */
const firstAuthor = 0x1fff_ffff;

async function writeFirst(service: YjsService, name: string): Promise<void> {
  const socket = await YjsSocket.open(service, name, firstAuthor);
  const document = new Doc();
  document.clientID = firstAuthor;
  await new Promise<void>((done) => {
    socket.onAcknowledged = done;
    document.on("update", (update) => socket.edit(update));
    document.getText(textName).insert(0, "-".repeat(firstUnits));
  });
  socket.close();
}

class YjsEditor implements Editor {
  acknowledged = 0;
  readonly waits: number[] = [];
  readonly #socket: YjsSocket;
  readonly #random: (below: number) => number;
  /** The characters that it sees, which are the first ones and its own: clocks of their author's, own ones as -1, -2, … */
  readonly #characters = Array.from({ length: firstUnits }, (_, clock) => clock);
  readonly #sentAt: number[] = [];
  #window = 0;
  #idle: (() => void) | undefined;

  constructor(socket: YjsSocket) {
    this.#socket = socket;
    this.#random = randomFrom(socket.client);
    socket.onAcknowledged = () => this.#acknowledged();
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
      if (this.acknowledged === this.#sentAt.length) done();
      else this.#idle = done;
    });
  }

  /** The text that all of it comes to, once it is so long. */
  async replay(length: number): Promise<string> {
    const deadline = performance.now() + patience;
    const document = new Doc();
    let applied = this.#socket.applyTo(document, 0);
    while (document.getText(textName).length < length && performance.now() < deadline) {
      await sleep(5);
      applied = this.#socket.applyTo(document, applied);
    }
    return textIn(document);
  }

  close(): void {
    this.#socket.close();
  }

  /** One character, as Yjs writes an update that inserts it (version 1 of its encoding); a Y.Doc for each editor would be most of the load. */
  #send(): void {
    const place = this.#random(firstUnits);
    const left = this.#characters[place - 1];
    const right = this.#characters[place] ?? 0;
    const clock = this.#sentAt.push(performance.now()) - 1;
    this.#characters.splice(place, 0, -1 - clock);
    const update = encode((encoder) => {
      const id = (character: number) => {
        writeVarUint(encoder, character < 0 ? this.#socket.client : firstAuthor);
        writeVarUint(encoder, character < 0 ? -1 - character : character);
      };
      writeVarUint(encoder, 1); // author
      writeVarUint(encoder, 1); // item
      id(-1 - clock);
      writeUint8(encoder, left === undefined ? 0b0100_0100 : 0b1100_0100); // a string, to the right of one (if any) and to the left of another
      if (left !== undefined) id(left);
      id(right);
      writeVarString(encoder, "x");
      writeVarUint(encoder, 0); // deletions
    });
    this.#socket.edit(update);
  }

  #acknowledged(): void {
    this.waits.push(performance.now() - (this.#sentAt[this.acknowledged] ?? 0));
    this.acknowledged += 1;
    if (this.#window > 0) this.#send();
    else if (this.acknowledged === this.#sentAt.length) this.#idle?.();
  }
}
