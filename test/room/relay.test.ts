import { describe, expect, it } from "vitest";
import { Text } from "../../src/ot/text.ts";
import { FanoutHarness, insertsOf } from "../support/fanout-harness.ts";
import type { Frame } from "../support/socket.ts";

/** A fan-out with a viewer, whose deliveries the test makes by itself: in `way`, in the order in which they were sent. */
async function setUpWay() {
  const fan = new FanoutHarness();
  const viewer = await fan.view("vic");
  const way: (string[] | undefined)[] = [];
  const { deliver } = fan;
  fan.deliver = async (frames) => {
    way.push(frames);
    return { viewers: 1 };
  };
  const arrive = async (place: number) => {
    await fan.relay.deliver(way[place]);
    await fan.settle();
  };
  return { fan, viewer, way, arrive, deliver };
}

describe("FO-1: what a fan-out passes on", () => {
  it("every version once and in order, though deliveries come late, twice or overlap", async () => {
    const { fan, viewer, way, arrive } = await setUpWay();
    for (const text of ["a", "b", "c", "d"]) await fan.written(text);
    expect(way).toHaveLength(4);
    await arrive(0);
    expect(insertsOf(viewer.take())).toEqual(["a"]);
    // It does not follow on "a": what is missing is fetched, and more than that.
    await arrive(2);
    expect(insertsOf(viewer.take())).toEqual(["b", "c", "d"]);
    for (const late of [1, 2, 3, 0]) await arrive(late);
    // Who the actors are may be told twice.
    expect(viewer.take().filter(({ type }) => type !== "actors")).toEqual([]);

    for (const text of ["e", "f"]) await fan.written(text);
    const [e, f] = [4, 5].map((place) => JSON.parse(way[place]!.at(-1)!));
    await arrive(4);
    await fan.relay.deliver([JSON.stringify({ ...e, items: [...e.items, ...f.items] })]);
    expect(viewer.take().filter(({ type }) => type === "operations")).toEqual([e, f]);
    expect(fan.relay.mirror?.hash()).toBe(Text.from(fan.room.text).hash());
  });

  it("a frame of another version than the viewers': of before, it is left out; of after, what is missing comes first", async () => {
    const { fan, viewer, way, arrive } = await setUpWay();
    const show = (place: number) => {
      fan.room.send(fan.ann, {
        type: "presence",
        version: fan.room.version,
        selections: [[place, place]],
      });
      fan.room.pass(50);
    };
    show(1);
    await fan.settle();
    await fan.written("a");
    show(2);
    await fan.settle();
    const shown = way.map((frames) => frames!.map((frame) => JSON.parse(frame).type));
    const [first, second] = [0, way.length - 1];
    expect([shown[first], shown[second]].map((types) => types!.at(-1))).toEqual(["presence", "presence"]);
    await arrive(second);
    const fetched = viewer.take();
    expect(fetched.map(({ type }) => type)).toEqual(["actors", "operations", "presence"]);
    expect(fetched.at(-1)).toMatchObject({ version: 2, items: [{ user_id: "ann", selections: [[2, 2]] }] });
    await arrive(first);
    expect(viewer.take()).toEqual([]);
  });

  it("who is gone by the time that what was lost is fetched is shown no longer", async () => {
    const { fan, viewer, arrive, way } = await setUpWay();
    fan.room.send(fan.ann, { type: "presence", version: 1, selections: [[1, 1]] });
    fan.room.pass(50);
    await fan.settle();
    await arrive(way.length - 1);
    expect(viewer.take().at(-1)).toMatchObject({ type: "presence", items: [{ user_id: "ann" }] });
    fan.room.room.leave(fan.ann);
    await fan.relay.deliver(undefined);
    expect(viewer.take().at(-1)).toMatchObject({ type: "presence", items: [{ gone: true }] });
    expect([...fan.relay.mirror!.presence]).toEqual([]);
  });

  it("OT-8: a copy that differs from the room's text is reported, and handed to nobody", async () => {
    const { fan, way } = await setUpWay();
    await fan.written("a");
    await fan.relay.deliver(way[0]!.map((frame) => frame.replace('"a"', '"b"')));
    const hash = Text.from(fan.room.text).hash();
    await fan.relay.deliver([JSON.stringify({ type: "check", version: 2, hash })]);
    expect(fan.reported).toEqual([new Error("the copy differs from the room's text at version 2")]);
    expect(fan.below.at(-1)).toEqual({ type: "check", version: 2, hash });
    const late = await fan.join("late");
    expect(await fan.ask(late, { type: "hello", client_id: "l" })).toMatchObject([
      { type: "welcome", text: "atext", hash },
    ]);
    await fan.relay.deliver([JSON.stringify({ type: "check", version: 2, hash })]);
    expect(fan.reported).toHaveLength(1);
  });

  it("RM-7: after a sleep, frames pass without the text; it is fetched for the next hello, and nobody else is told anything", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    // Of those who were told where they are, one is told again and again, and the newest counts.
    const other = await fan.view("wes");
    await fan.written("0");
    expect([viewer, other].map(({ session }) => session.relayed?.version)).toEqual([2, 1]);
    viewer.take();
    fan.wake();
    const attached = fan.attached;
    await fan.written("a");
    fan.room.send(fan.ann, { type: "presence", version: 3, selections: [[1, 1]] });
    fan.room.pass(50);
    const hash = Text.from(fan.room.text).hash();
    await fan.settle();
    await fan.relay.deliver([JSON.stringify({ type: "check", version: 3, hash })]);
    expect(viewer.take().map(({ type }) => type)).toEqual(["operations", "presence", "check"]);
    expect([fan.attached, fan.relay.mirror]).toEqual([attached, undefined]);
    const late = await fan.join("late");
    expect(await fan.ask(late, { type: "hello", client_id: "l" })).toMatchObject([{ text: "a0text" }]);
    expect(fan.attached).toBe(attached + 1);
    expect(viewer.take()).toEqual([]);
  });

  it("whose own viewers never said hello passes everything to those below, who see to the order", async () => {
    const fan = new FanoutHarness();
    await fan.join("silent");
    fan.wake();
    fan.below.length = 0;
    const frame = { type: "operations", from: 9, items: [{ op: ["x"], actor: 1, seq: 1 }] };
    const check = { type: "check", version: 9, hash: 1 };
    await fan.relay.deliver([frame, check].map((each) => JSON.stringify(each)));
    expect(fan.below).toEqual([frame, check]);
    // What it fetches then need not follow on that.
    await fan.relay.attach();
    expect(fan.below.at(-1)).toBe("renew");
  });

  it("a storage that was put back begins anew: viewers come back, whatever the versions", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    expect(fan.room.room.requests.replaceEpoch()).toMatchObject({ ok: true, version: 1 });
    await fan.settle();
    expect(fan.deliveries.at(-1)).toBeUndefined();
    expect(viewer.closed).toBe(4503);
    expect(fan.viewers.size).toBe(0);
  });
});

