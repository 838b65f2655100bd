import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { closeCodes } from "../../src/protocol/close-codes.ts";
import { limits } from "../../src/protocol/limits.ts";
import { childrenOf, isNews, nextChild, parentOf } from "../../src/room/fanout-tree.ts";
import { fanoutOf, openViewer, setUpAudience, Viewer } from "../support/audience.ts";
import { Random } from "../support/ot-random.ts";

// A small tree shows what a large one does: three viewers at each fan-out, two fan-outs below each and below the room.
const { directViewers, fanoutViewers, fanoutChildren, fanoutMs, fanoutSettleMs } = limits;
beforeAll(() => {
  Object.assign(limits, { directViewers: 1, fanoutViewers: 3, fanoutChildren: 2, fanoutSettleMs: 400 });
});
afterAll(() => {
  Object.assign(limits, { directViewers, fanoutViewers, fanoutChildren, fanoutSettleMs });
});

/** Fills the levels of these numbers of fan-outs: 2, 2 + 4, 2 + 4 + 8. */
const full = (levels: number) => 3 * (2 ** (levels + 1) - 2);

const socketsAt = async (room: string, shards: number) =>
  Promise.all(
    Array.from({ length: shards }, async (_, shard) => (await fanoutOf(room, shard).stats()).sockets),
  );

describe("the numbers of fan-outs", () => {
  it("each hangs below the one that counts it among its children", () => {
    expect(childrenOf(undefined)).toEqual([0, 1]);
    expect([0, 1, 2, 3, 4, 5].map(childrenOf)).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
      [12, 13],
    ]);
    for (let shard = 0; shard < 1_000; shard++) expect(childrenOf(parentOf(shard))).toContain(shard);
  });

  it("viewers fill a level before the next, and one branch of it before the other", () => {
    const below = [0, 0];
    const order: number[] = [];
    for (let viewer = 0; viewer < full(2); viewer++) {
      const child = nextChild(below);
      below[child]! += 1;
      order.push(child);
    }
    expect(order.join("")).toBe("000111" + "000000" + "111111");
  });

  it("a count is told where it changes by much, or changes where the next viewer goes", () => {
    expect([isNews(1, 0), isNews(2, 1), isNews(2, 2), isNews(3, 2), isNews(100, 99)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(isNews(9, 8)).toBe(true);
  });
});

/** Ends an object as a crash does: its memory and its sockets are gone. */
const kill = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (_object, state) => state.abort("killed")).catch(() => {});

