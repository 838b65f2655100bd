import type { DivergenceReport } from "../../src/room/divergence.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { Commit } from "../../src/room/operation-log.ts";
import type { Peer, Session } from "../../src/room/peer.ts";
import { Room } from "../../src/room/room.ts";
import type { Grant, RoomResult } from "../../src/room/room-api.ts";
import { readServerMessage } from "./server-message.ts";
import type { Frame } from "./socket.ts";

/** An owner's grant, in the harness's time. */
export const personGrant = (userId: string): Grant => ({
  userId,
  name: userId,
  kind: "person",
  role: "owner",
  sessionId: `${userId}-session`,
  expiresAt: 2_000,
  decidedAt: 1_000_000,
});

/** A peer that remembers what it was sent. */
export class RecordedPeer implements Peer {
  session: Session;
  pingedAt: number | undefined;
  bufferedBytes: number | undefined;
  unprovenUnits = 0;
  readonly frames: Frame[] = [];
  closed: number | undefined;

  constructor(grant: Grant) {
    this.session = { grant };
  }

  saveSession(session: Session): void {
    this.session = session;
  }

  send(frame: string): void {
    this.frames.push(readServerMessage(frame));
  }

  close(code: number): void {
    this.closed = code;
  }

  /** What it was sent since the last look. */
  take(): Frame[] {
    return this.frames.splice(0);
  }
}

/** An operation log whose commits and loads can be made to fail, and which says when it commits. */
export class FaultyLog extends MemoryOperationLog {
  failNextAppend = false;
  failLoad = false;
  onAppend: (commit: Commit) => void = () => {};
  appends = 0;

  override load() {
    if (this.failLoad) throw new Error("the storage cannot be read");
    return super.load();
  }
  override append(commit: Commit) {
    this.onAppend(commit);
    if (this.failNextAppend) {
      this.failNextAppend = false;
      throw new Error("the disk is full");
    }
    this.appends += 1;
    super.append(commit);
  }
}

/** A room without a runtime: time stands still, and a turn of the event loop ends when the test says so. */
export class RoomHarness {
  readonly log = new FaultyLog();
  readonly reported: unknown[] = [];
  readonly divergences: DivergenceReport[] = [];
  readonly peers: RecordedPeer[] = [];
  now = 1_000_000;
  /** When the room asked to be woken. */
  wakeAt: number | undefined;
  /** What the Worker answers about a token: by default, that it is the owner's. */
  authorize = async (_token: string, userId: string): Promise<RoomResult<{ grant: Grant }>> => ({
    ok: true,
    grant: { ...personGrant(userId), expiresAt: Math.floor(this.now / 1_000) + 600, decidedAt: this.now },
  });
  #later: { run: () => void; at: number }[] = [];
  room = this.#newRoom();

  constructor(content = "") {
    this.room.requests.create({ content, author: { userId: "creator", kind: "person" } });
  }

  #newRoom(): Room {
    return new Room({
      log: this.log,
      now: () => this.now,
      later: (run, ms = 0) => this.#later.push({ run, at: this.now + ms }),
      report: (error) => this.reported.push(error),
      diverged: (report) => this.divergences.push(report),
      wakeBy: (at) => {
        this.wakeAt = Math.min(at, this.wakeAt ?? at);
      },
      authorize: (token, userId) => this.authorize(token, userId),
    });
  }

  /** Opens a socket of this user; with a client id it says hello, and the welcome is read. */
  open(userId: string, clientId?: string, grant: Partial<Grant> = {}): RecordedPeer {
    const peer = new RecordedPeer({ ...personGrant(userId), decidedAt: this.now, ...grant });
    this.peers.push(peer);
    this.room.join(peer);
    if (clientId !== undefined) {
      this.send(peer, { type: "hello", client_id: clientId });
      peer.take();
    }
    return peer;
  }

  send(peer: RecordedPeer, frame: object | string): void {
    this.room.receive(peer, typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Ends the turn: what was put off until now runs. */
  turn(): void {
    const due = this.#later.filter(({ at }) => at <= this.now);
    this.#later = this.#later.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
  }

  /** Lets time pass, and what is due run. */
  pass(ms: number): void {
    this.now += ms;
    this.turn();
  }

  /** Sends one frame, ends the turn, and gives what the peer was sent. */
  ask(peer: RecordedPeer, frame: object | string): Frame[] {
    this.send(peer, frame);
    this.turn();
    return peer.take();
  }

  /** The room falls asleep and wakes: memory is gone, sockets and what they hold stay. */
  hibernate(): void {
    this.#later = [];
    this.room = this.#newRoom();
    for (const peer of this.peers) if (peer.closed === undefined) this.room.join(peer);
  }

  /** The alarm rings, as late as it was asked for: what is due runs, and it is set to what is due next. */
  alarm(): void {
    this.now = Math.max(this.now, this.wakeAt ?? this.now);
    this.wakeAt = undefined;
    for (const task of this.room.tasks) {
      const due = task.dueAt();
      if (due !== undefined && due <= this.now) void task.run(this.now);
      const next = task.dueAt();
      if (next !== undefined) this.wakeAt = Math.min(next, this.wakeAt ?? next);
    }
    this.turn();
  }

  /** What waits for the end of the turn. */
  get scheduled(): number {
    return this.#later.length;
  }

  get text(): string {
    const read = this.room.requests.read();
    if (!read.ok) throw new Error(read.code);
    return read.content;
  }

  get version(): number {
    const read = this.room.requests.read();
    if (!read.ok) throw new Error(read.code);
    return read.version;
  }
}
