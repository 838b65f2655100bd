import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { FanoutPeer } from "../../src/room/fanout-peer.ts";
import { FanoutHarness, insertsOf } from "../support/fanout-harness.ts";

const { fanoutQueueUnits } = limits;
beforeAll(() => {
  Object.assign(limits, { fanoutQueueUnits: 2_000 });
});
afterAll(() => {
  Object.assign(limits, { fanoutQueueUnits });
});

const isLost = (fan: FanoutHarness) => fan.stored.get("fanout:0")?.fanout.lost === true;

describe("FL-3: a fan-out that is slow to answer", () => {
  it("has one delivery under way, and gets in the next what came meanwhile", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const { deliver } = fan;
    let answer = () => {};
    fan.deliver = async (frames) => {
      fan.deliver = deliver;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return deliver(frames);
    };
    for (const text of ["a", "b", "c"]) await fan.written(text);
    expect(fan.deliveries).toEqual([]);
    answer();
    await fan.settle();
    expect(fan.deliveries).toHaveLength(2);
    expect(insertsOf(viewer.take())).toEqual(["a", "b", "c"]);
  });

  it("FO-1: what waits for it is bounded: past that it fetches what it missed, and nothing is missing", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const { deliver } = fan;
    let answer = () => {};
    fan.deliver = async (frames) => {
      fan.deliver = deliver;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return deliver(frames);
    };
    for (let wrote = 0; wrote < 50; wrote++) await fan.written(`${wrote}`.padEnd(50, "."));
    answer();
    await fan.settle();
    expect(fan.deliveries.slice(1)).toEqual([undefined]);
    expect(insertsOf(viewer.take())).toHaveLength(50);
    expect(fan.relay.mirror?.version).toBe(fan.room.version);
    expect(isLost(fan)).toBe(false);
  });
});

describe("FO-2: a fan-out that does not take what it is sent", () => {
  /** Deliveries fail, until the test lets them pass. */
  async function setUpBroken() {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const { deliver } = fan;
    let tries = 0;
    fan.deliver = async () => {
      tries += 1;
      throw new Error("the fan-out is not there");
    };
    const mend = () => {
      fan.deliver = deliver;
    };
    return { fan, viewer, mend, tries: () => tries };
  }

  it("is stored as one that lost something, and tried with the next frame, at pauses that grow to half a minute", async () => {
    const { fan, viewer, mend, tries } = await setUpBroken();
    await fan.written("a");
    expect([tries(), isLost(fan)]).toEqual([1, true]);
    expect(fan.reported).toEqual([new Error("the fan-out is not there")]);
    const pauses: number[] = [];
    for (let failed = 1; failed < 9; failed++) {
      fan.write(`${failed}`);
      let waited = 0;
      for (; tries() === failed; waited += 500) await fan.pass(500);
      pauses.push(waited / 1_000);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
    mend();
    await fan.written("z");
    await fan.pass(32_000);
    expect(fan.deliveries).toEqual([undefined]);
    expect(isLost(fan)).toBe(false);
    expect(insertsOf(viewer.take()).join("")).toBe("a12345678z");
    await fan.written("!");
    expect(fan.deliveries).toHaveLength(2);
  });

  it("is asked again by the alarm, which rings until it has answered, and then no more", async () => {
    const { fan, viewer, mend } = await setUpBroken();
    await fan.written("a");
    const ring = () => fan.fanouts.run(fan.room.now);
    expect(fan.fanouts.dueAt()).toBe(fan.room.now + limits.fanoutSettleMs);
    await fan.pass(limits.fanoutSettleMs);
    expect(ring).toThrow("1 fan-outs do not answer");
    mend();
    await fan.settle();
    expect(insertsOf(viewer.take())).toEqual(["a"]);
    await fan.pass(limits.fanoutSettleMs);
    expect(ring).not.toThrow();
    expect(fan.fanouts.dueAt()).toBeUndefined();
  });

  it("has what it was not sent when a room that slept wakes", async () => {
    const { fan, mend } = await setUpBroken();
    await fan.written("a");
    expect(isLost(fan)).toBe(true);
    mend();
    const again = new FanoutHarness();
    expect(again.fanouts.isEmpty).toBe(true);
    const kept = fan.stored.get("fanout:0")!;
    const sent: unknown[] = [];
    const peer = new FanoutPeer(
      {
        deliver: async (frames) => {
          sent.push(frames);
          return { viewers: 1 };
        },
        later: (run) => run(),
        queued: () => {},
        save: (session) => sent.push(session.fanout.lost),
        gone: () => {},
        report: () => {},
      },
      kept,
    );
    peer.retry();
    await fan.settle();
    expect(sent).toEqual([undefined, false]);
    // Settled, it is not asked for nothing.
    peer.retry();
    expect(sent).toHaveLength(2);
  });
});

describe("a fan-out that is let go of", () => {
  it("is not stored any more, and nothing that was under way brings it back", async () => {
    for (const outcome of ["answers", "fails"] as const) {
      const fan = new FanoutHarness();
      const viewer = await fan.view("vic");
      let end = () => {};
      fan.deliver = async () => {
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        if (outcome === "fails") throw new Error("too late");
        return { viewers: 1 };
      };
      await fan.written("a");
      expect(fan.stored.size).toBe(1);
      fan.viewers.leave(viewer);
      expect(fan.fanouts.count(0, 0)).toEqual({ subscribed: true });
      end();
      await fan.settle();
      await fan.written("b");
      expect([...fan.stored]).toEqual([]);
      expect(fan.fanouts.count(0, 1)).toEqual({ subscribed: false });
      expect(fan.room.room.requests.attendees()).toMatchObject({ audience: 0 });
    }
  });

  it("by its answer that nobody is there; what waits for it then is not delivered", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const { deliver } = fan;
    let rounds = 0;
    fan.deliver = async (frames) => {
      rounds += 1;
      if (rounds === 1) fan.write("b");
      fan.viewers.leave(viewer);
      return deliver(frames);
    };
    await fan.written("a");
    await fan.settle();
    expect([rounds, fan.fanouts.isEmpty, fan.stored.size]).toEqual([1, true, 0]);
  });

  it("when another subscribes under its number: what it was owed, it is owed no longer", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    const sent: unknown[] = [];
    const peer = fan.fanouts.peerFor(0, 1);
    fan.deliver = async (frames) => {
      sent.push(frames);
      return { viewers: 1 };
    };
    peer.send("before");
    peer.close();
    // As any peer that is closing, it loses what it is sent.
    peer.send("after");
    peer.renew();
    peer.close();
    await fan.settle();
    expect(sent).toEqual([]);
    expect(fan.stored.size).toBe(1);
  });

  it("not by a room that is read anew, which cannot know what its viewers have: it attaches again", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const attached = fan.attached;
    fan.room.log.failNextAppend = true;
    await fan.written("lost");
    expect(fan.room.room.requests.replaceEpoch().ok).toBe(true);
    await fan.settle();
    expect(fan.attached).toBe(attached + 1);
    expect(viewer.closed).toBe(4503);
    expect(fan.stored.size).toBe(1);
  });
});
