import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hostileSetup,
  hostileShortFrames,
  hostileFrames as longHostileFrames,
  oddClientIds,
} from "../../scripts/conformance/hostile-frames.ts";
import { limits } from "../../src/protocol/limits.ts";
import { fanoutOf, openViewer } from "../support/audience.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { announced, grantOf, newRoom, openRoomSocket, type TestSocket } from "../support/socket.ts";

const hostileFrames = [...longHostileFrames, ...hostileShortFrames];

/** Rows of the room's tables, and bytes of its storage. */
const stored = (room: string) =>
  runInDurableObject(env.ROOMS.getByName(room), (_room, { storage: { sql } }) => ({
    rows: sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => [name, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n]),
    bytes: sql.databaseSize,
  }));

describe("RM-6: the hostile corpus", () => {
  let room: string;
  let bystander: TestSocket;
  let hostile: TestSocket;

  beforeAll(async () => {
    room = await newRoom(hostileSetup.content);
    bystander = await openRoomSocket(room, grantOf("bystander"));
    await bystander.ask({ type: "hello", client_id: "bystander-1" });
    hostile = await openRoomSocket(room, grantOf("ann"));
    await hostile.ask({ type: "hello", client_id: "ann-1" });
    expect(await hostile.ask(hostileSetup.submit)).toEqual({ type: "ack", seq: 1, version: 2 });
    await bystander.drain();
    // Or it would be stored five seconds later, amid the frames, that the edit was announced.
    await announced(env.ROOMS.getByName(room));
  });

  it("holds 300 frames and more, each under its own name", () => {
    expect(hostileFrames.length).toBeGreaterThanOrEqual(300);
    expect(new Set(hostileFrames.map(({ name }) => name)).size).toBe(hostileFrames.length);
  });

  it("each frame gets its expected answer; nothing is stored, nobody else hears of it, the room goes on", async () => {
    const before = await stored(room);
    for (const { name, frame, answer } of hostileFrames) {
      if (answer === "ignored") {
        hostile.send(frame);
        expect(await hostile.drain(), name).toEqual([]);
      } else if (answer === "ack") {
        expect(await hostile.ask(frame), name).toEqual({ type: "ack", seq: 1, version: 2 });
      } else {
        const got = await hostile.ask(frame);
        expect(got, name).toMatchObject({ type: "error", code: answer, retryable: false });
        const isSeed = typeof frame === "string" && frame.includes("op_type") && !frame.includes('"type"');
        if (isSeed && answer !== "invalid_frame") expect(got.success, name).toBe(false);
      }
    }
    expect(await bystander.drain()).toEqual([]);
    expect(await stored(room)).toEqual(before);
    expect(await env.ROOMS.getByName(room).read()).toEqual({
      ok: true,
      version: hostileSetup.version,
      content: hostileSetup.text,
    });

    expect(await hostile.ask({ type: "submit", seq: 2, base: 2, op: ["> "] })).toMatchObject({
      type: "ack",
      version: 3,
    });
    // Who Ann is, is told once more by a room that has slept.
    expect(await bystander.drain()).toMatchObject([{ type: "actors" }, { type: "operations", from: 3 }]);
  });

  it("names that objects have by themselves are client ids like any other", async () => {
    const odd = await newRoom("text");
    const numbers = new Set<number>();
    for (const client_id of oddClientIds) {
      const socket = await openRoomSocket(odd);
      const welcome = await socket.ask({ type: "hello", client_id });
      expect(welcome, client_id).toMatchObject({ type: "welcome", version: 1, text: "text", last_seq: 0 });
      numbers.add(welcome.actor);
    }
    expect(numbers.size).toBe(oddClientIds.length);
  });
});

describe("RM-6: the hostile corpus of a viewer", () => {
  const { directViewers } = limits;
  afterAll(() => {
    Object.assign(limits, { directViewers });
  });

  it("a fan-out gives the answers that the room gives, and goes on for the others", async () => {
    const room = await newRoom(hostileSetup.text);
    const open = async (name: string) => {
      const socket = await openViewer(room, name);
      expect(await socket.ask({ type: "hello", client_id: `${name}-1` })).toMatchObject({ type: "welcome" });
      return socket;
    };
    const direct = await open("ann");
    Object.assign(limits, { directViewers: 0 });
    const bystander = await open("bystander");
    const behind = await open("ann");
    expect((await fanoutOf(room).stats()).sockets).toBe(2);
    for (const { name, frame, answer } of longHostileFrames) {
      for (const socket of [direct, behind]) socket.send(frame);
      if (answer !== "ignored") {
        const [given, same] = await Promise.all([direct.next(), behind.next()]);
        expect(given, name).toMatchObject({ type: "error", retryable: false });
        expect(same, name).toEqual(given);
      }
      expect(await Promise.all([direct.drain(), behind.drain()]), name).toEqual([[], []]);
    }
    expect(await bystander.drain()).toEqual([]);
    const writer = await openRoomSocket(room, grantOf("writer"));
    await writer.ask({ type: "hello", client_id: "writer-1" });
    await writer.ask({ type: "submit", seq: 1, base: 1, op: ["> "] });
    expect(await bystander.next()).toMatchObject({ type: "actors" });
    expect(await bystander.next()).toMatchObject({ type: "operations", from: 2 });
  });
});

describe("RM-6: floods, on the room without a runtime", () => {
  it("10,000 tiny frames get an answer each, and a hello after them the text", () => {
    const room = new RoomHarness("text");
    const peer = room.open("ann");
    for (let n = 0; n < 10_000; n++) room.send(peer, "{}");
    expect(peer.take()).toHaveLength(10_000);
    expect(room.ask(peer, { type: "hello", client_id: "ann-1" })).toMatchObject([
      { type: "welcome", text: "text" },
    ]);
    expect(room.scheduled).toBe(0);
  });

  it("10,000 hellos under other names leave no more behind than one", () => {
    const room = new RoomHarness("text");
    const peer = room.open("ann");
    for (let n = 0; n < 10_000; n++) room.send(peer, { type: "hello", client_id: `ann-${n}` });
    peer.take();
    // A name that was given up has no number any more: it gets a new one.
    const [again] = room.ask(peer, { type: "hello", client_id: "ann-0" });
    expect(again.actor).toBe(10_002);
    expect(room.version).toBe(1);
  });
});