describe("the text that a fan-out follows", () => {
  it("PR-2: positions that are shown go with it: a late viewer gets them where they are by now", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    const bea = fan.room.open("bea", "bea-1");
    fan.room.send(bea, { type: "presence", version: 1, selections: [[2, 2]] });
    fan.room.send(fan.ann, { type: "presence", version: 1, selections: [[0, 0]] });
    fan.room.pass(50);
    await fan.settle();
    await fan.written("abc");
    const { attached } = fan;
    const late = await fan.join("late");
    const [{ presence }] = await fan.ask(late, { type: "hello", client_id: "l" });
    // One's own insert takes one's cursor with it.
    expect(presence.map(({ selections }: Frame) => selections)).toEqual([[[5, 5]], [[3, 3]]]);
    expect(fan.attached).toBe(attached);
  });

  it("keeps at least the newest 4,096 operations, and not many more", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    const { mirror } = fan.relay;
    const insert = { op: ["x"], actor: 2, seq: 1 };
    for (let wrote = 0; wrote < 20_000; wrote += 100) mirror!.apply(Array(100).fill(insert));
    expect(mirror!.version).toBe(20_001);
    expect(mirror!.since(20_001 - 4_096)).toHaveLength(4_096);
    expect(mirror!.since(20_001)).toEqual([]);
    for (const version of [20_001 - 8_193, 20_002]) expect(mirror!.since(version)).toBeUndefined();
  });
});

