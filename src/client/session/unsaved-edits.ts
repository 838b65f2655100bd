import type { ReplicaState } from "../../ot/replica.ts";

/** Counts own edits that are not durable: those of the submission in flight, and those that wait behind it. */
export class UnsavedEdits {
  #sent = 0;
  #waiting = 0;

  get count(): number {
    return this.#sent + this.#waiting;
  }

  edited(isSent: boolean): void {
    if (isSent) this.#sent = 1;
    else this.#waiting += 1;
  }

  /** The submission in flight was accepted or refused; what the replica goes over to is not. */
  settled(state: ReplicaState["kind"]): void {
    this.#sent = state === "synchronized" ? 0 : Math.max(1, this.#waiting);
    this.#waiting = 0;
  }

  /** So many were left by an earlier session. */
  restore(edits: number): void {
    this.#sent = 1;
    this.#waiting = Math.max(0, edits - 1);
  }

  /** What was in flight and what waited go out as one. */
  sentAnew(state: ReplicaState["kind"]): void {
    this.#waiting += this.#sent;
    this.settled(state);
  }
}
