import type { Role } from "../../../src/protocol/server-frames.ts";
import type { Span } from "../../../src/room/redaction.ts";
import { Room } from "../../../src/room/room.ts";
import type { Grant } from "../../../src/room/room-api.ts";
import type { VirtualTime } from "../../../src/test-kit/virtual-time.ts";
import type { Connection } from "./connection.ts";
import { InjectedFault, type Ledger, SimulatedLog } from "./ledger.ts";

/** Seconds that an access token lasts. */
const tokenSeconds = 300;

/** The parts that a sabotage replaces. */
export interface ServerParts {
  Room: typeof Room;
  Log: typeof SimulatedLog;
}

/** The process in which the room lives, with its disk, its alarm, and what the Worker knows of people. */
export class SimulatedServer {
  log: SimulatedLog;
  readonly connections = new Set<Connection>();
  /** What the Worker answers; nobody is in it who may do nothing. */
  readonly roles = new Map<string, Role>();
  isDead = false;
  readonly #parts: ServerParts;
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  #later: { run: () => void; at: number }[] = [];
  #wakeAt = Number.POSITIVE_INFINITY;
  /** When the room last lost its memory of changed access, and the sockets that may have slipped through (decision 0005). */
  #forgotAt = 0;
  readonly #outdated = new WeakSet<Connection>();
  #room: Room;

