/** How fast something may happen: `perSecond` for good, `burst` at once after a rest. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Of a token: what sums of fractions may be off by. */
const rounding = 1e-6;

/**
 * A token bucket. It starts full, and has no clock: every call brings the time, in milliseconds.
 *
 * Law: over any span of time, what `take` lets pass is at most `burst` + `perSecond` × span (+ one cost, if that is
 * larger than `burst`).
 */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Takes `cost` tokens and returns 0, or takes none and returns in how many milliseconds they will be there. */
  take(cost: number, now: number): number {
    this.#refill(now);
    // What costs more than the bucket holds may pass when it is full; the rest is owed.
    const missing = Math.min(cost, this.#rate.burst) - this.#tokens;
    if (missing > rounding) return Math.ceil(((missing - rounding) / this.#rate.perSecond) * 1_000);
    this.#tokens -= cost;
    return 0;
  }

  /** Takes `cost` tokens although they may not be there: they are owed. Returns how many are owed in all. */
  owe(cost: number, now: number): number {
    this.#refill(now);
    this.#tokens -= cost;
    return Math.max(0, -this.#tokens);
  }

  /** Whether it is as if nothing had ever been taken. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#rate.burst;
  }

  /** A clock that goes backwards gives nothing and takes nothing. */
  #refill(now: number): void {
    const { perSecond, burst } = this.#rate;
    const gained = (Math.max(0, now - this.#at) / 1_000) * perSecond;
    this.#tokens = Math.min(burst, this.#tokens + gained);
    this.#at = now;
  }
}
