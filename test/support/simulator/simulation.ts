import { VirtualTime } from "../../../src/test-kit/virtual-time.ts";
import type { Bundle } from "../../../src/time-travel/bundle.ts";
import { lifeOf } from "../failure-bundle.ts";
import type { ClientHistory } from "../history-checker.ts";
import { checkHistory } from "../history-checker.ts";
import { Random } from "../ot-random.ts";
import type { Command, Program } from "./commands.ts";
import { Connection } from "./connection.ts";
import { Ledger } from "./ledger.ts";
import { SimulatedClient, span } from "./simulated-client.ts";
import { type ServerParts, SimulatedServer } from "./simulated-server.ts";

/** A promise that was broken: one line for each. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** The life of the document on which it was broken. */
  life: (() => Bundle) | undefined;
}

/** What a run came to. */
export interface Outcome {
  /** Accepted operations. */
  operations: number;
  /** Acknowledgements that reached a client. */
  acknowledged: number;
}

/** Rounds in which everybody must have come to rest, once nothing goes wrong any more. */
const restRounds = 400;

/**
 * Runs a program: real sessions and the real room, and between them a network, a clock and a disk that do what the
 * program says. Everything is held against the ledger while it happens; then, without further faults, all come to rest,
 * and the whole history is checked. Throws Violation. The same program gives the same run.
 */
export async function simulate(
  { clients, commands }: Program,
  parts: Partial<ServerParts> = {},
): Promise<Outcome> {
  const time = new VirtualTime(new Random(clients));
  const uninstall = time.install();
  try {
    const simulation = new Simulation(time, clients, parts);
    try {
      return await simulation.run(commands);
    } catch (error) {
      if (error instanceof Violation) error.life = () => simulation.life(error.message);
      throw error;
    }
  } finally {
    uninstall();
  }
}

class Simulation {
  readonly #time: VirtualTime;
  readonly #ledger = new Ledger();
  readonly #server: SimulatedServer;
  /** One for each place at the table. */
  readonly #seats: SimulatedClient[] = [];
  /** Those whose session has ended. */
  readonly #gone: SimulatedClient[] = [];
  readonly #repeated = new Set<string>();
  /** Characters that went with a storage that was put back to an older state. */
  readonly #lost = new Set<string>();
  #characters = 0;
  #joined = 0;

  constructor(time: VirtualTime, clients: number, parts: Partial<ServerParts>) {
    this.#time = time;
    this.#server = new SimulatedServer(this.#ledger, time, parts);
    for (let seat = 0; seat < clients; seat++) {
      this.#server.roles.set(userOf(seat), "editor");
      this.#seats.push(this.#join(seat));
    }
  }