describe("subscribing", () => {
  it("one is enough for all who say hello at the same time, and another where it cannot tell what one asks for", async () => {
    const fan = new FanoutHarness();
    const first = await fan.view("first");
    await fan.written("a");
    fan.relay.forget();
    const attached = fan.attached;
    const [second, third] = [await fan.join("second"), await fan.join("third")];
    fan.relay.forget();
    const { attach } = fan;
    let answer = () => {};
    fan.attach = async (since) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return attach(since);
    };
    for (const peer of [second, third]) {
      fan.send(peer, { type: "hello", client_id: "c" });
      await fan.settle();
    }
    answer();
    await fan.settle();
    fan.attach = attach;
    expect([second, third].map((peer) => peer.take()[0].text)).toEqual(["atext", "atext"]);
    // The first of the two to join had it fetched, and so had the first of the two to say hello.
    expect(fan.attached).toBe(attached + 2);
    expect(insertsOf(first.take())).toEqual(["a"]);

    const known = await fan.relay.copySince(2);
    expect(await fan.relay.copySince(undefined)).toBe(known);
    expect(fan.attached).toBe(attached + 2);
    expect((await fan.relay.copySince(1))?.since(1)).toHaveLength(1);
    expect(fan.attached).toBe(attached + 3);
  });

  it("one that is under way may begin later than another needs, which then gets its own", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    await fan.written("a");
    fan.relay.forget();
    const { attach } = fan;
    const answers: (() => void)[] = [];
    fan.attach = async (since) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return attach(since);
    };
    const copies = [fan.relay.copySince(2), fan.relay.copySince(1)];
    for (let asked = 0; asked < 2; asked++) {
      await fan.settle();
      answers[asked]?.();
    }
    await Promise.all(copies);
    expect(fan.relay.mirror?.since(1)).toHaveLength(1);
  });

  it("what was answered before the history was rewritten is asked for again", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    await fan.written("SECRET");
    const { attach } = fan;
    let answers = 0;
    fan.attach = async (since) => {
      const answer = await attach(since);
      answers += 1;
      if (answers === 1) {
        const author = { userId: "ann", kind: "person" } as const;
        fan.room.room.requests.redact({ span: { version: 2, from: 0, to: 6 }, author });
        fan.relay.forget();
      }
      return answer;
    };
    fan.relay.forget();
    const late = await fan.join("late");
    expect(JSON.stringify(await fan.ask(late, { type: "hello", client_id: "l" }))).not.toContain("SECRET");
    expect(answers).toBe(2);
    expect(late.session.actor).toBeDefined();
    expect(viewer.closed).toBeUndefined();
  });

  it("RM-8: a room that cannot be read is reported, and a hello is to be said again", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    fan.wake();
    fan.room.hibernate();
    fan.room.log.failLoad = true;
    const late = await fan.join("late");
    expect(fan.reported).toEqual([new Error("a fan-out was refused: unavailable")]);
    expect(await fan.ask(late, { type: "hello", client_id: "l" })).toMatchObject([
      { type: "error", code: "unavailable", retryable: true },
    ]);
    expect(viewer.closed).toBeUndefined();
    fan.room.log.failLoad = false;
    expect(await fan.ask(late, { type: "hello", client_id: "l" })).toMatchObject([{ text: "text" }]);
  });

  it("FL-1: one that subscribes again and again waits as everybody does, and leaves nothing behind", async () => {
    const fan = new FanoutHarness("x".repeat(1_000_000));
    await fan.view("vic");
    let answer = await fan.attach(undefined);
    for (let more = 0; answer.ok && more < 1_000; more++) answer = await fan.attach(undefined);
    expect(answer).toMatchObject({ ok: false, code: "unavailable" });
    expect(fan.room.room.requests.attendees()).toMatchObject({ audience: 1 });
    await fan.pass(60_000);
    expect(await fan.attach(undefined)).toMatchObject({ ok: true });
  });

  it("whose document is gone closes everybody with 4410", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const late = await fan.join("late");
    fan.attach = async () => ({ ok: false, code: "not_found", detail: "there is no such document" });
    await fan.relay.deliver(undefined);
    expect([viewer.closed, late.closed]).toEqual([4410, 4410]);
    expect([fan.relay.head, fan.relay.mirror]).toEqual([undefined, undefined]);
  });
});
