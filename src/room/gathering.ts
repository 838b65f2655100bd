import { limits } from "../protocol/limits.ts";

/** What is to be done about a batch: commit it now, or in so many milliseconds (0: in the next turn), or go on waiting. */
type Due = "now" | number | undefined;

/**
 * Decides when a batch has gathered enough, for a commit is a row and a frame to everybody, however much is in it.
 *
 * People at work on one document wait for each other's frames: whoever wrote lately and has heard the answer writes again soon.
 * So a batch is complete when everybody who wrote in one of the last two is in it and waits for its commit: until then nothing
 * more is to be expected of them (Postgres has the like in commit_siblings). Else it is over with the turn of the event loop in which
 * nobody came, as long as edits come slowly; where `limits.commitEdits` come within `limits.commitMs`, a commit waits for so many, a little longer
 * than the last ones took (commit_delay).
 */
export class Gathering {
  #previous: ReadonlySet<number> = new Set();
  #current = new Set<number>();
  #missing = new Set<number>();
  #edits = 0;
  /** Of its edits, how many there were when last was looked whether to go on; one alone is no reason to. */
  #seen = 1;
  /** Not where nobody wrote lately, nor where somebody writes on without hearing the answers. */
  #canBeComplete = false;
  /** When the last `commitEdits` edits came, the oldest at `#oldest`. */
  readonly #times: number[] = [];
  #oldest = 0;
  #isPaced = false;

  /** An actor's operation is in the batch since `at`, ms since the epoch; `hasHeard`: it was made after its last one was answered. */
  add(actor: number, hasHeard: boolean, at: number): Due {
    this.#current.add(actor);
    this.#missing.delete(actor);
    this.#canBeComplete &&= hasHeard;
    this.#edits += 1;
    const paceMs = this.#pace(at);
    if (this.#canBeComplete && this.#missing.size === 0) return "now";
    if (this.#edits === 1) {
      // Who waits for an answer sends what they typed meanwhile as one: to be waited for must not end the waiting.
      const slowest = this.#isPaced ? 2 * limits.commitMs : limits.commitMs;
      this.#isPaced = paceMs >= leastWaitMs && paceMs <= slowest;
      return this.#isPaced ? Math.min(patience * paceMs, limits.commitMs) : 0;
    }
    return this.#isPaced && this.#edits === limits.commitEdits ? 0 : undefined;
  }

  /** Milliseconds that the last `commitEdits` edits took, this one among them. */
  #pace(at: number): number {
    const since = this.#times[this.#oldest] ?? Number.NEGATIVE_INFINITY;
    this.#times[this.#oldest] = at;
    this.#oldest = (this.#oldest + 1) % limits.commitEdits;
    return at - since;
  }

  /**
   * The turn of the event loop is over. Whether to wait for another: some came in this one, and others who wrote lately are missing.
   * Nobody who waits for an answer comes twice, so this ends.
   */
  goesOn(): boolean {
    if (this.#missing.size === 0 || !this.#canBeComplete || this.#edits === this.#seen) return false;
    this.#seen = this.#edits;
    return true;
  }

  /** The next batch begins. */
  begin(): void {
    this.#missing = new Set([...this.#previous, ...this.#current]);
    this.#previous = this.#current;
    this.#current = new Set();
    this.#edits = 0;
    this.#seen = 1;
    this.#canBeComplete = this.#missing.size > 0;
  }
}

/** Milliseconds: for less, the turn of the event loop does. */
const leastWaitMs = 5;

/** Of the time that the last ones took: the next take longer half of the time, and who comes too late makes a commit of their own. */
const patience = 1.25;
