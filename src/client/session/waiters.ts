/** Promises of states that a session has yet to reach. */
export class Waiters {
  readonly #waiting = new Set<{
    reached: () => boolean;
    resolve: () => void;
    reject: (error: Error) => void;
  }>();

  /** Resolves at the first `settle` at which the state is reached. */
  wait(reached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => void this.#waiting.add({ reached, resolve, reject }));
  }

  /** Something has changed; if the session has ended, what is not reached now never will be. */
  settle(ended: string | undefined): void {
    for (const waiter of this.#waiting) {
      if (waiter.reached()) waiter.resolve();
      else if (ended !== undefined) waiter.reject(new Error(ended));
      else continue;
      this.#waiting.delete(waiter);
    }
  }
}