  #join(seat: number): SimulatedClient {
    this.#joined += 1;
    return new SimulatedClient(`client-${this.#joined}`, userOf(seat), {
      ledger: this.#ledger,
      connect: (userId, sent) => this.#connect(userId, sent),
      newText: (length) => this.#newText(length),
      repeated: (text) => this.#repeat(text),
    });
  }

  #connect(userId: string, sent: (frame: string) => void): Connection | undefined {
    const grant = this.#server.grant(userId);
    return (
      grant &&
      new Connection(grant, {
        ledger: this.#ledger,
        isDead: () => this.#server.isDead,
        sent,
        ended: (connection) => this.#server.connections.delete(connection),
        now: () => this.#time.now,
        isOld: userId === userOf(1),
      })
    );
  }

  /** Characters of private use, none of them twice: every third a single unit while those last, else surrogate pairs. */
  #newText(length: number): string {
    let text = "";
    for (let count = 0; count < length; count++) {
      const next = this.#characters++;
      text += String.fromCodePoint(next % 3 === 0 && next < 18_000 ? 0xe000 + next / 3 : 0xf0000 + next);
    }
    return text;
  }

  #repeat(text: string): void {
    for (const character of text) this.#repeated.add(character);
  }

  async run(commands: readonly Command[]): Promise<Outcome> {
    await this.begin();
    for (const [index, command] of commands.entries()) {
      try {
        const done = this.do(command);
        if (done instanceof Promise) await done;
      } catch (error) {
        this.note(error);
      }
      this.demand(() => `at command ${index}, ${JSON.stringify(command)}`);
    }
    return await this.end();
  }

  /** All that the room's disk has of the document. */
  life(note: string): Bundle {
    let served: string | undefined;
    try {
      served = this.#server.read().content;
    } catch {
      // It cannot be read any more; its log can.
    }
    return lifeOf(this.#server.log, { note, served });
  }

  /** A session or the room cannot go on. */
  note(error: unknown): void {
    this.#ledger.violations.push(String(error));
  }

  /** Throws Violation if anything is broken. */
  demand(when: () => string): void {
    const { violations } = this.#ledger;
    if (violations.length > 0) throw new Violation(`${when()}:\n${violations.slice(0, 5).join("\n")}`);
  }

  /** Everybody opens the document. */
  async begin(): Promise<void> {
    await this.#time.pass(1);
    for (const client of this.#seats) this.#deliverAll(client);
    this.demand(() => "at the beginning");
  }

  // ── Commands ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Answers a promise where the command takes time: most do not, and waiting for nothing is half of their cost. */
  do(command: Command): unknown {
    const [name] = command;
    switch (name) {
      case "type":
        return this.#seat(command[1]).type(command[2], command[3], command[4]);
      case "undo":
      case "redo":
        return this.#seat(command[1]).undo(name);
      case "select":
        return this.#seat(command[1]).select(command[2], command[3]);
      case "again":
        return this.#seat(command[1]).sendAgain();
      case "submit":
        return this.#submit(this.#seat(command[1]), command[2]);
      case "deliver":
        return this.#deliver(this.#seat(command[1]), command[2]);
      case "turn":
        this.#time.now += 1;
        return this.#server.turn();
      case "round":
        return this.#time.passShortly(20)?.then(() => this.#round(command[1])) ?? this.#round(command[1]);
      case "pass":
        return this.#time.pass(command[1]).then(() => this.#server.turn());
      case "drop":
        return this.#seat(command[1]).connection?.break(1006, command[2]);
      case "hide ack": {
        const { connection } = this.#seat(command[1]);
        if (connection) connection.isHidden = true;
        return undefined;
      }
      case "leave":
        return this.#seat(command[1]).session.close();
      case "join": {
        const seat = command[1] % this.#seats.length;
        const client = this.#seat(seat);
        if (!client.hasEnded) return undefined;
        this.#gone.push(client);
        if (!this.#server.roles.has(client.userId)) this.#server.roles.set(client.userId, "editor");
        this.#seats[seat] = this.#join(seat);
        return this.#time.pass(0);
      }
      case "evict":
        return this.#server.evict();
      case "crash":
        return this.#server.crash(command[1]);
      case "fault":
        this.#server.log.appendFault = command[1];
        return undefined;
      case "unreadable":
        this.#server.log.failNextLoad = true;
        return undefined;
      case "role":
        return this.#server.setRole(userOf(command[1] % this.#seats.length), command[2]);
      case "revoke":
        return this.#server.revoke(userOf(command[1] % this.#seats.length));
      case "rewrite":
        return this.#server.rewrite((text) => {
          const [start, end] = span(text, command[1], command[2]);
          // The room finds the difference itself, and may take one that cuts out a neighbour and puts it back.
          this.#repeat(text.slice(Math.max(0, start - 2), end + 2));
          return text.slice(0, start) + this.#newText(command[3]) + text.slice(end);
        });
      case "compact":
        return this.#server.compact(command[1]);
      case "redact": {
        const { texts, version } = this.#ledger;
        const at = Math.max(version - command[1], this.#server.log.horizon);
        const [from, to] = span(texts[at] ?? "", command[2], command[3]);
        return from < to && this.#server.redact({ version: at, from, to });
      }
      case "disk":
        return this.#server.leaveRoomFor(command[1]);
      case "rewind":
        return this.#rewind(command[1]);
      case "restore": {
        const { texts, version } = this.#ledger;
        const older = texts[Math.floor((command[1] * version) / 1000)] ?? "";
        this.#repeat(older);
        return this.#server.rewrite(() => older);
      }
    }
  }

  /** What a person has not been told to be saved must not be lost by it; of the rest, what was saved later is gone. */
  #rewind(operations: number): void {
    const version = Math.max(0, this.#ledger.version - operations);
    for (const { op } of this.#ledger.rewind(version))
      for (const part of op)
        if (typeof part === "string") for (const character of part) this.#lost.add(character);
    for (const client of this.#seats) for (const character of client.unsaved) this.#lost.delete(character);
    for (const client of [...this.#gone, ...this.#seats]) client.rewound(version);
    // Also of what the room had closed: a storage is not put back in the moment between an answer and its arrival.
    for (const { connection } of this.#seats) connection?.forget();
    this.#server.rewind();
  }

  #seat(client: number): SimulatedClient {
    return this.#seats[client % this.#seats.length]!;
  }

  /** Frames arrive at the room, those of older connections first; a connection that is being opened is open then. */
  #submit(client: SimulatedClient, count: number): void {
    for (const connection of client.connections) {
      if (connection.state === "connecting") {
        this.#server.join(connection);
        connection.open();
      }
      for (let taken = 0; taken < count && connection.toServer.length > 0; taken++) {
        const item = connection.toServer.shift()!;
        if (typeof item !== "string") {
          if (connection.isJoined) this.#server.leave(connection);
        } else if (connection.isJoined) {
          this.#server.receive(connection, item);
        }
      }
    }
    client.connections = client.connections.filter(
      (connection) => connection === client.connection || connection.toServer.length > 0,
    );
  }

  #deliver(client: SimulatedClient, count: number): void {
    const { connection } = client;
    for (let taken = 0; taken < count && connection?.deliver(); taken++);
    client.check();
  }

  #round(stride: number): void {
    for (let seat = 0; seat < this.#seats.length; seat += stride)
      this.#submit(this.#seat(seat), Number.POSITIVE_INFINITY);
    this.#server.turn();
    for (let seat = 0; seat < this.#seats.length; seat += stride)
      this.#deliver(this.#seat(seat), Number.POSITIVE_INFINITY);
  }

  #deliverAll(client: SimulatedClient): void {
    this.#submit(client, Number.POSITIVE_INFINITY);
    this.#server.turn();
    this.#deliver(client, Number.POSITIVE_INFINITY);
  }

  // ── The end ────────────────────────────────────────────────────────────────────────────────────────────────────

  async end(): Promise<Outcome> {
    this.#server.log.appendFault = undefined;
    this.#server.log.failNextLoad = false;
    this.#server.leaveRoomFor(Number.POSITIVE_INFINITY);
    for (const client of this.#seats) {
      if (client.connection?.isHidden) client.connection.break(1006, 0);
      if (this.#server.roles.get(client.userId) !== "editor") this.#server.setRole(client.userId, "editor");
    }
    for (let round = 0; !this.#isAtRest(); round++) {
      if (round === restRounds) throw new Violation(`no rest: ${this.#restless().join(", ")}`);
      try {
        await this.#time.pass(round < 20 ? 100 : 1_000);
        this.#server.turn();
        for (const client of this.#seats) this.#deliverAll(client);
      } catch (error) {
        this.note(error);
      }
      this.demand(() => "on the way to rest");
    }
    const outcome = this.#judge();
    for (const client of this.#seats) client.session.close();
    return outcome;
  }

  #restless(): string[] {
    return this.#seats
      .filter(({ hasEnded, session, hasJoined }) =>
        hasEnded
          ? false
          : !hasJoined ||
            session.connection.state !== "live" ||
            !session.isSaved ||
            session.version !== this.#ledger.version,
      )
      .map(
        ({ session, hasJoined }) =>
          `${session.clientId} ${session.connection.state}${hasJoined ? ` at ${session.version} of ${this.#ledger.version}${session.isSaved ? "" : ", unsaved"}` : ""}`,
      );
  }

  #isAtRest(): boolean {
    return this.#restless().length === 0;
  }

  #judge(): Outcome {
    const { version, content } = this.#server.read();
    const all = [...this.#gone, ...this.#seats];
    const histories = all.map((client): ClientHistory => {
      const isWhole = !client.hasEnded;
      return {
        // One of whom nothing was stored has no number: whatever it was acknowledged is then found to be lost.
        actor: this.#ledger.actorOf(client.session.clientId) ?? -1,
        sent: client.sent,
        acknowledged: client.acknowledged,
        typed: isWhole ? client.typed.filter((character) => !this.#repeated.has(character)) : [],
        removed: new Set([...client.removed, ...this.#lost, ...this.#ledger.redacted]),
      };
    });
    for (const { actor, clientId } of this.#ledger.actors.values()) {
      if (clientId !== null) continue;
      histories.push({
        actor,
        sent: Number.POSITIVE_INFINITY,
        acknowledged: [],
        typed: [],
        removed: new Set(),
      });
    }
    const violations = this.#ledger.differences(this.#server.log);
    violations.push(
      ...checkHistory({
        version,
        log: { from: 1, items: this.#ledger.entries },
        clients: histories,
        texts: [
          { name: "the room", text: content },
          { name: "the ledger", text: this.#ledger.texts[version] ?? "" },
          ...this.#seats
            .filter((client) => !client.hasEnded)
            .map(({ session }) => ({ name: session.clientId, text: session.text })),
        ],
      }),
    );
    if (violations.length > 0) throw new Violation(`at rest:\n${violations.slice(0, 5).join("\n")}`);
    return {
      operations: this.#ledger.accepted,
      acknowledged: all.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    };
  }
}

/** Two seats belong to one person. */
const userOf = (seat: number): string => `user-${seat >> 1}`;
