import type { OwnSubmission } from "../ot/replica.ts";
import { encodeSubmit } from "../protocol/client-frames.ts";
import type { Role } from "../protocol/server-frames.ts";

export interface OutboxPorts {
  /** The submission in flight, as it was first made. */
  pending(): OwnSubmission | null | undefined;
  /** Hands a frame to the connection, which loses it where none is live: joining offers it again. */
  send(frame: string): void;
}

/**
 * When the submission in flight goes out: at once, after a pause that the room asked for, or, while the person may not
 * edit, not at all. It is kept in every case, and what goes out is the same frame each time (law RM-3).
 */
export class Outbox {
  readonly #ports: OutboxPorts;
  #role: Role | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

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
    const pending = this.#ports.pending();
    if (pending && this.mayEdit) this.#ports.send(encodeSubmit(pending));
  }

  /** The same after a pause of this many milliseconds. */
  offerLater(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.offer(), pause);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
