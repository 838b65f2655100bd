interface Timer {
  id: number;
  at: number;
  run: () => void;
  /** Milliseconds after which it runs again. */
  every?: number;
}

/** Where chances come from. */
export interface Chances {
  /** A whole number from 0 on, below `limit`. */
  int(limit: number): number;
}

/** What the code under test takes its time and its chances from. */
const replaced = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/** The clock, the timers and the chances of a simulation: nothing in it depends on the machine. */
export class VirtualTime {
  /** Milliseconds since the epoch. */
  now = 1_800_000_000_000;
  readonly #random: Chances;
  #timers: Timer[] = [];
  #lastId = 0;

  constructor(random: Chances) {
    this.#random = random;
  }

  /** Replaces the timers, `Date.now` and `Math.random` of this process; returns what puts them back. */
  install(): () => void {
    const real = { ...globalThis, now: Date.now, random: Math.random };
    const start = (run: () => void, ms = 0, every?: number) => {
      this.#lastId += 1;
      this.#timers.push({ id: this.#lastId, at: this.now + ms, run, ...(every !== undefined && { every }) });
      return this.#lastId;
    };
    const stop = (id: unknown) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id);
    };
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms?: number) => start(run, ms),
      setInterval: (run: () => void, ms: number) => start(run, ms, ms),
      clearTimeout: stop,
      clearInterval: stop,
    });
    Date.now = () => this.now;
    Math.random = () => this.#random.int(2 ** 31) / 2 ** 31;
    return () => {
      for (const name of replaced) Object.assign(globalThis, { [name]: real[name] });
      Date.now = real.now;
      Math.random = real.random;
    };
  }

  /** The timer that is due first, up to a time. */
  #due(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= until && (!first || timer.at < first.at)) first = timer;
    return first;
  }

  /** As `pass`, but without waiting for promises where no timer is due. */
  passShortly(ms: number): Promise<void> | undefined {
    if (this.#due(this.now + ms)) return this.pass(ms);
    this.now += ms;
    return undefined;
  }

  /** Lets time pass; every timer that comes due runs at its time. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.now = Math.max(this.now, next.at);
      if (next.every === undefined) this.#timers.splice(this.#timers.indexOf(next), 1);
      else next.at += next.every;
      next.run();
      await settled();
    }
    this.now = end;
  }
}

/** What promises set off has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined;
}
