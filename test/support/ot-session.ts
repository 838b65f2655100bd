import { type Accepted, Authority, type Submission, type Verdict } from "../../src/ot/authority.ts";
import { type OwnSubmission, Replica } from "../../src/ot/replica.ts";
import { Text } from "../../src/ot/text.ts";
import type { Bundle } from "../../src/time-travel/bundle.ts";
import { headOf } from "./failure-bundle.ts";
import { type Alphabet, type Random, randomOperation, randomPoints } from "./ot-random.ts";

type ToServer = { kind: "hello"; since: number } | { kind: "submit"; frame: OwnSubmission };

type ToClient =
  | { kind: "snapshot"; version: number; text: string; lastSeq: number; lastVersion: number }
  | { kind: "missed"; items: Accepted[] }
  | { kind: "operation"; item: Accepted }
  | { kind: "ack"; seq: number; version: number }
  | { kind: "refusal"; seq: number };

/** One socket: each direction keeps its order; how far either has come is chance. */
interface Connection {
  toServer: ToServer[];
  toClient: ToClient[];
  subscribed: boolean;
}

/** What is done wrong on purpose, to see that a session notices. */
export interface Sabotage {
  /** Answers a submission in the authority's place. */
  accept?: (authority: Authority, submission: Submission) => Verdict;
  /**
   * A client's hello does not end its older connections. What they still carry is then accepted behind the back of the
   * new one, which gets no acknowledgement for it and miscounts from there on; and a seq that was refused and used again
   * can be taken by the refused frame's copy.
   */
  hearsOldConnections?: true;
  /**
   * Clients send what they typed between hello and welcome a second time. If both copies are refused, the second refusal
   * hits the next submission, which has the same seq.
   */
  sendsTwice?: true;
}

export interface SessionOptions extends Sabotage {
  alphabet: Alphabet;
  /** 2 to 16. */
  clients: number;
  steps: number;
  /** Code units of the text: a small one makes the server refuse operations. */
  textUnits: number;
}

/** What went wrong in a session: not an assertion of a single step, but a broken promise of the whole. */
export class Divergence extends Error {
  override readonly name = "Divergence";
  /** The life of the server's document. */
  life: (() => Bundle) | undefined;
}

/**
 * Clients edit one document over connections that delay, break and lose what is on its way; what a broken connection
 * still carries to the server may arrive long after. Half of the resends leave before the client has read the answer to
 * its hello. The server is now and then loaded anew from its log.
 *
 * Throws Divergence unless in the end all texts are the server's, and every acknowledged operation is in the log exactly
 * once, at its version. Returns the number of operations made.
 */
export function runSession(random: Random, options: SessionOptions): number {
  const server = new Server(random, options);
  const clients = Array.from(
    { length: options.clients },
    (_, index) => new Client(index + 1, server, random),
  );
  try {
    play(server, clients, random, options);
  } catch (error) {
    if (error instanceof Divergence) error.life = () => server.life(error.message);
    throw error;
  }
  return server.log.length;
}

function play(server: Server, clients: Client[], random: Random, options: SessionOptions): void {
  for (let step = 0; step < options.steps; step++) {
    const client = random.pick(clients);
    const action = random.int(22);
    if (action >= 20) client.undoOrRedo();
    else if (action < 5) client.edit(options.alphabet);
    else if (action < 11) client.deliver(1 + random.int(12));
    else if (action < 17) server.deliver(client.actor, 1 + random.int(4));
    else if (action < 18) client.connection ? client.disconnect() : client.connect();
    else if (action < 19) client.connect();
    else server.reload();
  }
  settle(server, clients);
  judge(server, clients);
}

function settle(server: Server, clients: Client[]): void {
  for (let rounds = 0; ; rounds++) {
    let moved = false;
    for (const client of clients) {
      client.connect();
      moved = server.deliver(client.actor, Infinity) || moved;
      moved = client.deliver(Infinity) || moved;
    }
    if (!moved) return;
    if (rounds > 1000) throw new Divergence("The session does not come to rest.");
  }
}

