import { decodeServerFrame, type ServerFrame } from "../../../src/protocol/server-frames.ts";
import type { Peer, Session } from "../../../src/room/peer.ts";
import type { Grant } from "../../../src/room/room-api.ts";
import type { Ledger } from "./ledger.ts";

/** The end of a connection, in its place among the frames. */
export interface Close {
  code: number;
}

/** What a connection needs of its surroundings. */
export interface ConnectionPorts {
  ledger: Ledger;
  /** Whether the server's process is dead: what it sends then is never seen. */
  isDead(): boolean;
  /** A frame leaves the client. */
  sent(frame: string): void;
  /** The room closed it. */
  ended(connection: Connection): void;
  now(): number;
  /** Its hello does not ask for the short form, as from clients before there was one. */
  isOld: boolean;
}

let decoded: { message: string; frame: ServerFrame | undefined } = { message: "", frame: undefined };

/** A broadcast is one string for many sockets: it is decoded once. */
function decode(message: string): ServerFrame | undefined {
  if (decoded.message !== message) decoded = { message, frame: decodeServerFrame(message) };
  return decoded.frame;
}

/**
 * One socket: what the client has of it (as its `WebSocket`), what the room has of it (its `Peer`), and both directions
 * between them, each in order. How far either has come is the simulation's to decide.
 *
 * Everything that the room sends is held against the ledger as it leaves: nobody is told a version that is not durable
 * (law RM-2), and a stream has no gap and no repetition.
 */
export class Connection implements Peer {
  readonly #ports: ConnectionPorts;
  readonly #listeners = new Map<string, (event: object) => void>();
  readonly toServer: (string | Close)[] = [];
  readonly toClient: (string | Close)[] = [];
  /** The client's end. */
  state: "connecting" | "open" | "closed" = "connecting";
  /** The room's end: whether the room has it. */
  isJoined = false;
  /** Answers are lost from now on, and neither side notices. */
  isHidden = false;
  session: Session;
  pingedAt: number | undefined;
  readonly bufferedBytes = 0;
  readonly unprovenUnits = 0;
  /** The version up to which the room has told this socket everything; undefined before the welcome. */
  #told: number | undefined;

  constructor(grant: Grant, ports: ConnectionPorts) {
    this.session = { grant };
    this.#ports = ports;
  }

  // ── The client's end ───────────────────────────────────────────────────────────────────────────────────────────

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  #emit(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event);
  }

  /** As WebSocket.send. */
  transmit(frame: string): void {
    if (this.state !== "open") return;
    if (frame === "ping") {
      this.pingedAt = this.#ports.now();
      if (this.isJoined && !this.isHidden) this.toClient.push("pong");
      return;
    }
    this.#ports.sent(frame);
    this.toServer.push(this.#ports.isOld ? frame.replace(',"short":true', "") : frame);
  }

  open(): void {
    this.state = "open";
    this.#emit("open");
  }

  /** The next thing that came; false if there is none. */
  deliver(): boolean {
    if (this.state !== "open") return false;
    const item = this.toClient.shift();
    if (item === undefined) return false;
    if (typeof item === "string") this.#emit("message", { data: item });
    else this.break(item.code, Number.POSITIVE_INFINITY);
    return true;
  }

  /** The client's end is gone, and of what it had sent the first `kept` frames may still arrive, then the close. */
  break(code: number, kept: number): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.toServer.splice(kept);
    this.toServer.push({ code });
    this.toClient.length = 0;
    this.#emit("close", { code, reason: "" });
  }

  /** The server's process died: of what it had sent, the first `kept` frames may still arrive. */
  lose(kept: number): void {
    this.isJoined = false;
    this.toServer.length = 0;
    this.toClient.splice(kept);
    this.toClient.push({ code: 1006 });
  }

  /** What the server had sent, but for a close, never arrives. */
  forget(): void {
    this.toClient.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...this.toClient.filter((item) => typeof item !== "string"),
    );
  }

  // ── The room's end ─────────────────────────────────────────────────────────────────────────────────────────────

  saveSession(session: Session): void {
    if (!this.#ports.isDead()) this.session = session;
  }

  send(message: string): void {
    if (this.#ports.isDead()) return;
    const frame = decode(message);
    if (frame) this.#hold(frame);
    if (!this.isHidden && this.state !== "closed") this.toClient.push(message);
  }

  close(code: number): void {
    if (this.#ports.isDead()) return;
    if (this.state !== "closed") this.toClient.push({ code });
    this.isJoined = false;
    this.#ports.ended(this);
  }

  #hold(frame: ServerFrame): void {
    const { ledger } = this.#ports;
    const own = this.session.actor?.actor ?? 0;
    const violate = (line: string) => ledger.violations.push(`${line} (to actor ${own})`);
    if (frame.type === "welcome") {
      if (frame.version !== ledger.version)
        violate(`RM-2: a welcome at ${frame.version}, durable is ${ledger.version}`);
      if (frame.text !== undefined && frame.text !== ledger.texts[frame.version])
        violate(`a welcome at ${frame.version} with another text`);
      if (frame.operations) this.#holdItems(frame.operations, violate);
      this.#told = frame.version;
    } else if (frame.type === "operations") {
      if (frame.from !== (this.#told ?? -1) + 1)
        violate(`a stream goes on from ${frame.from} after ${this.#told}`);
      this.#holdItems(frame, violate);
      if (!this.session.short && frame.items.some(({ actor }) => actor === own))
        violate(`an echo at ${frame.from} or after`);
      this.#told = frame.from + frame.items.length - 1;
    } else if (frame.type === "ack") {
      if (!ledger.holds(frame.version, own, frame.seq))
        violate(`RM-2: ${own}/${frame.seq} is acknowledged as ${frame.version}, which it is not`);
      if (frame.version > (this.#told ?? -1) + 1)
        violate(`${frame.version} is acknowledged after ${this.#told}`);
      this.#told = Math.max(frame.version, this.#told ?? 0);
    } else if (frame.type === "presence") {
      if (frame.version !== this.#told)
        violate(`PR-2: presence of version ${frame.version} after ${this.#told}`);
      const { length } = ledger.texts[frame.version] ?? "";
      for (const item of frame.items) {
        if ("gone" in item) continue;
        for (const position of item.selections.flat())
          if (position > length) violate(`PR-2: position ${position} in a text of ${length}`);
      }
    }
  }

  #holdItems(
    { from, items }: { from: number; items: readonly Item[] },
    violate: (line: string) => void,
  ): void {
    for (const [index, { op, actor, seq }] of items.entries()) {
      if (!this.#ports.ledger.holds(from + index, actor, seq, JSON.stringify(op)))
        violate(`RM-2: ${actor}/${seq} is told as version ${from + index}, which it is not`);
    }
  }
}

interface Item {
  op: unknown;
  actor: number;
  seq: number;
}
