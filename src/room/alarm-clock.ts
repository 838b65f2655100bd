/** Something that a room does at a time, not in answer to a frame. */
export interface AlarmTask {
  /** For the report of its failure. */
  name: string;
  /**
   * When there is next something to do, milliseconds since the epoch; undefined if there is nothing. To be told from
   * what survives an eviction (storage, socket attachments): it is asked again whenever the room woke.
   */
  dueAt(): number | undefined;
  /** Does what is due. Idempotent: it may run twice, and again after a run that died half way. */
  run(now: number): void | Promise<void>;
}

/** Of a Durable Object's storage, what the clock uses. */
export type AlarmStorage = Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;

export interface AlarmClockPorts {
  storage: AlarmStorage;
  /** Milliseconds since the epoch. */
  now(): number;
  /** An error that stopped one task (or the storing of the alarm, which has no name), for the operator. */
  report(error: unknown, task?: string): void;
}

/** Milliseconds between two alarms at least: a task that is due at once, always, must not become a loop. */
const shortest = 1_000;

/** Milliseconds until a task that threw is run again; doubled for each time, up to the longest. */
const retry = { first: 5_000, longest: 3_600_000 };

/** Milliseconds ahead from which on a time is never: the platform refuses alarms after the year 275,760. */
const furthest = 200 * 366 * 24 * 3_600_000;

/** How often the platform runs an alarm that throws again, at most six times: before the last, another is set. */
const lastRetries = 5;

/**
 * The many due times of a room, on the one alarm that a Durable Object has. Only the earliest is stored; what it is for
 * is found out when it rings, by asking every task. So nothing needs to be cancelled: an alarm that comes too early
 * finds nothing due. A due time costs a written row (`setAlarm`) only if it is earlier than the one that stands.
 */
export class AlarmClock {
  readonly #ports: AlarmClockPorts;
  readonly #tasks: AlarmTask[] = [];
  readonly #failures = new Map<AlarmTask, number>();
  /** The earliest time asked for since the last alarm. */
  #wanted = Number.POSITIVE_INFINITY;
  /** The alarm that is stored; unknown until it is first needed after the object woke. */
  #stored: number | undefined;
  /** The writes to storage, one after the other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: AlarmClockPorts) {
    this.#ports = ports;
  }

  add(task: AlarmTask): void {
    this.#tasks.push(task);
  }

  /**
   * To be called when a task's due time may have become an earlier one: the alarm rings at `at` or before. Cheap enough for
   * every operation, it waits for nothing, and it never throws.
   */
  by(at: number): void {
    if (at >= this.#wanted || at - this.#ports.now() > furthest) return;
    this.#wanted = at;
    this.#writing = this.#writing.then(() => this.#store());
  }

  /** What was asked for is stored. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** The object's storage, and its alarm with it, was deleted. */
  reset(): void {
    this.#wanted = Number.POSITIVE_INFINITY;
    this.#stored = undefined;
  }

  /** The alarm rings: whatever is due runs, and the alarm is set to what is due next. A throw stops nothing but its task. */
  async ring({ retryCount }: { retryCount: number }): Promise<void> {
    this.#wanted = Number.POSITIVE_INFINITY;
    this.#stored = undefined;
    // Runs that die as a whole (out of CPU or memory) do not get to the end of this function.
    if (retryCount >= lastRetries) {
      this.by(this.#ports.now() + retry.longest);
      await this.settled();
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const task of this.#tasks) {
      earliest = Math.min(earliest, (await this.#run(task)) ?? Number.POSITIVE_INFINITY);
    }
    this.by(earliest);
    await this.settled();
  }

  /** When the task wants to run again. */
  async #run(task: AlarmTask): Promise<number | undefined> {
    const now = this.#ports.now();
    try {
      const due = task.dueAt();
      if (due !== undefined && due <= now) await task.run(now);
      this.#failures.delete(task);
      const next = task.dueAt();
      return next === undefined ? undefined : Math.max(next, now + shortest);
    } catch (error) {
      const failures = (this.#failures.get(task) ?? 0) + 1;
      this.#failures.set(task, failures);
      this.#ports.report(error, task.name);
      return now + Math.min(retry.first * 2 ** (failures - 1), retry.longest);
    }
  }

  async #store(): Promise<void> {
    const at = this.#wanted;
    try {
      this.#stored ??= (await this.#ports.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
      if (at >= this.#stored) return;
      // What is due since ever (0) is due now: the platform takes no time that is not after the epoch.
      await this.#ports.storage.setAlarm(Math.max(at, this.#ports.now()));
      this.#stored = at;
    } catch (error) {
      // The next that asks tries again.
      this.#wanted = Number.POSITIVE_INFINITY;
      this.#ports.report(error);
    }
  }
}