describe("a tree of fan-outs", () => {
  it("three levels converge; the room serves the first, and each fan-out those below it", async () => {
    const { room, stub, audience, write, expectAll } = await setUpAudience(full(3));
    const sockets = await socketsAt(room, 30);
    expect(sockets.slice(0, 6)).toEqual(Array(6).fill(3));
    expect(sockets.reduce((sum, some) => sum + some)).toBe(full(3));
    // The counts of those below are of a moment ago, so one viewer or another is led a level further down.
    expect(sockets.slice(6, 14).reduce((sum, some) => sum + some)).toBeGreaterThan(18);
    const before = await stub().stats();
    for (let edit = 0; edit < 5; edit++) await write();
    await expectAll();
    const after = await stub().stats();
    // The ack and the frame of the one direct viewer.
    expect(after.framesOut - before.framesOut).toBeLessThanOrEqual(5 * 2 + 1);
    const subscribed = (of: DurableObjectStub) =>
      runInDurableObject(of, (_object, { storage }) =>
        [...storage.kv.list({ prefix: "fanout:" })].map(([key]) => key),
      );
    expect(await subscribed(stub())).toEqual(["fanout:0", "fanout:1"]);
    expect(await subscribed(fanoutOf(room, 1))).toEqual(["fanout:4", "fanout:5"]);
    expect(audience.every(({ returns }) => returns === 0)).toBe(true);
  });

  it("tells how many are there, though no one is listed; and lets go of a tree that everybody left", async () => {
    const { stub, audience, write } = await setUpAudience(full(2) + 2);
    const here = async () => {
      const answer = await stub().attendees();
      return answer.ok && [answer.attendees.map(({ userId }) => userId), answer.audience];
    };
    await expect.poll(here).toEqual([["ann", "direct-0"], full(2) + 2]);
    for (const { socket } of audience.splice(0, 8)) socket.close();
    await expect.poll(here).toEqual([["ann", "direct-0"], full(2) + 2 - 8]);
    for (const { socket } of audience) socket.close();
    await expect.poll(here).toEqual([["ann", "direct-0"], 0]);
    await write();
    const kept = await runInDurableObject(stub(), (_room, { storage }) => [
      ...storage.kv.list({ prefix: "fanout:" }),
    ]);
    expect(kept).toEqual([]);
  });

  it("a writer's cursor reaches every leaf, and goes with the writer", async () => {
    const { audience, write, ann } = await setUpAudience(full(2));
    const version = await write();
    ann.send({ type: "presence", version, selections: [[1, 2]] });
    for (const viewer of audience) {
      const { items } = await viewer.until(({ type }) => type === "presence");
      expect(items).toMatchObject([{ user_id: "ann", selections: [[1, 2]] }]);
    }
    ann.close();
    for (const viewer of audience) {
      const { items } = await viewer.until(({ type }) => type === "presence");
      expect(items).toMatchObject([{ gone: true }]);
    }
  });

  it("a leaf's report of a differing text is kept by the room, and a flood of them is not", async () => {
    const { stub, audience } = await setUpAudience(full(2));
    const { socket } = audience.at(-1)!;
    const report = { type: "report", version: 1, hash: 7, expected: 8, operations: [{ op: ["x"] }] };
    socket.send(report);
    await expect
      .poll(() => stub().divergences())
      .toMatchObject([
        { version: 1, hash: 7, expected: 8, userId: audience.at(-1)!.name, operations: '[{"op":["x"]}]' },
      ]);
    for (let more = 0; more < 20; more++) socket.send({ ...report, version: 2 + more });
    expect(await socket.drain()).toEqual([]);
    await expect.poll(async () => (await stub().divergences()).length).toBe(limits.keptReports);
    const [newest] = await stub().divergences();
    expect(newest!.version).toBe(limits.keptReports);
  });

  it("FO-1, FO-2: sleep and death of any of them, also of the room, between frames: nobody misses or repeats a version", async () => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    const { room, stub, audience, write, expectAll } = await setUpAudience(full(3));
    const check = () =>
      expectAll().catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    for (let round = 0; round < 25; round++) {
      const what = random.int(5);
      const shard = random.int(15);
      const of = shard === 14 ? stub() : fanoutOf(room, shard);
      // Only what runs can be ended.
      await of.stats();
      if (what < 2) await evictDurableObject(of, { webSockets: "hibernate" });
      else if (what === 2) await kill(of);
      else if (what === 3) audience.splice(random.int(audience.length), 1)[0]!.socket.close();
      else audience.push(await Viewer.join(room, `late-${round}`));
      await write();
      if (random.int(3) === 0) await check();
    }
    await check();
  });

  it("AC-2: revoked, promoted, deleted: each reaches the leaves, through a fan-out that died and one that sleeps", async () => {
    const { room, stub, audience } = await setUpAudience(full(3));
    const at = (place: number) => audience[place]!;
    await evictDurableObject(fanoutOf(room, 0), { webSockets: "close" });
    await evictDurableObject(fanoutOf(room, 1), { webSockets: "hibernate" });
    // The last to come are at the deepest level.
    const [first, last] = [at(19), at(41)];
    const decidedAt = Date.now() - 1_000;
    expect(await stub().revoke({ userId: first.name }, "left")).toEqual({ sockets: 1 });
    await first.until(({ closed }) => closed === closeCodes.revoked.code);
    expect(await stub().setRole(last.name, "editor", "writes now")).toEqual({ sockets: 1 });
    expect(await last.until(({ type }) => type === "role")).toMatchObject({ role: "editor" });
    await last.until(({ closed }) => closed === closeCodes.moved.code);
    const late = await openViewer(room, first.name, { decidedAt });
    expect(await late.next()).toEqual({ closed: closeCodes.revoked.code });
    await stub().erase();
    for (const viewer of [at(18), at(25), at(40)])
      await viewer.until(({ closed }) => closed === closeCodes.deleted.code);
    for (const shard of [0, 2, 6]) {
      const left = await runInDurableObject(fanoutOf(room, shard), async (_object, { storage }) => [
        [...storage.kv.list()],
        await storage.getAlarm(),
      ]);
      expect(left).toEqual([[], null]);
    }
  });
});

