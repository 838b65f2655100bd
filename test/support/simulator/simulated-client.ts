import { DocumentSession } from "../../../src/client/document-session.ts";
import { type Operation, replacement } from "../../../src/ot/operation.ts";
import { Text } from "../../../src/ot/text.ts";
import type { Acknowledgement } from "../history-checker.ts";
import type { Connection } from "./connection.ts";
import type { Ledger } from "./ledger.ts";
import { submittedSeq } from "./simulated-server.ts";

export interface ClientPorts {
  ledger: Ledger;
  /** Opens a socket for this person; `sent` hears every frame that leaves. Undefined: the upgrade is refused. */
  connect(userId: string, sent: (frame: string) => void): Connection | undefined;
  /** Characters that nobody has typed yet. */
  newText(length: number): string;
  /** These stand in the text for a second time: an undo or a restore brought them back. */
  repeated(text: string): void;
}

/** Above this the text is made shorter: everything in a simulation costs as much as its text is long. */
const longEnough = 240;

/** A person at a real `DocumentSession`, and what they saw. */
export class SimulatedClient {
  readonly userId: string;
  readonly session: DocumentSession;
  readonly acknowledged: Acknowledgement[] = [];
  /** The highest seq that was sent. */
  sent = 0;
  readonly typed: string[] = [];
  readonly removed = new Set<string>();
  readonly #ports: ClientPorts;
  readonly #frames = new Map<number, string>();
  /** The newest, and older ones of which something may still arrive. */
  connections: Connection[] = [];
  #deliveries = 0;
  /** Of the ledger, when the session last joined. */
  #era = 0;

  constructor(clientId: string, userId: string, ports: ClientPorts) {
    this.userId = userId;
    this.#ports = ports;
    const connect = () => this.#connect();
    this.session = new DocumentSession({
      url: "http://simulated",
      documentId: "document",
      token: () => "token",
      clientId,
      transports: ["socket"],
      retry: { first: 50, most: 800 },
      WebSocket: class {
        constructor() {
          // biome-ignore lint/correctness/noConstructorReturn: stands in for the platform's class
          return connect();
        }
      } as unknown as new () => WebSocket,
    });
    this.session.on("connection", ({ state }) => {
      if (state !== "live" || this.#era === ports.ledger.era) return;
      this.#era = ports.ledger.era;
      // Its `seq`s come again.
      this.#frames.clear();
    });
    this.session.on("acknowledged", (acknowledgement) => this.acknowledged.push(acknowledgement));
    this.session.on("rescued", ({ text }) => {
      for (const character of text) this.removed.add(character);
    });
    this.session.on("rejected", ({ code, detail }) => {
      ports.ledger.violations.push(`an edit of ${clientId} is refused: ${code}, ${detail}`);
    });
  }

  /** The client's end of a new socket. */
  #connect(): object {
    const connection = this.#ports.connect(this.userId, (frame) => this.#note(frame));
    if (!connection) {
      const refused = {
        addEventListener: (type: string, listen: (event: object) => void) => {
          if (type === "close") queueMicrotask(() => listen({ code: 1006, reason: "" }));
        },
        close: () => {},
      };
      return refused;
    }
    this.connections.push(connection);
    return {
      addEventListener: connection.addEventListener.bind(connection),
      send: connection.transmit.bind(connection),
      close: () => connection.break(1000, Number.POSITIVE_INFINITY),
    };
  }

  /** RM-3: a frame once sent never changes, but for one that is made anew at a later version as the log was trimmed. */
  #note(message: string): void {
    const seq = submittedSeq(message);
    if (seq === undefined) return;
    const first = this.#frames.get(seq);
    if (first !== undefined && first !== message && baseOf(message) <= baseOf(first))
      this.#ports.ledger.violations.push(`RM-3: ${this.session.clientId} sends another ${seq}`);
    this.#frames.set(seq, message);
    this.sent = Math.max(this.sent, seq);
  }

  /** Storage was put back to an older version: what was acknowledged after it is gone. */
  rewound(version: number): void {
    this.acknowledged.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...this.acknowledged.filter((acknowledgement) => acknowledgement.version <= version),
    );
  }

  /** What the person typed and nobody has acknowledged. */
  get unsaved(): string {
    const operation = this.hasJoined ? this.session.unsaved : undefined;
    return operation?.filter((part) => typeof part === "string").join("") ?? "";
  }

  /** RM-3: a repeat gets its first version back. */
  sendAgain(): void {
    const last = this.acknowledged.at(-1);
    const frame = last && this.#frames.get(last.seq);
    if (frame && this.hasJoined && this.session.isSaved) this.connection?.transmit(frame);
  }

  get hasEnded(): boolean {
    return this.session.connection.state === "ended";
  }

  get hasJoined(): boolean {
    return !this.hasEnded && this.session.role !== undefined;
  }

  /** The client's end as it is now. */
  get connection(): Connection | undefined {
    return this.connections.at(-1);
  }

  // ── What the person does ───────────────────────────────────────────────────────────────────────────────────────

  /** Replaces up to `deleted` units at `place` (of a thousand) by `inserted` new characters. */
  type(place: number, deleted: number, inserted: number): void {
    if (!this.hasJoined || this.session.isReadOnly) return;
    const { text } = this.session;
    const length = text.length > longEnough ? text.length >> 1 : deleted;
    const [start, end] = span(text, place, length);
    const removed = text.slice(start, end);
    const added = this.#ports.newText(inserted);
    if (removed.length + added.length === 0) return;
    for (const character of removed) this.removed.add(character);
    this.typed.push(...added);
    this.session.edit(replacement(start, end - start, added));
  }

  undo(direction: "undo" | "redo"): void {
    if (!this.hasJoined || this.session.isReadOnly) return;
    const before = this.session.text;
    const operation = this.session[direction]();
    if (operation) this.#noteUndo(before, operation);
  }

  select(place: number, length: number): void {
    if (this.hasJoined) this.session.setPresence([span(this.session.text, place, length)]);
  }

  #noteUndo(before: string, operation: Operation): void {
    let at = 0;
    for (const part of operation) {
      if (typeof part === "string") this.#ports.repeated(part);
      else if (part > 0) at += part;
      else {
        for (const character of before.slice(at, at - part)) this.removed.add(character);
        at -= part;
      }
    }
  }

  // ── What must hold ─────────────────────────────────────────────────────────────────────────────────────────────

  /** After something came: the room's text at the session's version, with what is not saved, is what the person sees. */
  check(): void {
    if (!this.hasJoined) return;
    const { version, text } = this.session;
    const { ledger } = this.#ports;
    // What it shows is of a storage that is no more.
    if (this.#era !== ledger.era) return;
    let expected = ledger.texts[version];
    this.#deliveries += 1;
    if (!this.session.isSaved) {
      // Costs a text: not every time.
      if (this.#deliveries % 8 !== 0 || expected === undefined) return;
      const whole = Text.from(expected);
      if (this.session.unsaved) whole.apply(this.session.unsaved);
      expected = whole.toString();
    }
    if (text !== expected && !ledger.mayDiffer(version, text, expected))
      ledger.violations.push(`OT-1: ${this.session.clientId} has another text at version ${version}`);
  }
}

const baseOf = (submit: string): number => JSON.parse(submit).base;

/** About `length` units from `place` (of a thousand), cutting no surrogate pair. */
export function span(text: string, place: number, length: number): [start: number, end: number] {
  const start = Math.floor((place * (text.length + 1)) / 1000);
  const end = Math.min(text.length, start + length);
  return [before(text, start), before(text, end)];
}

const before = (text: string, at: number): number =>
  (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at - 1 : at;
