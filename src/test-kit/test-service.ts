import { DocumentSession, type SessionOptions } from "../client/document-session.ts";
import type { Role } from "../protocol/server-frames.ts";
import { MemoryOperationLog } from "../room/memory-operation-log.ts";
import { Room } from "../room/room.ts";
import type { Grant } from "../room/room-api.ts";
import { TestSocket } from "./test-socket.ts";
import { VirtualTime } from "./virtual-time.ts";

/** What the network does to frames from now on. */
export interface Faults {
  /** Milliseconds that a frame takes, at random between these. */
  delay: readonly [least: number, most: number];
  /** Of a thousand frames, so many break their connection, and are lost with all that is on its way. */
  breaks: number;
}

export interface TestServiceOptions {
  /** The same seed, the same run. By default another each time; it is in every error. */
  seed?: number;
  /** The document's first text. */
  content?: string;
}

/** Milliseconds for which `settle` lets time pass. */
const patience = 600_000;

/**
 * One document of the service within this process, for tests of applications: the real room, sessions that reach it over a
 * network with faults that a seed decides on, and a clock that stands still until it is told (`pass`). While it is there,
 * the timers, `Date.now` and `Math.random` of the process are its own: `close` puts them back.
 */
export class TestService {
  readonly seed: number;
  faults: Faults = { delay: [1, 20], breaks: 0 };
  readonly #time: VirtualTime;
  readonly #log = new MemoryOperationLog();
  readonly #roles = new Map<string, Role>();
  readonly #sockets = new Set<TestSocket>();
  readonly #sessions: DocumentSession[] = [];
  readonly #restore: () => void;
  #state: number;
  #room: Room;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #isDown = false;

  constructor({ seed = Date.now() % 2 ** 31, content = "" }: TestServiceOptions = {}) {
    this.seed = seed;
    this.#state = seed;
    this.#time = new VirtualTime({ int: (limit) => this.#int(limit) });
    this.#restore = this.#time.install();
    this.#room = this.#newRoom();
    this.#room.requests.create({ content, author: { userId: "author", kind: "person" } });
  }

  /** Opens the document for this person, as owner unless `setRole` said otherwise before. Time has to pass until it is ready. */
  open(userId: string, options: Partial<SessionOptions> = {}): DocumentSession {
    const connect = () => this.#connect(userId);
    const session = new DocumentSession({
      url: "http://test.invalid",
      documentId: "document",
      token: () => "token",
      transports: ["socket"],
      WebSocket: class {
        constructor() {
          // biome-ignore lint/correctness/noConstructorReturn: stands in for the platform's class
          return connect();
        }
      } as unknown as NonNullable<SessionOptions["WebSocket"]>,
      ...options,
    });
    this.#sessions.push(session);
    return session;
  }

  /** The text that is durable. */
  get text(): string {
    const read = this.#room.requests.read();
    if (!read.ok) throw new Error(read.detail);
    return read.content;
  }

  /** Lets virtual time pass; what comes due runs at its time. */
  pass(ms: number): Promise<void> {
    return this.#time.pass(ms);
  }

  setRole(userId: string, role: Role): void {
    this.#roles.set(userId, role);
    this.#room.setRole(userId, role, "");
  }

  /** Nobody reaches the service until `connect`; connections that there are break. */
  disconnect(): void {
    this.#isDown = true;
    for (const socket of [...this.#sockets]) socket.break(1006);
  }

  connect(): void {
    this.#isDown = false;
  }

  /** The service's process dies and starts again: what it had not stored is gone, and every connection. */
  crash(): void {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    this.#room = this.#newRoom();
    for (const socket of sockets) socket.break(1006);
  }

  /** The room sleeps and wakes: its memory is gone, connections stay. */
  hibernate(): void {
    this.#room.flush();
    this.#room = this.#newRoom();
    for (const socket of this.#sockets) this.#room.join(socket);
  }

  /**
   * Lets time pass without faults until every session that has not ended is saved and shows the durable text. Throws if that does
   * not come to be within ten minutes of virtual time.
   */
  async settle(): Promise<void> {
    const { faults } = this;
    this.faults = { delay: [1, 20], breaks: 0 };
    this.connect();
    const open = () => this.#sessions.filter(({ connection }) => connection.state !== "ended");
    const isSettled = () => open().every((session) => this.#isSettled(session));
    for (let passed = 0; passed < patience && !isSettled(); passed += 100) await this.pass(100);
    this.faults = faults;
    if (isSettled()) return;
    const states = open().map(
      (each) => `${each.clientId}: ${each.connection.state}, ${JSON.stringify(each.status)}`,
    );
    throw new Error(`seed ${this.seed}: not settled.\n${states.join("\n")}`);
  }

  #isSettled(session: DocumentSession): boolean {
    const { kind } = session.status;
    if (!session.role || kind === "saving" || kind === "offline") return false;
    return kind === "rejected" || session.text === this.text;
  }

  /** Ends all sessions, and gives the process its clock back. */
  close(): void {
    for (const session of this.#sessions) session.close();
    this.#restore();
  }

  /** A whole number below `limit` (mulberry32). */
  #int(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  #newRoom(): Room {
    const room: Room = new Room({
      log: this.#log,
      now: () => Date.now(),
      later: (run, ms = 0) => {
        setTimeout(() => {
          if (this.#room === room) run();
        }, ms);
      },
      report: (error) => {
        throw error;
      },
      diverged: (report) => {
        throw new Error(`seed ${this.seed}: a session has another text. ${JSON.stringify(report)}`);
      },
      wakeBy: (at) => this.#wake(at),
      authorize: async (_token, userId) => ({ ok: true, grant: this.#grant(userId) }),
    });
    return room;
  }

  /** The room's alarm. */
  #wake(at: number): void {
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(
      () => {
        let next = Number.POSITIVE_INFINITY;
        for (const task of this.#room.tasks) {
          if ((task.dueAt() ?? Number.POSITIVE_INFINITY) <= Date.now()) void task.run(Date.now());
          next = Math.min(next, task.dueAt() ?? Number.POSITIVE_INFINITY);
        }
        if (next < Number.POSITIVE_INFINITY) this.#wake(next);
      },
      Math.max(1, at - Date.now()),
    );
  }

  #grant(userId: string): Grant {
    return {
      userId,
      name: userId,
      kind: "person",
      role: this.#roles.get(userId) ?? "owner",
      sessionId: `${userId}-session`,
      expiresAt: Math.floor(Date.now() / 1_000) + 3_600,
      decidedAt: Date.now(),
    };
  }

  /** A session's end of a new connection. */
  #connect(userId: string): object {
    const socket = new TestSocket(this.#isDown ? undefined : this.#grant(userId), {
      delay: () => {
        const [least, most] = this.faults.delay;
        return this.#int(1_000) < this.faults.breaks ? undefined : least + this.#int(most - least + 1);
      },
      join: (joined) => {
        this.#sockets.add(joined);
        this.#room.join(joined);
      },
      leave: (left) => {
        if (this.#sockets.delete(left)) this.#room.leave(left);
      },
      receive: (from, frame) => this.#room.receive(from, frame),
    });
    return {
      addEventListener: socket.addEventListener.bind(socket),
      send: socket.transmit.bind(socket),
      close: () => socket.break(1000),
    };
  }
}