describe("FO-2: what was not delivered when its bearer died", () => {
  it("a room that dies between commit and delivery: its alarm wakes it, and all have what was committed", async () => {
    const { stub, audience, write, expectAll } = await setUpAudience(full(2));
    await write();
    await expectAll();
    // A room that delivers too late.
    Object.assign(limits, { fanoutMs: 20_000 });
    await kill(stub());
    const version = await write("committed");
    Object.assign(limits, { fanoutMs });
    await kill(stub());
    // Nobody comes, nobody asks.
    await Promise.all(audience.map((viewer) => viewer.reach(version)));
    expect(audience.every(({ text }) => text.toString().startsWith("committed"))).toBe(true);
    expect(audience.every(({ returns }) => returns === 0)).toBe(true);
  });

  it("a fan-out that dies before those below have it, and that nobody comes back to", async () => {
    const { room, stub, audience, write, expectAll } = await setUpAudience(full(2));
    await write();
    await expectAll();
    for (const { socket } of audience.slice(0, 3)) {
      socket.close();
      await socket.next();
    }
    // What comes next does not come from the room.
    Object.assign(limits, { fanoutMs: 20_000 });
    await kill(stub());
    const version = await write("passed on");
    Object.assign(limits, { fanoutMs });
    const frame = { type: "operations", from: version, items: [{ op: ["passed on"], actor: 1, seq: 2 }] };
    await runInDurableObject(fanoutOf(room, 0), async (fanout, state) => {
      // It dies in the turn in which it would have passed the frame on; its writes are durable.
      // Others, in whose isolate it runs, have theirs, as those who wait for a database do.
      const { setTimeout: start } = globalThis;
      const timers = vi
        .spyOn(globalThis, "setTimeout")
        .mockImplementation(((run: () => void, ms: number) => (ms === 0 ? 0 : start(run, ms))) as never);
      await fanout.deliver([JSON.stringify(frame)]);
      await state.storage.sync();
      timers.mockRestore();
      state.abort("killed");
    }).catch(() => {});
    const below = audience.slice(6, 12);
    await Promise.all(below.map((viewer) => viewer.reach(version)));
    expect(below.every(({ seen, returns }) => returns === 0 && seen.includes("passed on"))).toBe(true);
  });

  it("RM-7: what was delivered leaves no alarm behind, and a room that wakes tells its fan-outs nothing", async () => {
    const { room, stub, write, expectAll } = await setUpAudience(full(1));
    await write();
    await expectAll();
    await new Promise((resolve) => setTimeout(resolve, 2 * limits.fanoutSettleMs));
    for (const of of [stub(), fanoutOf(room)]) {
      await runDurableObjectAlarm(of);
      // That of the tokens, when the room has announced the edits.
      await vi.waitFor(async () => {
        const alarm = await runInDurableObject(of, (_object, { storage }) => storage.getAlarm());
        expect(alarm).toBeGreaterThan(Date.now() + 60_000);
      }, 60_000);
    }
    await evictDurableObject(fanoutOf(room), { webSockets: "hibernate" });
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    await stub().read();
    await new Promise((resolve) => setTimeout(resolve, 4 * limits.fanoutMs));
    expect((await fanoutOf(room).stats()).framesOut).toBe(0);
  });
});

