import { type Operation, OperationBuilder } from "../../../src/ot/operation.ts";
import { redactedUnit } from "../../../src/ot/redacted.ts";
import { Text } from "../../../src/ot/text.ts";
import { MemoryOperationLog } from "../../../src/room/memory-operation-log.ts";
import type { Actor, Commit, OperationLog, Rewriting } from "../../../src/room/operation-log.ts";
import type { Span } from "../../../src/room/redaction.ts";

/** A failure that the simulation brought about, and that the room therefore may report. */
export class InjectedFault extends Error {
  override readonly name = "InjectedFault";
}

interface Entry {
  actor: number;
  seq: number;
  op: Operation;
  operationJson: string;
}

/** What became durable, noted beside the room's own log and replayed by itself: what everybody is held against. */
export class Ledger {
  readonly entries: Entry[] = [];
  /** By version. */
  readonly texts: string[] = [""];
  readonly actors = new Map<number, Actor>();
  /** What was broken, one line each. */
  readonly violations: string[] = [];
  /** Every operation that ever became durable, those that a rewinding took away included. */
  accepted = 0;
  /** How often the storage was put back to an older state. */
  era = 0;
  /** Characters that were redacted. */
  readonly redacted = new Set<string>();
  /** `clientId/seq` of submissions that last came when their sender might not edit. */
  readonly #forbidden = new Set<string>();
  /** The version at which the newest redaction was told. */
  #redactedAt = 0;
  #text = Text.from("");
  #lastSeq = new Map<number, number>();

  get version(): number {
    return this.entries.length;
  }

