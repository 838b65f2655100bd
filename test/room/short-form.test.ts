import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { longForm, shortForm } from "../../src/protocol/frame-form.ts";
import { limits } from "../../src/protocol/limits.ts";
import { FanoutHarness } from "../support/fanout-harness.ts";
import { type RecordedPeer, RoomHarness } from "../support/room-harness.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

afterEach(() => void vi.restoreAllMocks());

const hello = (clientId: string, short = true) => ({ type: "hello", client_id: clientId, short });

/** Opens a socket that is told in the short form. */
function openShort(room: RoomHarness, userId: string): RecordedPeer {
  const peer = room.open(userId);
  expect(room.ask(peer, hello(`${userId}-1`))).toMatchObject([{ type: "welcome", short: true }]);
  return peer;
}

describe("the short form", () => {
  it("is spoken to who asked for it, and the long form to everybody else", () => {
    const room = new RoomHarness();
    const [ann, ben] = [openShort(room, "ann"), room.open("ben", "ben-1")];
    expect(room.ask(ann, { submit: [1, 0, ["Hello"]] })).toEqual([{ ack: [1, 1] }]);
    expect(ben.take().slice(1)).toEqual([
      { type: "operations", from: 1, items: [{ op: ["Hello"], actor: 1, seq: 1 }] },
    ]);
    expect(room.ask(ben, { type: "submit", seq: 1, base: 1, op: [5, "!"] })).toEqual([
      { type: "ack", seq: 1, version: 2 },
    ]);
    expect(ann.take().slice(1)).toEqual([{ ops: [2, [2, 1, [5, "!"]]] }]);
  });

  it("WR-1: a submission may come in either form, from anybody; a repeat in the other is a repeat", () => {
    const room = new RoomHarness();
    const [ann, ben] = [openShort(room, "ann"), room.open("ben", "ben-1")];
    expect(room.ask(ann, { type: "submit", seq: 1, base: 0, op: ["a"] })).toEqual([{ ack: [1, 1] }]);
    expect(room.ask(ben, { submit: [1, 0, ["b"]] })).toContainEqual({ type: "ack", seq: 1, version: 2 });
    expect(room.ask(ann, { submit: [1, 0, ["a"]] })).toContainEqual({ ack: [1, 1] });
    expect(room.ask(ben, { type: "submit", seq: 1, base: 0, op: ["b"] })).toEqual([
      { type: "ack", seq: 1, version: 2 },
    ]);
    expect(room.version).toBe(2);
  });

  it("RM-2: in one commit each gets its acks in their places, in its form; in the short one by the frame that all get", () => {
    const room = new RoomHarness();
    const [ann, ben, cat] = [openShort(room, "ann"), room.open("ben", "ben-1"), openShort(room, "cat")];
    room.send(ben, { submit: [1, 0, ["b"]] });
    room.send(ann, { submit: [1, 0, ["a"]] });
    room.send(ann, { submit: [2, 0, ["A"]] });
    room.send(ben, { submit: [2, 0, ["B"]] });
    room.turn();
    const items = room.log.read(0, 4).map(({ actor, seq, operation }) => [actor, seq, operation]);
    expect(ann.take().slice(1)).toEqual([{ ops: [1, ...items] }]);
    expect(ben.take().map(({ type }) => type)).toEqual(["actors", "ack", "operations", "ack"]);
    expect(cat.take().slice(1)).toEqual([{ ops: [1, ...items] }]);
  });

  it("what is large does not come back to its author, nor what else is to be answered in between", () => {
    const large = "x".repeat(limits.echoUnits);
    for (const [own, frames] of [
      [[{ submit: [1, 0, [large]] }], [["ops"], ["ack"], ["ops"]]],
      [
        [{ submit: [1, 0, ["a"]] }, { submit: [3, 0, ["a"]] }],
        [["ops"], ["ack"], ["type", "code"], ["ops"]],
      ],
    ] as const) {
      const room = new RoomHarness();
      const [ann, ben] = [openShort(room, "ann"), openShort(room, "ben")];
      room.send(ben, { submit: [1, 0, ["b"]] });
      for (const frame of own) room.send(ann, frame);
      room.send(ben, { submit: [2, 0, ["b"]] });
      room.turn();
      const seen = ann.take().slice(1);
      expect(seen).toHaveLength(frames.length);
      for (const [at, keys] of frames.entries())
        expect(Object.keys(seen[at] ?? {})).toEqual(expect.arrayContaining([...keys]));
      // To Ben's own screen all of it comes in one.
      expect(ben.take().slice(1)).toEqual([
        { ops: [1, ...room.log.read(0, 3).map(({ actor, seq, operation }) => [actor, seq, operation])] },
      ]);
    }
  });

  it("a commit encodes an operation once in each form that somebody has, however many they are", () => {
    const room = new RoomHarness();
    const ann = openShort(room, "ann");
    const short = vi.spyOn(shortForm, "item");
    const long = vi.spyOn(longForm, "item");
    for (let n = 0; n < 5; n++) openShort(room, `short-${n}`);
    room.ask(ann, { submit: [1, 0, ["a"]] });
    expect([short.mock.calls.length, long.mock.calls.length]).toEqual([1, 0]);
    for (let n = 0; n < 5; n++) room.open(`long-${n}`, `long-${n}`);
    room.ask(ann, { submit: [2, 1, ["a"]] });
    expect([short.mock.calls.length, long.mock.calls.length]).toEqual([2, 1]);
  });

  it("ends with a hello that does not ask for it", () => {
    const room = new RoomHarness();
    const ann = openShort(room, "ann");
    const [welcome] = room.ask(ann, hello("ann-1", false));
    expect(welcome).not.toHaveProperty("short");
    expect(room.ask(ann, { submit: [1, 0, ["a"]] })).toEqual([{ type: "ack", seq: 1, version: 1 }]);
    openShort(room, "ann");
  });

  it("RM-5: is part of what a room knows of a socket when it has slept", async () => {
    const id = await newRoom();
    const [ann, ben] = [await openRoomSocket(id, grantOf("ann")), await openRoomSocket(id, grantOf("ben"))];
    await ann.ask(hello("ann-1"));
    await ben.ask({ type: "hello", client_id: "ben-1" });
    await evictDurableObject(env.ROOMS.getByName(id), { webSockets: "hibernate" });
    expect(await ann.ask({ submit: [1, 0, ["a"]] })).toEqual({ ack: [1, 1] });
    expect(await ben.ask({ submit: [1, 1, ["b"]] })).toMatchObject({ type: "actors" });
    expect((await ben.drain()).map(({ type }) => type)).toEqual(["operations", "ack"]);
    expect((await ann.drain()).at(-1)).toEqual({ ops: [2, [2, 1, ["b"]]] });
  });
});

