import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AlarmClock, type AlarmStorage, type AlarmTask } from "../../src/room/alarm-clock.ts";

const hour = 3_600_000;

/** A clock on the real storage of an object, at a time that the test sets; it counts what it writes. */
class ClockHarness {
  // Far ahead, so that no alarm of a test rings by itself.
  now = Date.now() + 24 * hour;
  written: number[] = [];
  readonly reported: string[] = [];
  readonly storage: AlarmStorage;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.storage = {
      getAlarm: () => storage.getAlarm(),
      setAlarm: (at) => {
        this.written.push(Number(at) - this.now);
        return storage.setAlarm(at);
      },
    };
  }

  /** As the object makes it when it wakes. */
  wake(...tasks: AlarmTask[]): AlarmClock {
    const clock = new AlarmClock({
      storage: this.storage,
      now: () => this.now,
      report: (error, task) => this.reported.push(`${task}: ${error}`),
    });
    for (const task of tasks) clock.add(task);
    return clock;
  }

  /** As the platform does it: an alarm that rings is not set any more. */
  async ring(clock: AlarmClock, retryCount = 0): Promise<void> {
    await this.#storage.deleteAlarm();
    await clock.ring({ retryCount });
  }

  /** The alarms written since the last look, as milliseconds from now. */
  takeWritten(): number[] {
    return this.written.splice(0);
  }
}

/** A task that is due at a time and then, once run, at none, or at the next of `more`. */
function task(name: string, due: number | undefined, more: number[] = []) {
  return {
    name,
    runs: 0,
    due,
    dueAt() {
      return this.due;
    },
    run() {
      this.runs += 1;
      this.due = more.shift();
    },
  };
}

function clockTest(title: string, test: (harness: ClockHarness) => Promise<void>): void {
  it(title, async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, async (_room, { storage }) => {
      await test(new ClockHarness(storage));
      await storage.deleteAlarm();
    });
  });
}

describe("alarm clock", () => {
  clockTest(
    "a time that the platform takes for no alarm is never, and nothing to report",
    async (harness) => {
      const clock = harness.wake(task("never", 8_640_000_000_000_000));
      clock.by(8_640_000_000_000_000);
      await harness.ring(clock);
      await clock.settled();
      expect(harness.takeWritten()).toEqual([]);
      expect(harness.reported).toEqual([]);
    },
  );

  clockTest("only an earlier time writes the alarm, also after the object woke anew", async (harness) => {
    const { now } = harness;
    const clock = harness.wake();
    for (let operation = 0; operation < 100; operation++) clock.by(now + 500 + operation);
    await clock.settled();
    expect(harness.takeWritten()).toEqual([500]);
    const woken = harness.wake();
    for (const later of [900, 500, 400, 700]) woken.by(now + later);
    await woken.settled();
    expect(harness.takeWritten()).toEqual([400]);
  });

  clockTest("what is due since ever rings now", async (harness) => {
    const clock = harness.wake();
    clock.by(0);
    await clock.settled();
    expect(harness.reported).toEqual([]);
    expect(harness.takeWritten()).toEqual([0]);
  });

  clockTest("one alarm serves several due times, each at its own", async (harness) => {
    const { now } = harness;
    const early = task("early", now);
    const late = task("late", now + 10_000);
    const never = task("never", undefined);
    const clock = harness.wake(early, late, never);
    await harness.ring(clock);
    expect([early.runs, late.runs, never.runs]).toEqual([1, 0, 0]);
    expect(harness.takeWritten()).toEqual([10_000]);
    harness.now += 10_000;
    await harness.ring(clock);
    expect([early.runs, late.runs, never.runs]).toEqual([1, 1, 0]);
    expect(harness.takeWritten()).toEqual([]);
  });

  clockTest("an alarm too early, or doubled, runs nothing and is set again", async (harness) => {
    const only = task("only", harness.now + 5_000);
    const clock = harness.wake(only);
    await harness.ring(clock);
    await harness.ring(clock, 1);
    expect(only.runs).toBe(0);
    expect(harness.takeWritten()).toEqual([5_000, 5_000]);
  });

  clockTest("a task that throws is reported and retried ever later; the others run", async (harness) => {
    const broken: AlarmTask = {
      name: "broken",
      dueAt: () => 0,
      run: () => {
        throw new Error("no");
      },
    };
    const good = task("good", 0);
    const clock = harness.wake(broken, good);
    for (let ring = 0; ring < 4; ring++) await harness.ring(clock);
    expect(good.runs).toBe(1);
    expect(harness.reported).toEqual(Array(4).fill("broken: Error: no"));
    expect(harness.takeWritten()).toEqual([5_000, 10_000, 20_000, 40_000]);
  });

  clockTest("a task that is always due does not make a loop", async (harness) => {
    const greedy: AlarmTask = { name: "greedy", dueAt: () => 0, run: () => {} };
    await harness.ring(harness.wake(greedy));
    expect(harness.takeWritten()).toEqual([1_000]);
  });

  for (const retryCount of [0, 1, 4, 5, 6]) {
    clockTest(
      `a run that dies whole, retry ${retryCount}: an alarm stands before the platform gives up`,
      async (harness) => {
        let during: number | null = null;
        const { storage } = harness;
        const dying: AlarmTask = {
          name: "dying",
          dueAt: () => 0,
          run: async () => {
            during = await storage.getAlarm();
          },
        };
        await harness.ring(harness.wake(dying), retryCount);
        expect(during).toBe(retryCount < 5 ? null : harness.now + hour);
      },
    );
  }

  it("the room answers its alarm, sets none of its own, and erasing it deletes the alarm", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await stub.create({ content: "text", author: { userId: "ann", kind: "person" } });
    const alarm = () => runInDurableObject(stub, (_room, { storage }) => storage.getAlarm());
    await runInDurableObject(stub, (_room, { storage }) => storage.setAlarm(Date.now() + hour));
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await alarm()).toBeNull();
    await runInDurableObject(stub, (_room, { storage }) => storage.setAlarm(Date.now() + hour));
    await stub.erase();
    expect(await alarm()).toBeNull();
  });
});
