import type { Operation } from "../../../src/ot/operation.ts";
import { Text } from "../../../src/ot/text.ts";
import { MemoryOperationLog } from "../../../src/room/memory-operation-log.ts";
import type { Actor, Commit, OperationLog } from "../../../src/room/operation-log.ts";

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
  readonly #text = Text.from("");
  readonly #lastSeq = new Map<number, number>();

  get version(): number {
    return this.entries.length;
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
      if (!this.actors.has(actor)) this.violations.push(`actor ${actor} writes and is not stored`);
      this.entries.push({ actor, seq, op: operation, operationJson: operationsJson[index] ?? "" });
      try {
        this.#text.apply(operation);
      } catch (error) {
        this.violations.push(`RM-1: version ${this.version} does not apply: ${(error as Error).message}`);
      }
      this.texts.push(this.#text.toString());
    }
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

/** How the next append goes wrong: it stores nothing, or the process dies before it or right after it. */
export type AppendFault = "refused" | "death before" | "death after";

/** The disk: what was appended survives the process. */
export class SimulatedLog extends MemoryOperationLog {
  readonly ledger: Ledger;
  readonly #die: () => void;
  appendFault: AppendFault | undefined;
  failNextLoad = false;

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
    return super.load();
  }

  override append(commit: Commit): void {
    const fault = this.appendFault;
    this.appendFault = undefined;
    if (fault === "death after") this.write(commit);
    if (fault) {
      if (fault !== "refused") this.#die();
      throw new InjectedFault(`append: ${fault}`);
    }
    this.write(commit);
  }

  protected write(commit: Commit): void {
    super.append(commit);
    this.ledger.commit(commit);
  }

  /** The process died; what it had not written is gone. */
  processDied(): void {}
}