  constructor(ledger: Ledger, time: VirtualTime, parts: Partial<ServerParts> = {}) {
    this.#parts = { Room, Log: SimulatedLog, ...parts };
    this.#ledger = ledger;
    this.#time = time;
    this.log = new this.#parts.Log(ledger, () => {
      this.isDead = true;
    });
    this.#room = this.#newRoom();
    this.#room.requests.create({ content: "", author: rest });
  }

  #newRoom(): Room {
    return new this.#parts.Room({
      log: this.log,
      now: () => this.#time.now,
      later: (run, ms = 0) => this.#later.push({ run, at: this.#time.now + ms }),
      report: (error) => {
        if (!(error instanceof InjectedFault)) this.#ledger.violations.push(`the room reports: ${error}`);
      },
      diverged: (report) => {
        throw new Error(`a client's text differs: ${JSON.stringify(report)}`);
      },
      wakeBy: (at) => {
        this.#wakeAt = Math.min(this.#wakeAt, at);
      },
      authorize: async (_token, userId) => {
        const grant = this.grant(userId);
        return grant ? { ok: true, grant } : { ok: false, code: "not_found", detail: "no such document" };
      },
    });
  }

  /** What the Worker decides about a person now; undefined: nothing is open to them. */
  grant(userId: string): Grant | undefined {
    const role = this.roles.get(userId);
    if (!role) return undefined;
    return {
      userId,
      name: userId,
      kind: "person",
      role,
      sessionId: `${userId}-session`,
      expiresAt: Math.floor(this.#time.now / 1000) + tokenSeconds,
      decidedAt: this.#time.now,
    };
  }

  /** Something reaches the room. If the process dies of it, another is started. */
  #call(act: (room: Room) => void): void {
    act(this.#room);
    if (this.isDead) this.crash(0);
  }

  /** A socket whose grant the Worker decided on before. */
  join(connection: Connection): void {
    if (connection.session.grant.decidedAt <= this.#forgotAt) this.#outdated.add(connection);
    this.#admit(connection);
  }

  #admit(connection: Connection): void {
    this.connections.add(connection);
    connection.isJoined = true;
    this.#call((room) => room.join(connection));
  }

  receive(connection: Connection, frame: string): void {
    const seq = submittedSeq(frame);
    const { grant, actor } = connection.session;
    if (seq !== undefined && actor?.clientId) {
      const role = this.roles.get(grant.userId);
      const mayEdit = role !== undefined && role !== "viewer" && grant.expiresAt * 1_000 > this.#time.now;
      this.#ledger.arrives(actor.clientId, seq, mayEdit || this.#outdated.has(connection));
    }
    this.#call((room) => room.receive(connection, frame));
  }

  leave(connection: Connection): void {
    this.connections.delete(connection);
    connection.isJoined = false;
    this.#call((room) => room.leave(connection));
  }

  /** What was put off to the next turn of the event loop, or to a time that has come, runs; so does the alarm. */
  turn(): void {
    const due = this.#later.filter(({ at }) => at <= this.#time.now);
    this.#later = this.#later.filter(({ at }) => at > this.#time.now);
    for (const { run } of due) if (!this.isDead) run();
    if (this.isDead) this.crash(0);
    if (this.#wakeAt > this.#time.now) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#call((room) => {
      for (const task of room.tasks) {
        const dueAt = task.dueAt();
        if (dueAt !== undefined && dueAt <= this.#time.now) void task.run(this.#time.now);
        this.#wakeAt = Math.min(this.#wakeAt, task.dueAt() ?? Number.POSITIVE_INFINITY);
      }
    });
  }

  /** The room falls asleep, once nothing is put off any more, and wakes: memory is gone, sockets stay. */
  async evict(): Promise<void> {
    while (this.#later.length > 0) {
      await this.#time.pass(50);
      this.turn();
    }
    this.#room = this.#newRoom();
    this.#forgotAt = this.#time.now;
    for (const connection of [...this.connections]) this.#admit(connection);
  }

  /** The process dies: memory and sockets are gone. Of what it had sent, `kept` frames on each socket still arrive. */
  crash(kept: number): void {
    this.log.processDied();
    this.#later = [];
    for (const connection of this.connections) connection.lose(kept);
    this.connections.clear();
    this.isDead = false;
    this.#forgotAt = this.#time.now;
    this.#room = this.#newRoom();
  }

  // ── The Worker's other doors ───────────────────────────────────────────────────────────────────────────────────

  /** A write by REST: what `edit` makes of the text; a room that cannot answer is not asked again. */
  rewrite(edit: (content: string) => string): void {
    this.#call((room) => {
      const before = room.requests.read();
      if (before.ok) room.requests.replaceContent({ content: edit(before.content), author: rest });
    });
  }

  /** Only the newest operations are kept from now on. The alarm sees to it in the room; here it is seen to at once. */
  compact(operations: number): void {
    this.log.retain({ operations, ageMs: null });
    while (this.log.upkeep(this.#time.now));
  }

  redact(span: Span): void {
    this.log.redacting = span;
    this.#call((room) => room.requests.redact({ span, author: rest }));
    this.log.redacting = undefined;
  }

  /** What was accepted is stored; then there is room for `operations` more. */
  leaveRoomFor(operations: number): void {
    this.#call((room) => room.flush());
    this.log.leave(operations);
  }

  /** Dies, wakes with storage as it was before, and is told so. The ledger is rewound already. */
  rewind(): void {
    this.crash(0);
    this.log = this.log.rewound();
    this.#room = this.#newRoom();
    this.#room.requests.replaceEpoch();
  }

  setRole(userId: string, role: Role): void {
    this.roles.set(userId, role);
    this.#call((room) => room.setRole(userId, role, "simulated"));
  }

  revoke(userId: string): void {
    this.roles.delete(userId);
    this.#call((room) => room.revoke({ userId }, "simulated"));
  }

  read(): { version: number; content: string } {
    const read = this.#room.requests.read();
    if (!read.ok) throw new Error(`the room does not answer: ${read.code}`);
    return read;
  }
}

/** Of a `submit` as the client writes it, in either form. */
export function submittedSeq(frame: string): number | undefined {
  const seq = /^\{(?:"type":"submit","seq":|"submit":\[)(\d+)/.exec(frame)?.[1];
  return seq === undefined ? undefined : Number(seq);
}

const rest = { userId: "rest", kind: "program" } as const;
