import { compose, type Operation } from "../ot/operation.ts";
import type { OperationLimits } from "../ot/parse.ts";
import { type OwnSubmission, ProtocolError, Replica } from "../ot/replica.ts";
import type { Selection } from "../ot/selection.ts";
import { OperationError } from "../ot/text.ts";
import { encodeHello, encodeReport } from "../protocol/client-frames.ts";
import {
  decodeServerFrame,
  type ErrorFrame,
  type OperationList,
  type Role,
  type ServerFrame,
  type SlowDown,
  type Welcome,
} from "../protocol/server-frames.ts";
import { subprotocol } from "../protocol/subprotocol.ts";
import { Agreement } from "./agreement.ts";
import { backoff } from "./backoff.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { type Other, SessionPresence } from "./presence.ts";
import { Renewal } from "./renewal.ts";
import { type Connection, Listeners, type SessionEvents } from "./session-events.ts";
import { Waiters } from "./waiters.ts";

export type { Connection, Other, SessionEvents };

export interface SessionOptions {
  /** The service, as `http(s)://host[:port]`. */
  url: string;
  documentId: string;
  /** Called before every connection, and when the token of an open one ends soon: must give one that lasts. */
  token: () => string | Promise<string>;
  /** Names this writer to the room; unique among all that may be connected at once. A random one by default. */
  clientId?: string;
  /** Milliseconds before the first and at most before any further try to connect again. */
  retry?: { first: number; most: number };
  /** The WebSocket to use where it is not the global one. */
  WebSocket?: new (
    url: string,
    protocols: string[],
  ) => WebSocket;
}

/** An edit of somebody who may not edit now. Nothing was changed. */
export class ReadOnlyError extends Error {
  override readonly name = "ReadOnlyError";
}

/** Milliseconds without an edit after which the next one is undone by itself. */
const undoPause = 500;

/**
 * One document, edited live: connects, resumes by version after every interruption, and keeps the local text and the
 * room's in step. Local edits are applied at once; one submission is in flight and the rest is composed behind it.
 */