describe("the short form behind a fan-out", () => {
  it("FO-1: a frame of the room is put into it once, for all viewers who asked, also when they come back", async () => {
    const fan = new FanoutHarness();
    const shorts = await Promise.all(["a", "b", "c"].map((name) => fan.view(name, {}, { short: true })));
    const long = await fan.view("long");
    const encoded = vi.spyOn(shortForm, "operations");
    await fan.written("x");
    for (const peer of shorts) expect(peer.take().slice(1)).toEqual([{ ops: [2, [2, 1, ["x"]]] }]);
    expect(long.take().slice(1)).toMatchObject([{ type: "operations", from: 2 }]);
    expect(encoded).toHaveBeenCalledTimes(1);
    // Fan-outs, the ones below as well, get what they always got.
    expect(fan.deliveries.flat().map((frame) => JSON.parse(frame ?? "{}").type)).toEqual([
      "actors",
      "operations",
    ]);
    expect(fan.below.at(-1)).toMatchObject({ type: "operations", from: 2 });

    fan.wake();
    await fan.written("y");
    for (const peer of shorts) expect(peer.take()).toEqual([{ ops: [3, [2, 2, ["y"]]] }]);
    expect(long.take()).toMatchObject([{ type: "operations", from: 3 }]);
  });

  it("FO-1: what was missed comes in it, too", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("short", {}, { short: true });
    const { deliver } = fan;
    fan.deliver = async () => {
      throw new Error("lost on the way");
    };
    await fan.written("x");
    fan.deliver = deliver;
    await fan.written("y");
    await fan.pass(2_000);
    const told = viewer.take().filter((frame) => frame.ops);
    expect(told.flatMap(({ ops }) => ops.slice(1)).map(([, , op]: [number, number, unknown]) => op)).toEqual([
      ["x"],
      ["y"],
    ]);
  });
});
