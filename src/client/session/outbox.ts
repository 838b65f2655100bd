import type { OwnSubmission } from "../../ot/replica.ts";
import type { Role } from "../../protocol/server-frames.ts";

export interface OutboxPorts {
  /** The submission in flight, as it was first made. */
  pending(): OwnSubmission | null | undefined;
  /** Hands a submission to the connection; false where none is live: joining offers it again. */
  send(submission: OwnSubmission): boolean;
  /** Milliseconds from one submission to the next, at least. */
  gatherMs: number;
  /** They have passed: the moment to call `hurry`. */
  gathered(): void;
  /** Has what was typed since join what is pending, which never left. */
  gather(): OwnSubmission | null;
}

/**
 * When the submission in flight goes out: at once, with what is typed until the one before is old enough, after a pause that
 * the room asked for, or, while the person may not edit, not at all. It is kept in every case, and what goes out is the same each time (law RM-3). On one connection
 * it goes out again only after an answer: so of two answers none is to a frame that has been made anew since.
 */
export class Outbox {
  readonly #ports: OutboxPorts;
  #role: Role | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was sent on this connection and is not answered. */
  #underWay: OwnSubmission | undefined;
  /** The last that ever left, which is not to be changed any more. */
  #left: OwnSubmission | undefined;
  /** While it runs, that is too fresh for another. */
  #gathering: ReturnType<typeof setTimeout> | undefined;
  /** Waits for that, and may still be changed. */
  #held: OwnSubmission | undefined;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  /** What the room last said; undefined before the first welcome. */
  get role(): Role | undefined {
    return this.#role;
  }

  get mayEdit(): boolean {
    return this.#role !== undefined && this.#role !== "viewer";
  }

  /** Takes a new role; whoever may edit again sends what was kept. */
  setRole(role: Role): void {
    const couldEdit = this.mayEdit;
    this.#role = role;
    if (this.mayEdit && !couldEdit) this.offer();
  }

  /** Sends what is pending, if anything is and the person may. */
  offer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let pending = this.#ports.pending();
    if (!pending || !this.mayEdit || pending === this.#underWay) return;
    if (this.#gathering !== undefined && pending !== this.#left) {
      this.#held = pending;
      return;
    }
    if (pending === this.#held) pending = this.#ports.gather();
    this.#held = undefined;
    if (!pending || !this.#ports.send(pending)) return;
    this.#underWay = this.#left = pending;
    const { gatherMs, gathered } = this.#ports;
    clearTimeout(this.#gathering);
    if (gatherMs > 0) this.#gathering = setTimeout(gathered, gatherMs);
  }

  /** Sends at once what would be gathered, unless the room has asked for a pause. */
  hurry(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#timer === undefined) this.offer();
  }

  /** The room refused what was sent, or the connection on which it was sent is gone: it may go out again. */
  returned(): void {
    this.#underWay = undefined;
  }

  /** The same after a pause of this many milliseconds. */
  offerLater(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.offer(), pause);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#gathering);
  }
}