describe("a history that was rewritten", () => {
  const author = { userId: "ann", kind: "person" } as const;
  const redact = (room: string, version: number, to: number) =>
    env.ROOMS.getByName(room).redact({ span: { version, from: 0, to }, author });

  /** Every fan-out has let go of its viewers: who came back sooner might be led to one that has not heard yet. */
  const allRestarted = async (audience: Viewer[]) => {
    for (const viewer of audience) {
      await viewer.until(({ closed }) => closed === closeCodes.restarted.code);
    }
  };

  it("what was redacted is in no welcome any more, whoever had it in memory or on the way", async () => {
    // The room gathers for so long that what it is to hold back, it has.
    const gatherMs = 3_000;
    Object.assign(limits, { fanoutMs: gatherMs });
    onTestFinished(() => void Object.assign(limits, { fanoutMs }));
    const { room, audience, write, expectAll } = await setUpAudience(full(2));
    const leaf = audience[full(2) - 1]!;
    const before = leaf.version;
    const version = await write("SECRET");
    await expectAll();
    const writtenAt = Date.now();
    const unseen = await write("HIDDEN");
    expect(await redact(room, version, 6)).toMatchObject({ ok: true });
    expect(await redact(room, unseen, 6)).toMatchObject({ ok: true });
    const wasOnTheWay = Date.now() - writtenAt < gatherMs;
    await expectAll();
    // To those who are not the room's own.
    if (wasOnTheWay) expect(audience.filter(({ seen }) => seen.includes("HIDDEN"))).toEqual([]);
    expect(leaf.text.toString()).not.toContain("SECRET");
    // One who saw nothing of it yet, at every fan-out that there is room at.
    leaf.socket.close();
    leaf.version = before;
    const welcome = await leaf.comeBack().catch((error: unknown) => error);
    expect(JSON.stringify(welcome)).not.toMatch(/SECRET|HIDDEN/);
    for (const shard of [0, 1, 2, 5]) {
      const feed = await fanoutOf(room, shard).attach(shard * 2 + 2, { viewers: 1, since: 1 });
      expect(feed.ok).toBe(true);
      expect(JSON.stringify(feed)).not.toMatch(/SECRET|HIDDEN/);
    }
  });

  it("a storage that was put back is noticed by a fan-out that slept: its viewers begin anew", async () => {
    const { room, stub, audience, write, expectAll } = await setUpAudience(full(2));
    await write();
    await expectAll();
    for (let shard = 0; shard < 6; shard++)
      await evictDurableObject(fanoutOf(room, shard), { webSockets: "hibernate" });
    await runInDurableObject(stub(), (_room, { storage }) => {
      storage.sql.exec("UPDATE room SET epoch = 'another'");
    });
    await evictDurableObject(stub(), { webSockets: "close" });
    await write();
    await allRestarted(audience);
    for (const viewer of audience) {
      await viewer.comeBack();
      expect(viewer.epoch).toBe("another");
    }
    await write();
    await expectAll();
  });

  it("a storage that was put back to when nobody was subscribed finds its fan-outs by their numbers", async () => {
    const { room, stub, audience, write, expectAll } = await setUpAudience(full(2));
    await write();
    await expectAll();
    await runInDurableObject(stub(), (_room, { storage }) => {
      for (const [key] of storage.kv.list({ prefix: "fanout:" })) storage.kv.delete(key);
    });
    await kill(stub());
    expect(await stub().replaceEpoch()).toMatchObject({ ok: true });
    await allRestarted(audience);
    for (const viewer of audience) await viewer.comeBack();
    await write();
    await expectAll();
    // The room lost its own viewer, and the first to come took that place.
    expect((await socketsAt(room, 30)).reduce((sum, some) => sum + some)).toBe(full(2) - 1);
  });
});
