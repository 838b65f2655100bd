/**
 * Decides when a batch has gathered enough. People at work on one document wait for each other's frames: whoever wrote lately
 * and has heard the answer writes again soon. So a batch is complete when everybody who wrote in one of the last two is in
 * it and waits for its commit: until then nothing more is to be expected of them. What remains is up to the turn of the event loop.
 * (Postgres has the like in commit_siblings.)
 */
export class Gathering {
  #previous: ReadonlySet<number> = new Set();
  #current = new Set<number>();
  #missing = new Set<number>();
  /** Not where nobody wrote lately, nor where somebody writes on without hearing the answers. */
  #canBeComplete = false;

  /** An actor's operation is in the batch; `waits`: it was made after its last one was answered. Whether the batch is complete. */
  add(actor: number, waits: boolean): boolean {
    this.#current.add(actor);
    this.#missing.delete(actor);
    this.#canBeComplete &&= waits;
    return this.#canBeComplete && this.#missing.size === 0;
  }

  /** The next batch begins. */
  begin(): void {
    this.#missing = new Set([...this.#previous, ...this.#current]);
    this.#previous = this.#current;
    this.#current = new Set();
    this.#canBeComplete = this.#missing.size > 0;
  }
}
