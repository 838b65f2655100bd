import { compose, type Operation } from "../ot/operation.ts";
import type { Replica } from "../ot/replica.ts";
import type { Selection } from "../ot/selection.ts";
import type { Role } from "../protocol/server-frames.ts";
import { subprotocol } from "../protocol/subprotocol.ts";
import type { Transport } from "./session/link.ts";
import { hearNetwork } from "./session/network-events.ts";
import type { Offline, Persistence } from "./session/persistence.ts";
import type { Other } from "./session/presence.ts";
import { saveStatus } from "./session/save-status.ts";
import {
  type Connection,
  type EndCode,
  Listeners,
  type SaveStatus,
  type SessionEvents,
  type SetAside,
} from "./session/session-events.ts";
import { Synchronizer } from "./session/synchronizer.ts";
import { Waiters } from "./session/waiters.ts";

export type { Connection, EndCode, Other, SaveStatus, SessionEvents, SetAside };

export interface SessionOptions {
  /** The service, as `http(s)://host[:port]`. */
  url: string;
  documentId: string;
  /**
   * Called before every connection, and when the token of an open one ends soon: must give one that lasts. If it has not
   * within 30 seconds, it is called again. `refused` is a token that the service did not take: if it does not take the next, either,
   * the session ends; it does as well if this throws something whose `isTransient` is false, as MateriError's may be.
   */
  token: (refused?: string) => string | Promise<string>;
  /** Names this writer to the room; unique among all that may be connected at once. A random one by default. */
  clientId?: string;
  /** Milliseconds before the first and at most before any further try to connect again. */
  retry?: { first: number; most: number };
  /**
   * Milliseconds between two submissions, at least: the first keystroke after a pause goes at once, what is typed until they have
   * passed goes as one. Fewer messages and bytes, and others see it that much later. 0 by default: all goes at once.
   */
  gatherMs?: number;
  /** By which ways to connect; the second where the first is blocked. Both by default. */
  transports?: readonly Transport[];
  /** Keeps what is not saved beyond this session (`keepOffline` of `materi/offline`). Without it, only in memory. */
  offline?: Offline;
  /** In place of the global one, for events. */
  fetch?: typeof fetch;
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
 * One document, edited live: what an application uses. Local edits are applied at once; the synchronizer behind this keeps
 * the text and the room's in step, whatever becomes of the connection (`link.ts` has its states).
 */
export class DocumentSession {
  readonly #options: SessionOptions;
  readonly #listeners = new Listeners();
  readonly #waiters = new Waiters();
  readonly #sync: Synchronizer;
  readonly #deafen: () => void;
  #editedAt = 0;
  #ownSetAside: readonly SetAside[] = [];
  #setAside: readonly SetAside[] = [];
  #persistence: Persistence | undefined;
  /** Sessions that send what earlier ones of this document, which are no more, have left. */
  #orphans: readonly DocumentSession[] = [];
  #status: SaveStatus = { kind: "offline", edits: 0 };

  constructor(options: SessionOptions) {
    this.#options = options;
    const {
      gatherMs = 0,
      transports = ["socket", "events"],
      WebSocket: Socket = globalThis.WebSocket,
    } = options;
    this.#sync = new Synchronizer({
      clientId: options.clientId ?? crypto.randomUUID(),
      token: options.token,
      transports: {
        ...(transports.includes("socket") &&
          Socket && { socket: () => (token) => this.#openSocket(Socket, token) }),
        ...(transports.includes("events") && {
          events: async () => this.#openEvents(transports.includes("socket") ? Socket : undefined),
        }),
      },
      delays: options.retry ?? { first: 250, most: 10_000 },
      gatherMs,
      emit: (name, event) => {
        if (name === "rejected" || name === "rescued") this.#keep(name, event);
        this.#listeners.emit(name, event);
      },
      settled: () => this.#settle(),
      setAside: () => this.#ownSetAside,
    });
    this.#deafen = hearNetwork(
      () => this.#sync.link.hurry(),
      () => this.#sync.link.lost(),
    );
    if (!options.offline) this.#begin(undefined);
    else {
      options.offline.start({
        documentId: options.documentId,
        isEnded: () => this.connection.state === "ended",
        begin: (own) => this.#begin(own),
        another: (own) => new DocumentSession({ ...options, offline: { start: ({ begin }) => begin(own) } }),
        orphans: (sessions) => {
          this.#orphans = sessions;
          this.#settle();
        },
      });
    }
  }

  /** Names this writer to the room; another one from the moment that somebody else is found to write under it. */
  get clientId(): string {
    return this.#sync.clientId;
  }

  /** The text as the user sees it: the room's at `version`, with own edits that are still on their way. */
  get text(): string {
    return this.#sync.joined.text.toString();
  }

  /** UTF-16 units of `text`, without building it. */
  get length(): number {
    return this.#sync.joined.text.length;
  }

  /** The last version that arrived. */
  get version(): number {
    return this.#sync.joined.version;
  }

  /** Whether every own edit is durable. */
  get isSaved(): boolean {
    return this.#sync.joined.state.kind === "synchronized";
  }

  /** What this person may do, as the room last said; undefined before `ready()`. */
  get role(): Role | undefined {
    return this.#sync.role;
  }

  /** Whether `edit` takes edits. */
  get isReadOnly(): boolean {
    return !this.#sync.mayEdit;
  }

  /**
   * Own edits in `text` that are not durable yet, as one operation on the room's text at `version`; undefined if there
   * are none. Whoever loses the right to edit keeps them here: they are sent when the right comes back, in this session.
   */
  get unsaved(): Operation | undefined {
    const { state } = this.#sync.joined;
    if (state.kind === "synchronized") return undefined;
    return state.kind === "awaiting" ? state.operation : compose(state.operation, state.buffer);
  }