function judge(server: Server, clients: Client[]): void {
  const replayed = Text.from(server.firstText);
  const versions = new Map<string, number>();
  for (const [index, { actor, seq, operation }] of server.log.entries()) {
    replayed.apply(operation);
    if (versions.has(`${actor}/${seq}`))
      throw new Divergence(`Submission ${actor}/${seq} was accepted twice.`);
    versions.set(`${actor}/${seq}`, index + 1);
  }
  const text = server.authority.text.toString();
  if (replayed.toString() !== text) throw new Divergence("The log does not give the server's text.");
  if (server.authority.version !== server.log.length) throw new Divergence("The versions are not dense.");
  for (const { actor, replica, acknowledged } of clients) {
    if (replica.state.kind !== "synchronized") throw new Divergence(`Client ${actor} still waits.`);
    if (replica.version !== server.log.length) throw new Divergence(`Client ${actor} is at another version.`);
    const own = replica.text.toString();
    if (own !== text)
      throw new Divergence(`Client ${actor} has ${JSON.stringify(own)} for ${JSON.stringify(text)}.`);
    for (const [seq, version] of acknowledged) {
      if (versions.get(`${actor}/${seq}`) !== version)
        throw new Divergence(`${actor}/${seq} is not at ${version}.`);
    }
    const accepted = server.log.filter((item) => item.actor === actor).length;
    if (accepted !== acknowledged.size) throw new Divergence(`Client ${actor} does not know all of its own.`);
  }
}

class Server {
  readonly random: Random;
  readonly options: SessionOptions;
  readonly firstText: string;
  readonly log: Accepted[] = [];
  /** Of the operations of the log. */
  readonly #bases: number[] = [];
  authority: Authority;
  /** Every connection of an actor that may still bring something, the newest last. */
  readonly connections = new Map<number, Connection[]>();

  constructor(random: Random, options: SessionOptions) {
    this.random = random;
    this.options = options;
    this.firstText = randomPoints(random, options.alphabet, 12).join("");
    this.authority = this.#load(Text.from(this.firstText), new Map());
  }

  reload(): void {
    const { text, lastByActor } = this.authority;
    this.authority = this.#load(Text.from(text.toString()), new Map(lastByActor));
  }

  /** As far as it is known: these operations bear no times, and users are their actors. */
  life(note: string): Bundle {
    const text = Text.from(this.firstText);
    const numbers = new Set(this.log.map(({ actor }) => actor));
    let fits = true;
    const operations = this.log.map((accepted, index) => {
      fits &&= text.check(accepted.operation) === undefined;
      if (fits) text.apply(accepted.operation);
      const base = this.#bases[index]!;
      return { ...accepted, version: index + 1, at: 0, base, ...(fits && { hash: text.hash() }) };
    });
    const served = this.authority.text.toString();
    return {
      head: { ...headOf({ note, served }), horizon: 0, version: operations.length, text: this.firstText },
      actors: new Map(
        [...numbers].map((actor) => [
          actor,
          { actor, clientId: `client-${actor}`, userId: `user-${actor}`, kind: "person" as const },
        ]),
      ),
      operations,
    };
  }

  #load(text: Text, lastByActor: Map<number, { seq: number; version: number }>): Authority {
    const log = this.log;
    return new Authority({
      version: log.length,
      text,
      lastByActor,
      tail: log.slice(log.length - this.random.int(Math.min(4, log.length + 1))),
      history: {
        horizon: 0,
        read: (from, to) => log.slice(from, to),
        find: (actor, seq) =>
          1 + log.findIndex((item) => item.actor === actor && item.seq === seq) || undefined,
      },
      limits: { textUnits: this.options.textUnits, tailOperations: 3, transformParts: 1_000_000 },
    });
  }

  /** Takes up to `count` frames from one of the actor's connections; false if there was none. */
  deliver(actor: number, count: number): boolean {
    const connections = (this.connections.get(actor) ?? []).filter((each) => each.toServer.length > 0);
    if (connections.length === 0) return false;
    const connection = this.random.pick(connections);
    for (const message of connection.toServer.splice(0, count)) this.#receive(actor, connection, message);
    return true;
  }

  #receive(actor: number, connection: Connection, message: ToServer): void {
    if (message.kind === "hello") {
      this.#welcome(actor, connection, message);
      return;
    }
    const submission = { actor, ...message.frame };
    const verdict = this.options.accept?.(this.authority, submission) ?? this.authority.accept(submission);
    if (verdict.kind === "accepted") {
      const item = { actor, seq: submission.seq, operation: verdict.operation };
      this.log.push(item);
      this.#bases.push(submission.base);
      for (const [other, connections] of this.connections) {
        for (const each of connections) {
          if (other !== actor && each.subscribed) each.toClient.push({ kind: "operation", item });
        }
      }
    }
    if (verdict.kind === "accepted" || verdict.kind === "duplicate") {
      connection.toClient.push({ kind: "ack", seq: submission.seq, version: verdict.version });
    } else if (verdict.kind === "invalid" && verdict.code === "document_too_large") {
      connection.toClient.push({ kind: "refusal", seq: submission.seq });
    } else {
      throw new Divergence(`An honest submission is ${JSON.stringify(verdict)}.`);
    }
  }

  #welcome(actor: number, connection: Connection, hello: ToServer & { kind: "hello" }): void {
    connection.subscribed = true;
    if (!this.options.hearsOldConnections) {
      for (const older of this.connections.get(actor) ?? []) if (older !== connection) older.toServer = [];
    }
    if (this.random.chance(0.3)) {
      const { version, text } = this.authority;
      const last = this.authority.lastOf(actor) ?? { seq: 0, version: 0 };
      const own = { lastSeq: last.seq, lastVersion: last.version };
      connection.toClient.push({ kind: "snapshot", version, text: text.toString(), ...own });
    } else {
      connection.toClient.push({ kind: "missed", items: this.authority.since(hello.since) });
    }
  }
}

