import type { Accepted } from "../ot/authority.ts";
import type { Actor, Commit, OperationLog, StoredRoom } from "./operation-log.ts";

/** The operation log in memory, for tests and simulations: the same contract as on SQLite. */
export class MemoryOperationLog implements OperationLog {
  #created = false;
  #entries: Accepted[] = [];
  #units: number[] = [];
  #actors: Actor[] = [];
  #snapshot: StoredRoom["snapshot"] = { version: 0, text: "" };
  #lastByActor: StoredRoom["lastByActor"] = new Map();

  load(): StoredRoom | undefined {
    if (!this.#created) return undefined;
    const { version } = this.#snapshot;
    return {
      snapshot: { ...this.#snapshot },
      tail: this.#entries.slice(version),
      tailUnits: this.#units.slice(version).reduce((sum, units) => sum + units, 0),
      actors: this.#actors.map((actor) => ({ ...actor })),
      lastByActor: new Map(this.#lastByActor),
    };
  }

  create(_at: number): void {
    this.#created = true;
  }

  append({ from, entries, operationsJson, newActors, snapshot }: Commit): void {
    if (!this.#created) throw new Error("append to a room that was never created");
    if (from !== this.#entries.length + 1) {
      throw new Error(`append from version ${from} to a log that ends at ${this.#entries.length}`);
    }
    this.#entries.push(...entries);
    this.#units.push(...operationsJson.map((json) => json.length));
    this.#actors.push(...newActors);
    if (snapshot) {
      this.#snapshot = { version: snapshot.version, text: snapshot.text };
      this.#lastByActor = new Map(snapshot.lastByActor);
    }
  }

  read(from: number, to: number): Accepted[] {
    return this.#entries.slice(from, to);
  }

  find(actor: number, seq: number): number | undefined {
    const index = this.#entries.findLastIndex((entry) => entry.actor === actor && entry.seq === seq);
    return index < 0 ? undefined : index + 1;
  }
}