  get connection(): Connection {
    return this.#sync.link.connection;
  }

  /** What to show the person; the same object until it changes. */
  get status(): SaveStatus {
    return this.#status;
  }

  /** Own text that is not in the document and will not get there by itself, until `dismiss`. */
  get setAside(): readonly SetAside[] {
    return this.#setAside;
  }

  /** The person has seen what was set aside. */
  dismiss(): void {
    this.#ownSetAside = [];
    for (const orphan of this.#orphans) orphan.dismiss();
    this.#persistence?.changed();
    this.#settle();
  }

  /** Whether what is not saved outlives this session. */
  get isKept(): boolean {
    return this.#persistence?.works === true;
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
    this.#sync.edited(operation, replica.edit(operation));
  }

  /**
   * Takes the user's newest edits back, those since the last pause or `closeUndoGroup` (law OT-6). Returns the operation,
   * which an editor has to apply to its view; null if there is nothing to take back.
   */
  undo(): Operation | null {
    return this.#taken(this.#editable.undo());
  }

  /** Does again what the last undo took back; as `undo`. A new edit ends it. */
  redo(): Operation | null {
    return this.#taken(this.#editable.redo());
  }

  #taken(done: ReturnType<Replica["undo"]>): Operation | null {
    if (done) this.#sync.edited(done.operation, done.next);
    return done?.operation ?? null;
  }

  get canUndo(): boolean {
    return this.#sync.joined.canUndo;
  }

  get canRedo(): boolean {
    return this.#sync.joined.canRedo;
  }

  /** The next edit is not taken back together with those before. A pause in typing does the same. */
  closeUndoGroup(): void {
    this.#sync.joined.closeUndoGroup();
  }

  /**
   * Who else has the document open, with their selections in `text` as it is now, through all edits, own and others'.
   * Empty without a connection.
   */
  get others(): Other[] {
    return this.#sync.presence.others;
  }

  /**
   * Shows the others what is selected in `text`; an empty list: to be here without a cursor; null: not to be shown any
   * more. Sent with pauses, as soon as all edits are saved; later edits carry it along. `color` is #rrggbb.
   */
  setPresence(selections: readonly Selection[] | null, color?: string): void {
    this.#sync.presence.show(selections, color);
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#listeners.add(name, listener);
  }

  /** Resolves at the first welcome; rejects if the session ends before. */
  ready(): Promise<void> {
    return this.#when(() => this.#sync.replica !== undefined);
  }

  /** Resolves as soon as every own edit is durable; rejects if the session ends before. Nothing is gathered any longer. */
  saved(): Promise<void> {
    this.#sync.hurry();
    return this.#when(() => this.#sync.replica?.state.kind === "synchronized");
  }

  /** Resolves once `version` has arrived; rejects if the session ends before. */
  reached(version: number): Promise<void> {
    return this.#when(() => this.#sync.replica !== undefined && this.#sync.replica.version >= version);
  }

  /**
   * Ends the session. What was being gathered goes out; edits that wait for an acknowledgement to be sent are not sent any
   * more, but by the next session where they are kept (`offline`).
   */
  close(): void {
    this.#sync.hurry();
    for (const orphan of this.#orphans) orphan.close();
    this.#sync.link.end("closed", "closed");
  }

  #openSocket(Socket: NonNullable<SessionOptions["WebSocket"]>, token: string): WebSocket {
    const { url, documentId } = this.#options;
    return new Socket(`${url.replace(/^http/, "ws")}/ws/documents/${documentId}`, [
      subprotocol,
      `bearer.${token}`,
    ]);
  }

  async #openEvents(Socket: SessionOptions["WebSocket"]) {
    const { url, documentId, fetch: fetcher = (...args) => globalThis.fetch(...args) } = this.#options;
    const { EventChannel } = await import("./session/event-channel.ts");
    const document = `${url}/api/v1/documents/${documentId}`;
    return (token: string) =>
      new EventChannel(document, token, fetcher, Socket && (() => this.#openSocket(Socket, token)));
  }

  get #editable(): Replica {
    const replica = this.#sync.joined;
    if (this.isReadOnly) throw new ReadOnlyError(`a ${this.role} does not edit`);
    return replica;
  }

  #when(reached: () => boolean): Promise<void> {
    const done = this.#waiters.wait(reached);
    this.#settle();
    return done;
  }

  #keep<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    const kind = name === "rejected" ? "refused" : "rescued";
    this.#ownSetAside = [...this.#ownSetAside, { kind, ...event } as SetAside];
  }

  /** Keeps what is not saved, goes on from what was kept, and connects. */
  #begin(own: Persistence | undefined): void {
    this.#persistence = own;
    if (own) {
      this.#ownSetAside = own.restored?.setAside ?? [];
      this.#sync.persist(own);
    }
    void this.#sync.link.connect();
  }

  #settle(): void {
    const { connection } = this;
    const isEnded = connection.state === "ended";
    if (isEnded) this.#deafen();
    this.#waiters.settle(isEnded ? connection.reason : undefined);
    const setAside = [this.#ownSetAside, ...this.#orphans.map((orphan) => orphan.setAside)].flat();
    if (setAside.length !== this.#setAside.length) this.#setAside = setAside;
    const status = saveStatus({
      connection,
      edits: this.#orphans.reduce((sum, orphan) => sum + orphan.#sync.unsavedEdits, this.#sync.unsavedEdits),
      aside: setAside.length,
      mayNotEdit: this.role !== undefined && !this.#sync.mayEdit,
    });
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#listeners.emit("status", status);
  }
}
