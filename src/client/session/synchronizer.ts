import type { Operation } from "../../ot/operation.ts";
import type { OperationLimits } from "../../ot/parse.ts";
import { type OwnSubmission, ProtocolError, Replica } from "../../ot/replica.ts";
import { OperationError } from "../../ot/text.ts";
import { encodeHello, encodeReport, encodeSubmit } from "../../protocol/client-frames.ts";
import {
  decodeServerFrame,
  type ErrorFrame,
  type OperationList,
  type Role,
  type ServerFrame,
  type SlowDown,
  type Welcome,
} from "../../protocol/server-frames.ts";
import { backoff } from "../backoff.ts";
import { Agreement } from "./agreement.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Link, type LinkPorts } from "./link.ts";
import { Outbox, type OutboxPorts } from "./outbox.ts";
import type { Persistence } from "./persistence.ts";
import { SessionPresence } from "./presence.ts";
import { Renewal } from "./renewal.ts";
import type { Connection, SessionEvents, SetAside } from "./session-events.ts";
import { UnsavedEdits } from "./unsaved-edits.ts";

export interface SynchronizerPorts
  extends Pick<LinkPorts, "token" | "transports" | "delays">,
    Pick<OutboxPorts, "gatherMs"> {
  clientId: string;
  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void;
  /** Something has changed: the moment to look whether what is waited for has come. */
  settled(): void;
  /** Own text that is in no document. */
  setAside(): readonly SetAside[];
}

/**
 * Keeps a replica and the room in step: says hello, takes in what the room says in its order, resumes by version after
 * every interruption, and merges where that cannot be. One submission is in flight, the rest is composed behind it.
 */
export class Synchronizer {
  readonly #ports: SynchronizerPorts;
  /** The connection: opened when `connect` of it is called. */
  readonly link: Link;
  readonly #outbox: Outbox;
  readonly #renewal: Renewal;
  readonly #heartbeat: Heartbeat;
  readonly #agreement = new Agreement();
  readonly #unsaved = new UnsavedEdits();
  readonly presence: SessionPresence;
  #persistence: Persistence | undefined;
  #clientId: string;
  #replica: Replica | undefined;
  #limits: OperationLimits | undefined;
  #actor = 0;
  #epoch: string | undefined;
  /** Whether the server knows the short form. */
  #short: boolean | undefined;
  /** The text here turned out not to be the server's at some version. */
  #differs = false;
  /** What was restored has not been compared with what the server knows. */
  #isRestored = false;
  /** How often in a row the submission in flight was refused for now. */
  #refusals = 0;

  constructor(ports: SynchronizerPorts) {
    this.#ports = ports;
    this.#clientId = ports.clientId;
    const send = (frame: string) => this.link.send(frame);
    this.link = new Link({
      ...ports,
      opened: () => this.#hello(),
      received: (message) => this.#receive(message),
      moved: (connection) => this.#moved(connection),
    });
    this.#outbox = new Outbox({
      ...ports,
      pending: () => this.#replica?.pending(),
      // Not before the welcome: a snapshot could not tell what became of a submission that is on its way.
      send: (submission) => {
        const goes = this.link.isLive && this.#persistence?.holds(submission) !== false;
        if (goes) this.link.send(encodeSubmit(submission, this.#short));
        return goes;
      },
      gathered: () => this.hurry(),
      gather: () => {
        const next = this.joined.gather();
        this.#unsaved.sentAnew(this.joined.state.kind);
        return next;
      },
    });
    this.#renewal = new Renewal({ ...ports, send });
    this.presence = new SessionPresence({ replica: () => this.#replica, send });
    this.#heartbeat = new Heartbeat({
      send,
      dead: () => this.link.lost(),
      back: () => this.presence.sendAgain(),
    });
  }

  // ── What the session asks ──────────────────────────────────────────────────────────────────────────────────────

  /** As this writer is named to the room now: see `#refused` for when that changes. */
  get clientId(): string {
    return this.#clientId;
  }

  /** Undefined before the first welcome. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  get joined(): Replica {
    if (!this.#replica) throw new Error("there is no text yet: await ready()");
    return this.#replica;
  }

  get role(): Role | undefined {
    return this.#outbox.role;
  }

  get mayEdit(): boolean {
    return this.#outbox.mayEdit;
  }

  /** Keeps what is not saved from now on, and goes on from what was kept. Before it connects. */
  persist(persistence: Persistence): void {
    this.#persistence = persistence;
    const { restored } = persistence;
    if (restored) {
      const { version, text, seq, sent, operation, buffer, edits, role } = restored;
      this.#clientId = restored.clientId;
      this.#epoch = restored.epoch;
      if (role) this.#outbox.setRole(role);
      if (sent) {
        this.#replica = Replica.restore({ version, text, clientSeq: seq, sent, operation, buffer });
        this.#isRestored = true;
        this.#unsaved.restore(edits);
        this.#ports.emit("reset", { text: this.#replica.text.toString() });
      }
    }
    persistence.attach({
      replica: () => this.#replica,
      rest: () => ({
        clientId: this.#clientId,
        epoch: this.#epoch,
        role: this.role,
        edits: this.unsavedEdits,
        setAside: this.#ports.setAside(),
      }),
      durable: () => this.#outbox.offer(),
    });
    this.#settled();
  }