  /** A submission reaches the room, whose sender may edit at that moment, or may not. */
  arrives(clientId: string, seq: number, mayEdit: boolean): void {
    if (!mayEdit) this.#forbidden.add(`${clientId}/${seq}`);
    else if (this.#forbidden.size > 0) this.#forbidden.delete(`${clientId}/${seq}`);
  }

  commit({ from, entries, operationsJson, newActors }: Commit): void {
    for (const actor of newActors) {
      if (this.actors.has(actor.actor)) this.violations.push(`actor ${actor.actor} was stored twice`);
      this.actors.set(actor.actor, actor);
    }
    if (from !== this.version + 1)
      this.violations.push(`RM-1: version ${from} follows version ${this.version}`);
    for (const [index, { actor, seq, operation }] of entries.entries()) {
      const last = this.#lastSeq.get(actor) ?? 0;
      if (seq !== last + 1) this.violations.push(`RM-3: ${actor}/${seq} follows ${actor}/${last}`);
      this.#lastSeq.set(actor, seq);
      const writer = this.actors.get(actor);
      if (!writer) this.violations.push(`actor ${actor} writes and is not stored`);
      else if (this.#forbidden.has(`${writer.clientId}/${seq}`))
        this.violations.push(`AC-1: ${writer.clientId}/${seq} came when ${writer.userId} might not edit`);
      this.accepted += 1;
      this.#add({ actor, seq, op: operation, operationJson: operationsJson[index] ?? "" });
    }
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    try {
      this.#text.apply(entry.op);
    } catch (error) {
      this.violations.push(`RM-1: version ${this.version} does not apply: ${(error as Error).message}`);
    }
    this.texts.push(this.#text.toString());
  }

  /** Begins anew with these. */
  #replay(entries: readonly Entry[]): void {
    this.entries.length = 0;
    this.texts.length = 1;
    this.#text = Text.from("");
    for (const entry of entries) this.#add(entry);
  }

  /**
   * What the span's redaction has to make of the history, found in another way than the room does: by naming every unit
   * that was ever inserted, and following the names forward.
   */
  redact({ version, from, to }: Span): void {
    const units: number[] = [];
    let names = 0;
    for (const { op } of this.entries.slice(0, version)) {
      let at = 0;
      for (const part of op) {
        if (typeof part === "string") {
          units.splice(at, 0, ...Array.from({ length: part.length }, () => names++));
          at += part.length;
        } else if (part > 0) at += part;
        else units.splice(at, -part);
      }
    }
    for (const character of (this.texts[version] ?? "").slice(from, to)) this.redacted.add(character);
    const gone = new Set(units.slice(from, to));
    names = 0;
    const redacted = this.entries.map((entry): Entry => {
      if (entry.op.every((part) => typeof part !== "string")) return entry;
      const builder = new OperationBuilder();
      for (const part of entry.op) {
        if (typeof part === "string")
          builder.insert(part.replace(/./gs, (unit) => (gone.has(names++) ? redactedUnit : unit)));
        else if (part > 0) builder.retain(part);
        else builder.delete(-part);
      }
      const op = builder.build();
      return { ...entry, op, operationJson: JSON.stringify(op) };
    });
    this.#replay(redacted);
    this.#redactedAt = this.version;
  }

  /** Storage is what it was at this version. Answers what is gone. */
  rewind(version: number): Entry[] {
    const gone = this.entries.slice(version);
    this.#replay(this.entries.slice(0, version));
    this.#lastSeq = new Map(this.entries.map(({ actor, seq }) => [actor, seq]));
    for (const actor of this.actors.keys()) if (!this.#lastSeq.has(actor)) this.actors.delete(actor);
    this.#redactedAt = Math.min(this.#redactedAt, version);
    this.era += 1;
    return gone;
  }

  /** Whether somebody who has this version may hold a text that is not what was expected, but from before a redaction. */
  mayDiffer(version: number, text: string, expected: string | undefined): boolean {
    if (version >= this.#redactedAt || text.length !== expected?.length) return false;
    for (let index = 0; index < text.length; index++)
      if (text[index] !== expected[index] && expected[index] !== redactedUnit) return false;
    return true;
  }

  /** Whether this is what the version is. */
  holds(version: number, actor: number, seq: number, operationJson?: string): boolean {
    const entry = this.entries[version - 1];
    return (
      entry?.actor === actor &&
      entry.seq === seq &&
      (operationJson === undefined || entry.operationJson === operationJson)
    );
  }

  /** What of it a log tells otherwise, or not at all although it is not older than the log's horizon. */
  differences(log: OperationLog): string[] {
    const told = log.read(log.horizon, this.version);
    const lost = this.version - log.horizon - told.length;
    const differing = told.filter(
      ({ actor, seq, operation }, index) =>
        !this.holds(log.horizon + index + 1, actor, seq, JSON.stringify(operation)),
    );
    return lost === 0 && differing.length === 0
      ? []
      : [`the log has lost ${lost} operations, and has ${differing.length} others`];
  }

  actorOf(clientId: string): number | undefined {
    for (const actor of this.actors.values()) if (actor.clientId === clientId) return actor.actor;
    return undefined;
  }
}

/** How the next write goes wrong: it stores nothing, or the process dies before it or right after it. */
export type AppendFault = "refused" | "death before" | "death after";

/** The disk: what was appended survives the process. */
export class SimulatedLog extends MemoryOperationLog {
  readonly ledger: Ledger;
  readonly #die: () => void;
  appendFault: AppendFault | undefined;
  failNextLoad = false;
  /** What is being redacted. */
  redacting: Span | undefined;
  #epoch = 1;

  constructor(ledger: Ledger, die: () => void) {
    super();
    this.ledger = ledger;
    this.#die = die;
  }

  override load() {
    if (this.failNextLoad) {
      this.failNextLoad = false;
      throw new InjectedFault("the storage cannot be read");
    }
    const stored = super.load();
    return stored && { ...stored, epoch: `epoch ${this.#epoch}` };
  }

  override append(commit: Commit): void {
    if (this.isFull && !this.redacting) this.ledger.violations.push("an edit is stored on a full disk");
    this.#write(() => this.write(commit));
  }

  #write(write: () => void): void {
    const fault = this.appendFault;
    this.appendFault = undefined;
    if (!fault || fault === "death after") write();
    if (!fault) return;
    if (fault !== "refused") this.#die();
    throw new InjectedFault(`write: ${fault}`);
  }

  protected write(commit: Commit): void {
    super.append(commit);
    this.ledger.commit(commit);
  }

  override rewrite(rewriting: Rewriting): void {
    this.#write(() => {
      super.rewrite(rewriting);
      if (this.redacting) this.ledger.redact(this.redacting);
    });
  }

  override replaceEpoch(): void {
    this.#epoch += 1;
  }

  /** From now on the disk has room for this many operations. */
  leave(operations: number): void {
    this.capacity = this.ledger.version - this.horizon + operations;
  }

  /** Another disk with what this one held at a version: the ledger is rewound to it. It bears the same epoch. */
  rewound(): SimulatedLog {
    const log = new (this.constructor as typeof SimulatedLog)(this.ledger, this.#die);
    const { entries, actors } = this.ledger;
    log.#epoch = this.#epoch;
    log.create(0);
    MemoryOperationLog.prototype.append.call(log, {
      from: 1,
      entries: entries.map(({ op, ...entry }) => ({ ...entry, operation: op })),
      operationsJson: entries.map(({ operationJson }) => operationJson),
      at: 0,
      newActors: [...actors.values()],
    });
    return log;
  }

  /** The process died; what it had not written is gone. */
  processDied(): void {}
}
