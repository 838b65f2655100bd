/** What an isolate asks of D1 at most. Here and not with the other limits, as this folder imports nothing. */
export const d1Limits = {
  /**
   * Calls under way at once. The database works on one at a time: at a round trip of 30 ms this is 1,600 calls a second, and more would
   * wait there, where nobody sees them.
   */
  inFlight: 50,
  /** Calls that wait for a place: half a second's work, and whoever comes then hears sooner that it is too much. */
  queued: 500,
  /** Milliseconds that a call waits for a place: after them the database is not slow, but too small. */
  waitMs: 10_000,
  /** Milliseconds for a call that has its place, the platform's own repetitions of reads included. With the wait before it, it is still sooner than a client gives up. */
  deadlineMs: 10_000,
} as const;

type D1Limits = Record<keyof typeof d1Limits, number>;

/** Upper ends, in seconds, of the classes in which latencies are counted. */
export const d1Classes = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** How D1 is used by this isolate, since it began. The names are those of a connection pool, which D1 has none of. */
export interface D1Stats {
  limit: number;
  inFlight: number;
  queued: number;
  /** Milliseconds that the call has waited that waits longest at this moment. */
  longestWaitMs: number;
  /** Calls that had to wait for a place, and the milliseconds that they waited in all. */
  waitCount: number;
  waitMs: number;
  /** Calls by what became of them. */
  outcomes: Record<D1Outcome, number>;
  /** Calls that were answered, by `d1Classes`, the last class being all beyond; and the seconds that they took in all. */
  latencies: readonly number[];
  latencySeconds: number;
}

type D1Outcome = "ok" | "error" | "timeout" | "refused";

/** A call of D1 had no answer in time. */
export class DatabaseTimeout extends Error {
  override readonly name = "DatabaseTimeout";
  /** Whether it may have changed something all the same: that no answer came does not mean that nothing was done. */
  readonly mayHaveHappened: boolean;

  constructor(deadlineMs: number, mayHaveHappened: boolean) {
    super(`D1 did not answer within ${deadlineMs} ms`);
    this.mayHaveHappened = mayHaveHappened;
  }
}

/** A call of D1 was not made, as too many are under way. */
export class DatabaseBusy extends Error {
  override readonly name = "DatabaseBusy";

  constructor() {
    super("too many calls of D1 are under way");
  }
}

/** A call under way. It counts until its deadline at the latest: a request that is cut off never tells that it has ended. */
interface Place {
  until: number;
}

interface Waiting {
  since: number;
  /** When it looks again whether it is its turn; long after that, its request was cut off. */
  looksAgain: number;
}

/** Milliseconds after its time from which on somebody who waits is taken to be gone. */
const goneMs = 1_000;

/** Lets calls through, so many at once and each until its deadline, and counts them. */
export class D1Gate {
  readonly #limits: D1Limits;
  readonly #places = new Set<Place>();
  readonly #queue = new Set<Waiting>();
  readonly #outcomes: Record<D1Outcome, number> = { ok: 0, error: 0, timeout: 0, refused: 0 };
  readonly #latencies: number[] = Array.from({ length: d1Classes.length + 1 }, () => 0);
  #latencyMs = 0;
  #waitCount = 0;
  #waitMs = 0;

  constructor(limits: D1Limits) {
    this.#limits = limits;
  }

  stats(now: number): D1Stats {
    this.#clear(now);
    // In the order in which they came.
    const [longest] = this.#queue;
    return {
      limit: this.#limits.inFlight,
      inFlight: this.#places.size,
      queued: this.#queue.size,
      longestWaitMs: longest ? now - longest.since : 0,
      waitCount: this.#waitCount,
      waitMs: this.#waitMs,
      outcomes: { ...this.#outcomes },
      latencies: [...this.#latencies],
      latencySeconds: this.#latencyMs / 1_000,
    };
  }

  /**
   * Makes a call when there is a place for it. `writes`: whether it may change something. Throws DatabaseBusy, when it was not made;
   * DatabaseTimeout, when it was and has no answer at the deadline.
   */
  async pass<T>(call: () => Promise<T>, writes: boolean): Promise<T> {
    const place = await this.#enter(Date.now());
    const began = Date.now();
    const { deadlineMs } = this.#limits;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DatabaseTimeout(deadlineMs, writes)), deadlineMs);
    });
    try {
      const answer = await Promise.race([call(), late]);
      this.#count("ok", Date.now() - began);
      return answer;
    } catch (error) {
      if (error instanceof DatabaseTimeout) this.#outcomes.timeout += 1;
      else this.#count("error", Date.now() - began);
      throw error;
    } finally {
      clearTimeout(timer);
      this.#places.delete(place);
    }
  }

  #count(outcome: "ok" | "error", ms: number): void {
    this.#outcomes[outcome] += 1;
    this.#latencyMs += ms;
    const found = d1Classes.findIndex((end) => ms <= end * 1_000);
    const index = found === -1 ? d1Classes.length : found;
    this.#latencies[index] = (this.#latencies[index] ?? 0) + 1;
  }

  /**
   * A place, at once or in turn. Each who waits looks for itself, as a request may not wake another: the platform binds promises to
   * the request that made them.
   */
  async #enter(came: number): Promise<Place> {
    this.#clear(came);
    if (this.#queue.size === 0 && this.#places.size < this.#limits.inFlight) return this.#take(came);
    if (this.#queue.size >= this.#limits.queued) return this.#refuse();
    const waiting: Waiting = { since: came, looksAgain: came };
    this.#queue.add(waiting);
    this.#waitCount += 1;
    let now = came;
    try {
      for (let ahead = this.#queue.size - 1; now - came < this.#limits.waitMs; ahead = this.#ahead(waiting)) {
        // Who stands further back looks less often.
        const pause = Math.min(5 + Math.floor(ahead / 5), came + this.#limits.waitMs - now);
        waiting.looksAgain = now + pause;
        await new Promise((resolve) => setTimeout(resolve, pause));
        now = Date.now();
        this.#clear(now);
        if (this.#ahead(waiting) < this.#limits.inFlight - this.#places.size) return this.#take(now);
      }
      return this.#refuse();
    } finally {
      this.#queue.delete(waiting);
      this.#waitMs += now - came;
    }
  }

  /** How many have waited longer. */
  #ahead(waiting: Waiting): number {
    let ahead = 0;
    for (const one of this.#queue) {
      if (one === waiting) break;
      ahead += 1;
    }
    return ahead;
  }

  #refuse(): never {
    this.#outcomes.refused += 1;
    throw new DatabaseBusy();
  }

  /** Forgets those whose request was cut off, so that they never told. */
  #clear(now: number): void {
    for (const place of this.#places) if (place.until <= now) this.#places.delete(place);
    for (const waiting of this.#queue) if (waiting.looksAgain + goneMs <= now) this.#queue.delete(waiting);
  }

  #take(now: number): Place {
    const place = { until: now + this.#limits.deadlineMs };
    this.#places.add(place);
    return place;
  }
}

/** The one of this isolate. */
export const d1Gate = new D1Gate(d1Limits);