export class DocumentSession {
  #clientId: string;
  readonly #options: SessionOptions;
  readonly #listeners = new Listeners();
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #renewal: Renewal;
  readonly #presence: SessionPresence;
  readonly #heartbeat: Heartbeat;
  #replica: Replica | undefined;
  #limits: OperationLimits | undefined;
  #actor = 0;
  #epoch: string | undefined;
  #editedAt = 0;
  readonly #agreement = new Agreement();
  /** The text here turned out not to be the server's at some version. */
  #differs = false;
  readonly #waiters = new Waiters();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#clientId = options.clientId ?? crypto.randomUUID();
    this.#link = new Link({
      token: options.token,
      open: (token) => this.#open(token),
      delays: this.#retryDelays,
      opened: () => this.#hello(),
      received: (message) => this.#receive(message),
      moved: (connection) => this.#moved(connection),
    });
    this.#outbox = new Outbox({
      pending: () => this.#replica?.pending(),
      // Not before the welcome: a snapshot could not tell what became of a submission that is on its way.
      send: (frame) => this.#link.isLive && this.#link.send(frame),
    });
    this.#renewal = new Renewal({
      token: () => options.token(),
      send: (frame) => this.#link.send(frame),
      delays: this.#retryDelays,
    });
    this.#presence = new SessionPresence({
      replica: () => this.#replica,
      send: (frame) => this.#link.send(frame),
    });
    this.#heartbeat = new Heartbeat({
      send: (ping) => this.#link.send(ping),
      dead: () => this.#link.lost(),
      back: () => this.#presence.sendAgain(),
    });
    void this.#link.connect();
  }

  // ── What the application uses ──────────────────────────────────────────────────────────────────────────────────

  /** Names this writer to the room; another one from the moment that somebody else is found to write under it. */
  get clientId(): string {
    return this.#clientId;
  }

  /** The text as the user sees it: the room's at `version`, with own edits that are still on their way. */
  get text(): string {
    return this.#joined.text.toString();
  }

  /** UTF-16 units of `text`, without building it. */
  get length(): number {
    return this.#joined.text.length;
  }

  /** The last version that arrived. */
  get version(): number {
    return this.#joined.version;
  }

  /** Whether every own edit is durable. */
  get isSaved(): boolean {
    return this.#joined.state.kind === "synchronized";
  }

  /** What this person may do, as the room last said; undefined before `ready()`. */
  get role(): Role | undefined {
    return this.#outbox.role;
  }

  /** Whether `edit` takes edits. */
  get isReadOnly(): boolean {
    return !this.#outbox.mayEdit;
  }

  /**
   * Own edits in `text` that are not durable yet, as one operation on the room's text at `version`; undefined if there
   * are none. Whoever loses the right to edit keeps them here: they are sent when the right comes back, in this session.
   */
  get unsaved(): Operation | undefined {
    const { state } = this.#joined;
    if (state.kind === "synchronized") return undefined;
    return state.kind === "awaiting" ? state.operation : compose(state.operation, state.buffer);
  }

  get connection(): Connection {
    return this.#link.connection;
  }

  /**
   * Applies an edit of the user's to `text` and sends it as soon as the one before is acknowledged, in several
   * submissions where it is larger than one may be (law FL-4). Throws
   * ReadOnlyError if the user may not edit.
   */
  edit(operation: Operation): void {
    const replica = this.#editable;
    const now = Date.now();
    if (now - this.#editedAt > undoPause) replica.closeUndoGroup();
    this.#editedAt = now;
    this.#edited(operation, replica.edit(operation));
  }

  /**
   * Takes the user's newest edits back, those since the last pause or `closeUndoGroup` (law OT-6). Returns the operation,
   * which an editor has to apply to its view; null if there is nothing to take back.
   */
  undo(): Operation | null {
    const undone = this.#editable.undo();
    if (undone) this.#edited(undone.operation, undone.next);
    return undone?.operation ?? null;
  }

  /** Does again what the last undo took back; as `undo`. A new edit ends it. */
  redo(): Operation | null {
    const redone = this.#editable.redo();
    if (redone) this.#edited(redone.operation, redone.next);
    return redone?.operation ?? null;
  }

  get canUndo(): boolean {
    return this.#joined.canUndo;
  }

  get canRedo(): boolean {
    return this.#joined.canRedo;
  }

  /** The next edit is not taken back together with those before. A pause in typing does the same. */
  closeUndoGroup(): void {
    this.#joined.closeUndoGroup();
  }

  #edited(operation: Operation, next: OwnSubmission | null): void {
    this.#presence.edited(operation, "owner");
    this.#emit("change", { operation, remote: false });
    if (next) this.#outbox.offer();
  }

  /**
   * Who else has the document open, with their selections in `text` as it is now, through all edits, own and others'.
   * Empty without a connection.
   */
  get others(): Other[] {
    return this.#presence.others;
  }

  /**
   * Shows the others what is selected in `text`; an empty list: to be here without a cursor; null: not to be shown any
   * more. Sent with pauses, as soon as all edits are saved; later edits carry it along. `color` is #rrggbb.
   */
  setPresence(selections: readonly Selection[] | null, color?: string): void {
    this.#presence.show(selections, color);
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#listeners.add(name, listener);
  }

  /** Resolves at the first welcome; rejects if the session ends before. */
  ready(): Promise<void> {
    return this.#when(() => this.#replica !== undefined);
  }

  /** Resolves as soon as every own edit is durable; rejects if the session ends before. */
  saved(): Promise<void> {
    return this.#when(() => this.#replica?.state.kind === "synchronized");
  }

  /** Resolves once `version` has arrived; rejects if the session ends before. */
  reached(version: number): Promise<void> {
    return this.#when(() => this.#replica !== undefined && this.#replica.version >= version);
  }

  /** Ends the session. Edits that are not acknowledged are not sent any more. */
  close(): void {
    this.#link.end("closed by the application");
  }

  #open(token: string): WebSocket {
    const { url, documentId, WebSocket: Socket = WebSocket } = this.#options;
    return new Socket(`${url.replace(/^http/, "ws")}/ws/documents/${documentId}`, [
      subprotocol,
      `bearer.${token}`,
    ]);
  }

  get #retryDelays(): { first: number; most: number } {
    return this.#options.retry ?? { first: 250, most: 10_000 };
  }

  get #joined(): Replica {
    if (!this.#replica) throw new Error("the session has no text before ready()");
    return this.#replica;
  }

  get #editable(): Replica {
    const replica = this.#joined;
    if (this.isReadOnly) throw new ReadOnlyError(`a ${this.role} does not edit`);
    return replica;
  }

  // ── Connection ─────────────────────────────────────────────────────────────────────────────────────────────────

  #hello(): void {
    const since = this.#differs ? undefined : this.#replica?.version;
    const epoch = since === undefined ? undefined : this.#epoch;
    const lastSeq = this.#replica?.pending()?.seq;
    this.#link.send(encodeHello({ clientId: this.#clientId, since, epoch, lastSeq }));
  }

  /** The connection came into another state: what hung on the one before ends. */
  #moved(connection: Connection): void {
    this.#renewal.cancel();
    this.#heartbeat.stop();
    if (connection.state === "ended") this.#outbox.close();
    const othersWereHere = this.#presence.end();
    this.#emit("connection", connection);
    if (othersWereHere) this.#emit("presence", { others: [] });
    this.#settle();
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(message: string): void {
    this.#heartbeat.heard();
    if (message === "pong") return;
    const frame: ServerFrame | undefined = decodeServerFrame(message);
    try {
      if (frame) this.#take(frame);
    } catch (error) {
      if (!(error instanceof OperationError || error instanceof ProtocolError)) throw error;
      this.#differ();
    }
    this.#presence.offer();
    this.#settle();
  }

  #take(frame: ServerFrame): void {
    // From a text that differs nothing leads on: what comes before the new one is in it.
    const { isLive } = this.#link;
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "operations" && isLive) this.#apply(frame);
    else if (frame.type === "ack" && isLive) this.#acknowledge(frame.seq, frame.version);
    else if (frame.type === "check" && isLive) this.#compare(frame);
    else if (frame.type === "error") this.#refused(frame);
    else if (frame.type === "slow_down") this.#slowDown(frame);
    else if (frame.type === "auth_expiring") this.#renewal.begin();
    else if (frame.type === "role") this.#setRole(frame.role, frame.reason);
    else if (frame.type === "presence") this.#showOthers(() => this.#presence.received(frame));
  }

  #welcomed(welcome: Welcome): void {
    if (!this.#link.isJoining) return;
    this.#actor = welcome.actor;
    this.#epoch = welcome.epoch;
    this.#link.welcomed();
    const { insert_units, operation_parts } = welcome.limits;
    this.#limits = { insertUnits: insert_units, parts: operation_parts };
    if (this.#replica) this.#replica.limits = this.#limits;
    if (welcome.text !== undefined) this.#replace(welcome.text, welcome);
    else if (welcome.operations) this.#apply(welcome.operations);
    if (welcome.text === undefined && !this.#compare(welcome)) return;
    // What this told to be accepted is pending no more; the rest goes out again, the same frame as before.
    this.#setRole(welcome.role, "");
    this.#outbox.offer();
    this.#showOthers(() => this.#presence.begin(welcome));
    this.#heartbeat.start(welcome.limits.ping_seconds, welcome.limits.silence_seconds);
  }

  #showOthers(change: () => void): void {
    change();
    this.#emit("presence", { others: this.others });
  }

  #setRole(role: Role, reason: string): void {
    if (role === this.role) return;
    this.#outbox.setRole(role);
    this.#emit("role", { role, reason });
  }

  /** The room cannot tell what was missed: what is on its way is merged into its text (law OT-7). */
  #replace(text: string, { version, last_seq }: Welcome): void {
    if (!this.#replica) {
      this.#replica = new Replica({ version, text, clientSeq: last_seq });
      this.#replica.limits = this.#limits;
      this.#emit("reset", { text });
      return;
    }
    this.#differs = false;
    this.#agreement.reached();
    const { operation, rescued } = this.#replica.merge({ text, version, lastSeq: last_seq });
    if (operation.length > 0) this.#changed(operation);
    for (const piece of rescued) this.#emit("rescued", piece);
  }

  /** Whether the server's text is what it is held for here (law OT-8); if not, sees to it. */
  #compare({ version, hash }: { version: number; hash: number }): boolean {
    const replica = this.#joined;
    if (version !== replica.version) return true;
    const own = replica.serverHash;
    if (own === hash) this.#agreement.reached();
    else this.#differ({ hash: own, expected: hash });
    return own === hash;
  }

  /** Reports it, and asks for the text, with which what is on its way is merged. */
  #differ(hashes: { hash?: number; expected?: number } = {}): void {
    if (!this.#link.isLive) return;
    const { version } = this.#joined;
    this.#link.send(encodeReport({ version, ...hashes, operations: this.#agreement.operations }));
    this.#differs = true;
    this.#link.rejoin();
  }

  /** Accepted operations in the order of versions. Own ones are among them only after a lost ack. */
  #apply({ from, items }: OperationList): void {
    const replica = this.#joined;
    for (const [index, { op, actor, seq }] of items.entries()) {
      const version = from + index;
      if (version <= replica.version) continue;
      if (actor === this.#actor && replica.isInFlight(seq, op)) this.#acknowledge(seq, version);
      else {
        this.#agreement.take(version, actor, seq, op);
        this.#presence.advance(op, actor);
        this.#changed(replica.receive(op));
      }
    }
  }

  /** The text changed otherwise than by the application's edit. */
  #changed(operation: Operation): void {
    this.#presence.edited(operation, "other");
    this.#emit("change", { operation, remote: true });
  }

  #acknowledge(seq: number, version: number): void {
    const replica = this.#joined;
    if (replica.state.kind === "synchronized" || replica.state.sent.seq !== seq) return;
    this.#agreement.take(version, this.#actor, seq, replica.state.operation);
    this.#presence.advance(replica.state.operation, this.#actor);
    const next = replica.acknowledge(seq, version);
    this.#emit("acknowledged", { seq, version });
    if (next && this.#link.isLive) this.#outbox.offer();
  }

  /** What came too fast is kept, and goes out again unchanged (law FL-1). */
  #slowDown({ seq, retry_ms }: SlowDown): void {
    const { connection, isJoining } = this.#link;
    if (seq !== undefined) {
      if (seq === this.#replica?.pending()?.seq) this.#outbox.offerLater(retry_ms);
    } else if (isJoining) {
      setTimeout(() => {
        if (this.#link.connection === connection) this.#hello();
      }, retry_ms);
    }
  }

  #refused({ seq, code, detail, retryable }: ErrorFrame): void {
    const pending = this.#replica?.pending();
    if (!pending || pending.seq !== seq) return;
    if (retryable) {
      this.#outbox.offerLater(backoff(0, this.#retryDelays.first, this.#retryDelays.most));
    } else if (code === "forbidden") {
      // Not the edit is wrong, but who makes it, and that may change: it is kept (law AC-3).
      this.#setRole("viewer", detail);
    } else if (code === "too_old") {
      // The log was trimmed behind a frame under way, or behind one that was not acknowledged for long.
      if (this.#joined.rebase(seq)) this.#outbox.offer();
    } else if (code === "seq_reused") {
      // Somebody else wrote under this client id: the room never had this edit, and will get it under another.
      this.#joined.rebase(seq, 0);
      this.#clientId = crypto.randomUUID();
      this.#link.rejoin();
    } else {
      const taken = this.#joined.reject(seq);
      if (!taken) return;
      this.#changed(taken.operation);
      this.#emit("rejected", { operation: pending.operation, code, detail });
      this.#outbox.offer();
    }
  }

  // ── Events ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    this.#listeners.emit(name, event);
  }

  #when(reached: () => boolean): Promise<void> {
    const done = this.#waiters.wait(reached);
    this.#settle();
    return done;
  }

  #settle(): void {
    const { connection } = this.#link;
    this.#waiters.settle(connection.state === "ended" ? connection.reason : undefined);
  }
}
