import { WebSocket } from "ws";
import { MateriClient } from "../../src/client/materi-client.ts";
import type { Operation } from "../../src/ot/operation.ts";
import { Replica } from "../../src/ot/replica.ts";
import { encodeHello, encodeSubmit } from "../../src/protocol/client-frames.ts";
import { decodeServerFrame, type Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { signUp } from "../account.ts";
import type { Bench } from "../workload.ts";
import {
  type Editor,
  type EditorService,
  firstUnits,
  insertions,
  randomFrom,
  type Session,
  verified,
} from "./editor.ts";

/** Guests who share the sockets: one alone would meet the limit of frames for a person. */
const guests = 5;

/** Materi: the service as it is deployed, through its public protocol. */
export async function ours(bench: Bench): Promise<EditorService> {
  const server = await bench.server("src/index.ts", { LOG_LEVEL: "warn" });
  const owner = await signUp(server.url);
  return {
    name: "Materi",
    async open(count) {
      const { id } = await owner.documents.create({ title: "Bench", content: "-".repeat(firstUnits) });
      return openEditors({ url: server.url, owner, id, count });
    },
  };
}

/** Makes one operation of so many edits. */
type Typing = (edits: number, random: (below: number) => number) => (number | string)[];

/** Tokens of people who are in a document by its link. */
export async function guestTokens(url: string, owner: MateriClient, id: string): Promise<string[]> {
  const { token: link } = await owner.sharing.createLink(id, {
    name: "bench",
    role: "editor",
    guests: true,
    history: true,
  });
  return Promise.all(
    Array.from({ length: guests }, async () => {
      const { guest } = await new MateriClient({ url }).sharing.openLink({ token: link, name: "Guest" });
      if (!guest) throw new Error("the link let no guest in");
      return guest.access_token;
    }),
  );
}

export interface Opening {
  url: string;
  owner: MateriClient;
  id: string;
  count: number;
  typing?: Typing;
  /** Of guests; by default of new ones. */
  tokens?: readonly string[];
}

/** Editors of a document that is there, who come one after the other. */
export async function openEditors(opening: Opening): Promise<Session & { editors: OurEditor[] }> {
  const { url, owner, id, count, typing = insertions } = opening;
  const tokens = opening.tokens ?? (await guestTokens(url, owner, id));
  const address = `${url.replace("http", "ws")}/ws/documents/${id}`;
  const editors: OurEditor[] = [];
  for (let n = 0; n < count; n++)
    editors.push(await OurEditor.open(address, tokens[n % tokens.length] ?? "", n, typing));
  return {
    editors,
    async verify() {
      const { content, version } = await owner.documents.get(id);
      await Promise.all(editors.map((editor) => editor.reached(version)));
      for (const editor of editors.slice(0, verified)) {
        if (editor.replay() !== content) throw new Error("an editor has another text than the service");
      }
    },
  };
}

/** What happened at an editor, in order, to be gone through again when nothing is measured. */
type Event = { sent: Operation } | { frame: string };

class OurEditor implements Editor {
  acknowledged = 0;
  readonly waits: number[] = [];
  readonly #socket: WebSocket;
  readonly #random: (below: number) => number;
  readonly #typing: Typing;
  readonly #first: Welcome;
  readonly #events: Event[] = [];
  #version: number;
  #seq = 0;
  /** Of the submission in flight: how many edits are in it, and when it was sent. */
  #flight: { edits: number; at: number } | undefined;
  #window = 0;
  #changed: () => void = () => {};

  private constructor(socket: WebSocket, welcome: Welcome, seed: number, typing: Typing) {
    this.#socket = socket;
    this.#first = welcome;
    this.#version = welcome.version;
    this.#random = randomFrom(seed);
    this.#typing = typing;
    socket.on("message", (data) => this.#receive(String(data)));
  }

  static open(url: string, token: string, number: number, typing: Typing): Promise<OurEditor> {
    const socket = new WebSocket(url, [subprotocol, `bearer.${token}`], { perMessageDeflate: false });
    return new Promise((done, failed) => {
      socket.once("open", () => socket.send(encodeHello({ clientId: crypto.randomUUID(), short: true })));
      socket.once("message", (data) =>
        done(new OurEditor(socket, JSON.parse(String(data)), number + 1, typing)),
      );
      socket.once("error", failed);
    });
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
    while (this.#version < version) await this.#change();
  }

  close(): void {
    this.#socket.terminate();
  }

  /** The text that all of it comes to, by the client's half of the engine. */
  replay(): string {
    const replica = new Replica({ version: this.#first.version, text: this.#first.text ?? "" });
    for (const event of this.#events) {
      if ("sent" in event) {
        replica.edit(event.sent);
        continue;
      }
      const frame = decodeServerFrame(event.frame);
      if (frame?.type === "ack") replica.acknowledge(frame.seq, frame.version);
      if (frame?.type !== "operations") continue;
      for (const [index, { op, actor, seq }] of frame.items.entries()) {
        if (actor === this.#first.actor) replica.acknowledge(seq, frame.from + index);
        else replica.receive(op);
      }
    }
    return replica.text.toString();
  }

  #change(): Promise<void> {
    return new Promise((done) => {
      this.#changed = done;
    });
  }

  /** What was typed while the last one was on its way, as one operation. */
  #submit(): void {
    const op = this.#typing(this.#window, this.#random) as unknown as Operation;
    this.#seq += 1;
    this.#flight = { edits: this.#window, at: performance.now() };
    this.#events.push({ sent: op });
    this.#socket.send(encodeSubmit({ seq: this.#seq, base: this.#version, operation: op }, true));
  }

  #receive(text: string): void {
    this.#events.push({ frame: text });
    const frame = decodeServerFrame(text);
    if (frame?.type === "operations") {
      this.#version = frame.from + frame.items.length - 1;
      // In the place of an ack (docs/protocol.md, the short form).
      if (frame.items.some(({ actor }) => actor === this.#first.actor)) this.#acknowledge();
    } else if (frame?.type === "ack") {
      this.#version = frame.version;
      this.#acknowledge();
    } else if (frame?.type === "error" || frame?.type === "slow_down") {
      throw new Error(`the service put an edit off: ${text}`);
    }
    this.#changed();
  }

  #acknowledge(): void {
    if (!this.#flight) throw new Error("an edit was acknowledged that was not on its way");
    this.acknowledged += this.#flight.edits;
    this.waits.push(performance.now() - this.#flight.at);
    this.#flight = undefined;
    if (this.#window > 0) this.#submit();
  }
}
