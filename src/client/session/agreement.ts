import type { Operation } from "../../ot/operation.ts";
import { reportOperations, reportUnits } from "../../protocol/limits.ts";

/** An accepted operation, as the client took it in. */
interface Taken {
  readonly version: number;
  readonly actor: number;
  readonly seq: number;
  readonly op: Operation;
}

/** What a client has taken in since its text was last known to be the room's: what a report of a difference needs. */
export class Agreement {
  #taken: Taken[] = [];

  /** The text is the room's. */
  reached(): void {
    this.#taken = [];
  }

  take(version: number, actor: number, seq: number, op: Operation): void {
    this.#taken.push({ version, actor, seq, op });
    if (this.#taken.length > 2 * reportOperations) {
      this.#taken = this.#taken.slice(-reportOperations);
    }
  }

  /** The newest of them, as many as a report may hold. */
  get operations(): readonly Taken[] {
    let units = 0;
    const fits = (taken: Taken) => {
      units += JSON.stringify(taken).length + 1;
      return units <= reportUnits;
    };
    return this.#taken.slice(-reportOperations).reverse().filter(fits).reverse();
  }
}