  #settled(): void {
    this.#persistence?.changed();
    this.#ports.settled();
  }

  /** Own edits that are not durable. */
  get unsavedEdits(): number {
    return this.#unsaved.count;
  }

  /** The replica took an edit of the user's; `next` is what it has to send now. */
  edited(operation: Operation, next: OwnSubmission | null): void {
    this.presence.edited(operation, "owner");
    this.#unsaved.edited(next !== null);
    this.#ports.emit("change", { operation, remote: false });
    if (next) this.#outbox.offer();
    this.#settled();
  }

  /** Sends at once what would be gathered. */
  hurry(): void {
    this.#outbox.hurry();
    this.#settled();
  }

  // ── Connection ─────────────────────────────────────────────────────────────────────────────────────────────────

  #hello(): void {
    const since = this.#differs ? undefined : this.#replica?.version;
    const epoch = since === undefined ? undefined : this.#epoch;
    const lastSeq = this.#replica?.pending()?.seq;
    this.link.send(encodeHello({ clientId: this.#clientId, since, epoch, lastSeq, short: true }));
  }

  /** The connection came into another state: what hung on the one before ends. */
  #moved(connection: Connection): void {
    this.#renewal.cancel();
    this.#heartbeat.stop();
    if (connection.state !== "live") this.#outbox.returned();
    if (connection.state === "ended") this.#outbox.close();
    const othersWereHere = this.presence.end();
    this.#ports.emit("connection", connection);
    if (othersWereHere) this.#ports.emit("presence", { others: [] });
    this.#settled();
    if (connection.state === "ended") this.#persistence?.close();
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(message: string): void {
    this.#heartbeat.heard();
    if (message === "pong") return;
    const frame = decodeServerFrame(message);
    try {
      if (frame) this.#take(frame);
    } catch (error) {
      if (!(error instanceof OperationError || error instanceof ProtocolError)) throw error;
      this.#differ();
    }
    this.presence.offer();
    this.#settled();
  }

  #take(frame: ServerFrame): void {
    // From a text that differs nothing leads on: what comes before the new one is in it.
    const { isLive } = this.link;
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "operations" && isLive) this.#apply(frame);
    else if (frame.type === "ack" && isLive) this.#acknowledge(frame.seq, frame.version);
    else if (frame.type === "check" && isLive) this.#compare(frame);
    else if (frame.type === "error") this.#refused(frame);
    else if (frame.type === "slow_down") this.#slowDown(frame);
    else if (frame.type === "auth_expiring") this.#renewal.begin();
    else if (frame.type === "role") this.#setRole(frame.role, frame.reason);
    else if (frame.type === "presence") this.#showOthers(() => this.presence.received(frame));
  }

  #welcomed(welcome: Welcome): void {
    if (!this.link.isJoining) return;
    if (this.#isRestored && this.#isOutdated(welcome)) return;
    this.#actor = welcome.actor;
    this.#epoch = welcome.epoch;
    this.#short = welcome.short;
    const { insert_units, operation_parts } = welcome.limits;
    this.#limits = { insertUnits: insert_units, parts: operation_parts };
    if (this.#replica) this.#replica.limits = this.#limits;
    if (welcome.text !== undefined) this.#replace(welcome.text, welcome);
    else if (welcome.operations) this.#apply(welcome.operations);
    this.#setRole(welcome.role, "");
    this.link.welcomed();
    if (welcome.text === undefined && !this.#compare(welcome)) return;
    // What this told to be accepted is pending no more; the rest goes out again, the same frame as before.
    this.#outbox.offer();
    this.#showOthers(() => this.presence.begin(welcome));
    this.#heartbeat.start(welcome.limits.ping_seconds, welcome.limits.silence_seconds);
  }

  /**
   * Whether the server has more of this client than was restored, as after a disk lost its last writes: what waited may be in
   * the text already. So as not to double it, it is handed to the person, and the text is asked for anew.
   */
  #isOutdated({ last_seq }: Welcome): boolean {
    this.#isRestored = false;
    const replica = this.joined;
    const { state } = replica;
    if (last_seq <= replica.seq || state.kind === "synchronized") return false;
    if (state.kind === "awaiting_with_buffer") {
      const text = state.buffer.filter((part) => typeof part === "string").join("");
      if (text) this.#ports.emit("rescued", { text, near: 0 });
    }
    this.#replica = undefined;
    this.#unsaved.settled("synchronized");
    this.link.rejoin();
    return true;
  }

  #showOthers(change: () => void): void {
    change();
    this.#ports.emit("presence", { others: this.presence.others });
  }

  #setRole(role: Role, reason: string): void {
    if (role === this.role) return;
    this.#outbox.setRole(role);
    this.#ports.emit("role", { role, reason });
  }

  /** The room cannot tell what was missed: what is on its way is merged into its text (law OT-7). */
  #replace(text: string, { version, last_seq }: Welcome): void {
    if (!this.#replica) {
      this.#replica = new Replica({ version, text, clientSeq: last_seq });
      this.#replica.limits = this.#limits;
      this.#persistence?.rebased();
      this.#ports.emit("reset", { text });
      return;
    }
    this.#differs = false;
    this.#persistence?.rebased();
    this.#agreement.reached();
    const { operation, rescued } = this.#replica.merge({ text, version, lastSeq: last_seq });
    this.#unsaved.sentAnew(this.#replica.state.kind);
    if (operation.length > 0) this.#changed(operation);
    for (const piece of rescued) this.#ports.emit("rescued", piece);
  }

  /** Whether the server's text is what it is held for here (law OT-8); if not, sees to it. */
  #compare({ version, hash }: { version: number; hash: number }): boolean {
    const replica = this.joined;
    if (version !== replica.version) return true;
    const own = replica.serverHash;
    if (own === hash) this.#agreement.reached();
    else this.#differ({ hash: own, expected: hash });
    return own === hash;
  }

  /** Reports it, and asks for the text, with which what is on its way is merged. */
  #differ(hashes: { hash?: number; expected?: number } = {}): void {
    const { version } = this.joined;
    this.link.send(encodeReport({ version, ...hashes, operations: this.#agreement.operations }));
    this.#differs = true;
    this.link.rejoin();
  }

  /** Accepted operations in the order of versions. Own ones are acknowledged by it: after a lost ack, or in place of one. */
  #apply({ from, items }: OperationList): void {
    const replica = this.joined;
    for (const [index, { op, actor, seq }] of items.entries()) {
      const version = from + index;
      if (version <= replica.version) continue;
      if (actor === this.#actor && replica.isInFlight(seq, op)) this.#acknowledge(seq, version);
      else {
        this.#agreement.take(version, actor, seq, op);
        this.#persistence?.accepted(version, op);
        this.presence.advance(op, actor);
        this.#changed(replica.receive(op));
      }
    }
  }

  /** The text changed otherwise than by the application's edit. */
  #changed(operation: Operation): void {
    this.presence.edited(operation, "other");
    this.#ports.emit("change", { operation, remote: true });
  }

  #acknowledge(seq: number, version: number): void {
    const replica = this.joined;
    if (replica.state.kind === "synchronized" || replica.state.sent.seq !== seq) return;
    this.#agreement.take(version, this.#actor, seq, replica.state.operation);
    this.#persistence?.accepted(version, replica.state.operation);
    this.presence.advance(replica.state.operation, this.#actor);
    const next = replica.acknowledge(seq, version);
    this.#unsaved.settled(replica.state.kind);
    this.#refusals = 0;
    this.#ports.emit("acknowledged", { seq, version });
    if (next && this.link.isLive) this.#outbox.offer();
  }

  /** What came too fast is kept, and goes out again unchanged (law FL-1). */
  #slowDown({ seq, retry_ms }: SlowDown): void {
    const { connection, isJoining } = this.link;
    if (seq !== undefined) {
      if (seq !== this.#replica?.pending()?.seq) return;
      this.#outbox.returned();
      this.#outbox.offerLater(retry_ms);
    } else if (isJoining) {
      setTimeout(() => {
        if (this.link.connection === connection) this.#hello();
      }, retry_ms);
    }
  }

  #refused({ seq, code, detail, retryable }: ErrorFrame): void {
    const pending = this.#replica?.pending();
    if (!pending || pending.seq !== seq) return;
    this.#outbox.returned();
    if (retryable) {
      const { first, most } = this.#ports.delays;
      this.#outbox.offerLater(backoff(this.#refusals++, first, most));
    } else if (code === "forbidden") {
      // Not the edit is wrong, but who makes it, and that may change: it is kept (law AC-3).
      this.#setRole("viewer", detail);
    } else if (code === "too_old") {
      // The log was trimmed behind a frame under way, or behind one that was not acknowledged for long.
      this.joined.rebase(seq);
      this.#unsaved.sentAnew(this.joined.state.kind);
      this.#outbox.offer();
    } else if (code === "seq_reused") {
      // Somebody else wrote under this client id: the room never had this edit, and will get it under another.
      this.joined.rebase(seq, 0);
      this.#unsaved.sentAnew(this.joined.state.kind);
      this.#clientId = crypto.randomUUID();
      this.link.rejoin();
    } else {
      const taken = this.joined.reject(seq);
      if (!taken) return;
      this.#unsaved.settled(this.joined.state.kind);
      this.#changed(taken.operation);
      this.#ports.emit("rejected", { operation: pending.operation, code, detail });
      this.#outbox.offer();
    }
  }
}
