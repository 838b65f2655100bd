import { describe, expect, it, vi } from "vitest";
import { AlarmClock } from "../../src/room/alarm-clock.ts";
import { EditAnnouncements } from "../../src/room/edit-announcements.ts";

const start = 1_800_000_000_000;

/** A room's announcements on a clock of their own, in the test's time. It has a version, and storage that survives `wake`. */
class Scene {
  now = start;
  version: number | undefined = 0;
  rows = 0;
  readonly told: { version: number; after: number }[] = [];
  readonly reported: string[] = [];
  answer: () => Promise<void> = async () => {};
  #alarm: number | null = null;
  readonly #kv = new Map<string, unknown>();
  #clock!: AlarmClock;
  announcements!: EditAnnouncements;

  constructor() {
    this.wake();
  }

  wake(): void {
    this.#clock = new AlarmClock({
      storage: {
        getAlarm: async () => this.#alarm,
        setAlarm: async (at) => {
          this.rows += 1;
          this.#alarm = Number(at);
        },
      },
      now: () => this.now,
      report: (_error, task) => this.reported.push(task ?? ""),
    });
    this.announcements = new EditAnnouncements({
      kv: {
        get: (key) => this.#kv.get(key) as never,
        put: (key, value) => {
          this.rows += 1;
          this.#kv.set(key, value);
        },
      },
      version: () => this.version,
      announce: async ({ version }) => {
        await this.answer();
        this.told.push({ version, after: this.now - start });
      },
      wakeBy: (at) => this.#clock.by(at),
    });
    this.#clock.add(this.announcements);
  }

  edit(): void {
    this.version = (this.version ?? 0) + 1;
    this.announcements.edited(this.now);
  }

  /** Lets time pass; alarms ring when they are due. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await this.#clock.settled();
      if (this.#alarm === null || this.#alarm > end) break;
      this.now = Math.max(this.now, this.#alarm);
      this.#alarm = null;
      await this.#clock.ring({ retryCount: 0 });
    }
    this.now = end;
  }
}

describe("announcements of edits", () => {
  it("EV-3: come once, some seconds after the last of several edits", async () => {
    const scene = new Scene();
    for (let edit = 0; edit < 10; edit++) {
      scene.edit();
      await scene.pass(400);
    }
    await scene.pass(600_000);
    expect(scene.told).toEqual([{ version: 10, after: 9 * 400 + 5_000 }]);
  });

  it("EV-3: come every minute while somebody writes, and cost less than a tenth of a row for an edit", async () => {
    const scene = new Scene();
    const edits = 4 * 180;
    for (let edit = 0; edit < edits; edit++) {
      scene.edit();
      await scene.pass(250);
    }
    await scene.pass(60_000);
    const times = scene.told.map(({ after }) => Math.round(after / 1_000));
    expect(times).toEqual([60, 120, 180]);
    expect(scene.told.at(-1)).toMatchObject({ version: edits });
    expect(scene.rows / edits).toBeLessThan(0.1);
  });

  it("are none for what a document has from the start, nor for an idle room", async () => {
    const scene = new Scene();
    scene.announcements.creating(() => scene.edit());
    await scene.pass(3_600_000);
    expect(scene).toMatchObject({ told: [], rows: 0 });
    scene.edit();
    await scene.pass(60_000);
    const { rows } = scene;
    await scene.pass(3_600_000);
    expect(scene).toMatchObject({ told: [{ version: 2, after: 3_605_000 }], rows });
  });

  it("EV-3: are made by a room that died before, and not again by one that died behind it", async () => {
    const scene = new Scene();
    scene.edit();
    await scene.pass(0);
    scene.wake();
    await scene.pass(60_000);
    expect(scene.told).toEqual([{ version: 1, after: 5_000 }]);
    scene.wake();
    await scene.pass(3_600_000);
    expect(scene.told).toHaveLength(1);
  });

  it("EV-3: are made again, later each time, until someone has heard; what was typed meanwhile is with them", async () => {
    const scene = new Scene();
    scene.answer = async () => {
      throw new Error("D1 is down");
    };
    scene.edit();
    await scene.pass(30_000);
    scene.edit();
    await scene.pass(3_000);
    expect(scene.reported).toEqual(Array(3).fill("edit announcements"));
    scene.answer = async () => {};
    await scene.pass(60_000);
    expect(scene.told).toEqual([{ version: 2, after: expect.any(Number) }]);
  });

  it("EV-3: of a room that died before one, and failed on waking, wait as those of any edit do", async () => {
    const scene = new Scene();
    scene.edit();
    scene.wake();
    const down = async () => {
      throw new Error("D1 is down");
    };
    scene.answer = down;
    await expect(scene.announcements.run(scene.now)).rejects.toThrow("D1 is down");
    expect(scene.announcements.dueAt()).toBeGreaterThan(scene.now);
    scene.answer = async () => {};
    await scene.pass(60_000);
    expect(scene.told).toMatchObject([{ version: 1 }]);
  });

  it("are not made of a document that is gone when the alarm rings", async () => {
    const scene = new Scene();
    scene.edit();
    scene.version = undefined;
    await scene.pass(60_000);
    expect([scene.told, scene.reported]).toEqual([[], []]);
  });

  it("cost no more while nobody hears them, however long people write on", async () => {
    const scene = new Scene();
    scene.answer = async () => {
      throw new Error("D1 is down");
    };
    const edits = 4 * 600;
    for (let edit = 0; edit < edits; edit++) {
      scene.edit();
      await scene.pass(250);
    }
    expect(scene.rows / edits).toBeLessThan(0.1);
    expect(scene.reported.length).toBeLessThan(20);
    expect(scene.reported.length).toBeGreaterThan(5);
  });

  it("are made again of an edit that came while one was made", async () => {
    const scene = new Scene();
    scene.answer = async () => {
      scene.answer = async () => {};
      scene.edit();
    };
    scene.edit();
    await scene.pass(60_000);
    expect(scene.told).toEqual([
      { version: 1, after: 5_000 },
      { version: 2, after: 10_000 },
    ]);
  });

  it("leave no trace in a room that was erased meanwhile", async () => {
    const scene = new Scene();
    scene.edit();
    scene.answer = async () => {
      scene.version = undefined;
      scene.rows = 0;
    };
    await scene.pass(3_600_000);
    expect(scene).toMatchObject({ rows: 0, reported: [] });
  });

  it("hold up the room's other tasks for five seconds at most", async () => {
    const scene = new Scene();
    scene.edit();
    scene.answer = () => new Promise(() => {});
    scene.now += 5_000;
    let run: Promise<void>;
    // Within one turn: others, in whose isolate this is, must not come by these timers.
    vi.useFakeTimers();
    try {
      run = scene.announcements.run(scene.now);
      vi.advanceTimersByTime(4_999);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    await expect(run).rejects.toThrow("too long");
  });

  it("leave no timer behind when they were heard", async () => {
    const scene = new Scene();
    scene.edit();
    const timers = vi.spyOn(globalThis, "setTimeout");
    const stopped = vi.spyOn(globalThis, "clearTimeout");
    const run = scene.announcements.run(scene.now);
    const [timer] = timers.mock.results.splice(0);
    await run;
    const ids = stopped.mock.calls.map(([id]) => id);
    vi.restoreAllMocks();
    expect(ids).toContain(timer!.value);
  });
});