class Client {
  readonly actor: number;
  readonly replica: Replica;
  readonly acknowledged = new Map<number, number>();
  connection: Connection | undefined;
  readonly #server: Server;
  readonly #random: Random;
  /** Whether what was pending has left on this connection, which must never carry a frame twice. */
  #resent = true;

  constructor(actor: number, server: Server, random: Random) {
    this.actor = actor;
    this.#server = server;
    this.#random = random;
    this.replica = new Replica({ version: 0, text: server.firstText });
    this.connect();
  }

  edit(alphabet: Alphabet): void {
    if (this.#random.chance(0.5)) this.replica.closeUndoGroup();
    const { operation, after } = randomOperation(this.#random, alphabet, [...this.replica.text.toString()]);
    this.#send(this.replica.edit(operation));
    const text = this.replica.text.toString();
    if (text !== after.join("")) throw new Divergence(`An edit of client ${this.actor} gives ${text}.`);
  }

  undoOrRedo(): void {
    const before = this.replica.text.toString();
    const taken = this.#random.chance(0.7) ? this.replica.undo() : this.replica.redo();
    if (!taken) return;
    const expected = Text.from(before);
    expected.apply(taken.operation);
    if (expected.toString() !== this.replica.text.toString()) {
      throw new Divergence(`An undo of client ${this.actor} is not what it tells.`);
    }
    this.#send(taken.next);
  }

  connect(): void {
    if (this.connection) return;
    const pending = this.replica.pending();
    this.connection = { toServer: [], toClient: [], subscribed: false };
    const connections = this.#server.connections.get(this.actor) ?? [];
    this.#server.connections.set(this.actor, [...connections, this.connection]);
    this.connection.toServer.push({ kind: "hello", since: this.replica.version });
    this.#resent = this.#random.chance(0.5);
    if (this.#resent) this.#send(pending);
    if (pending === null && !this.#server.options.sendsTwice) this.#resent = true;
  }

  /** What the server has sent is lost; of what was sent to it, some may still arrive. */
  disconnect(): void {
    if (!this.connection) return;
    const { toServer } = this.connection;
    this.connection.subscribed = false;
    this.connection.toServer = toServer
      .slice(0, this.#random.int(toServer.length + 1))
      .filter((message) => message.kind === "submit");
    this.connection = undefined;
  }

  /** Reads up to `count` frames; false if there was none. */
  deliver(count: number): boolean {
    const connection = this.connection;
    const messages = connection?.toClient.splice(0, count) ?? [];
    for (const message of messages) if (connection === this.connection) this.#receive(message);
    return messages.length > 0;
  }

  #receive(message: ToClient): void {
    if (message.kind === "ack") this.#acknowledge(message.seq, message.version);
    else if (message.kind === "operation") this.replica.receive(message.item.operation);
    else if (message.kind === "refusal") this.#send(this.replica.reject(message.seq)?.next ?? null);
    else this.#welcomed(message);
  }

  #welcomed(message: ToClient & { kind: "missed" | "snapshot" }): void {
    const pending = this.replica.pending();
    if (message.kind === "snapshot") {
      // What left on this connection before the answer to its hello may be accepted yet, which a snapshot cannot tell.
      if (pending && this.#resent) {
        this.disconnect();
        this.connect();
        return;
      }
      if (pending && pending.seq <= message.lastSeq) this.acknowledged.set(pending.seq, message.lastVersion);
      this.#send(this.replica.merge(message).next);
      this.#resent = true;
      return;
    } else {
      for (const { actor, seq, operation } of message.items) {
        if (actor === this.actor) this.#acknowledge(seq, this.replica.version + 1);
        else this.replica.receive(operation);
      }
    }
    // A frame is known by its identity: `missed` may have acknowledged this one and brought up the next.
    if (!this.#resent && pending && this.replica.pending() === pending) this.#send(pending);
    this.#resent = true;
  }

  #acknowledge(seq: number, version: number): void {
    const pending = this.replica.pending();
    if (pending?.seq === seq) this.acknowledged.set(seq, version);
    this.#send(this.replica.acknowledge(seq, version));
  }

  #send(frame: OwnSubmission | null): void {
    if (frame) this.connection?.toServer.push({ kind: "submit", frame });
  }
}
