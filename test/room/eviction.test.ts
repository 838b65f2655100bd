import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Frame, grantOf, newRoom, openRoomSocket, type TestSocket } from "../support/socket.ts";

/** A session of three writers, as it was recorded: who sends which frame. Every frame is answered before the next. */
const recorded: [writer: string, frame: object][] = [
  ["ann", { type: "submit", seq: 1, base: 0, op: ["Hello world"] }],
  ["ben", { type: "submit", seq: 1, base: 0, op: ["> "] }],
  ["ann", { type: "submit", seq: 2, base: 1, op: [5, " brave"] }],
  ["cem", { type: "submit", seq: 1, base: 2, op: [-2] }],
  ["cem", { type: "submit", seq: 1, base: 2, op: [-2] }],
  ["ben", { type: "submit", seq: 2, base: 2, op: [13, "!", -3] }],
  ["ben", { type: "submit", seq: 2, base: 2, op: [7, -6] }],
  ["ann", { type: "submit", seq: 9, base: 2, op: ["gap"] }],
  ["ann", { type: "submit", seq: 3, base: 99, op: ["ahead"] }],
  ["ann", { type: "submit", seq: 3, base: 3, op: [2, "\u{1f600}"] }],
  ["cem", { type: "submit", seq: 2, base: 6, op: [3, "x"] }],
  ["ann", { type: "submit", seq: 2, base: 1, op: [5, " brave"] }],
  ["seed", { op_type: "insert", position: 1_000, content: "." }],
  ["seed", { op_type: "delete", position: 0, length: 1 }],
  ["cem", { type: "submit", seq: 2, base: 6, op: [-1] }],
  ["ben", { type: "submit", seq: 3, base: 0, op: ["late"] }],
];

const writers = ["ann", "ben", "cem", "seed"];

interface Transcript {
  answers: Frame[];
  text: string;
  version: number;
}

/** Plays the session with something between every two frames; gives each frame's answer, and where the room ended. */
async function play(
  between: (room: string, sockets: Map<string, TestSocket>) => Promise<void>,
): Promise<Transcript & { streams: Frame[][] }> {
  const room = await newRoom();
  const sockets = new Map<string, TestSocket>();
  for (const writer of writers) {
    const socket = await openRoomSocket(room, grantOf(writer));
    sockets.set(writer, socket);
    if (writer !== "seed") await socket.ask({ type: "hello", client_id: `${writer}-1` });
  }
  const answers: Frame[] = [];
  const streams: Frame[][] = writers.map(() => []);
  for (const [writer, frame] of recorded) {
    await between(room, sockets);
    const socket = sockets.get(writer) as TestSocket;
    socket.send(frame);
    for (;;) {
      const answer = await socket.next();
      if (answer.type === "operations" || answer.type === "actors") continue;
      answers.push(answer);
      break;
    }
    for (const [index, name] of writers.entries()) {
      if (name !== "seed") streams[index]?.push(...(await (sockets.get(name) as TestSocket).drain()));
    }
  }
  const end = await env.ROOMS.getByName(room).read();
  if (!end.ok) throw new Error(end.code);
  return { answers, text: end.content, version: end.version, streams };
}

const operationsOf = (stream: Frame[]) => stream.filter(({ type }) => type === "operations");

describe("RM-5: memory is a cache", () => {
  it("eviction between every two frames, sockets kept: the same transcript, and everybody hears the same", async () => {
    const undisturbed = await play(async () => {});
    const evicted = await play(async (room) => {
      await evictDurableObject(env.ROOMS.getByName(room), { webSockets: "hibernate" });
    });
    expect(evicted.answers).toEqual(undisturbed.answers);
    expect(evicted.text).toBe(undisturbed.text);
    expect(evicted.version).toBe(undisturbed.version);
    expect(evicted.streams.map(operationsOf)).toEqual(undisturbed.streams.map(operationsOf));
    const refusals = undisturbed.answers.filter(({ type }) => type === "error").map(({ code }) => code);
    expect(refusals).toEqual(["out_of_range", "seq_gap", "base_ahead", "splits_surrogate", "seq_reused"]);
    expect(undisturbed.version).toBe(9);
  });

  it("eviction between every two frames, sockets cut: who comes back and resumes gets the same transcript", async () => {
    const undisturbed = await play(async () => {});
    const cut = await play(async (room, sockets) => {
      await evictDurableObject(env.ROOMS.getByName(room), { webSockets: "close" });
      for (const writer of writers) {
        const socket = await openRoomSocket(room, grantOf(writer));
        if (writer !== "seed") {
          const welcome = await socket.ask({
            type: "hello",
            client_id: `${writer}-1`,
            since: 0,
            last_seq: 0,
          });
          expect(welcome.operations.items).toHaveLength(welcome.version);
        }
        sockets.set(writer, socket);
      }
    });
    expect(cut.answers).toEqual(undisturbed.answers);
    expect(cut.text).toBe(undisturbed.text);
    expect(cut.version).toBe(undisturbed.version);
  });

  it("RM-3, RM-5: after a snapshot and an eviction, exactly-once still holds for writers before and after it", async () => {
    const room = await newRoom();
    const ann = await openRoomSocket(room, grantOf("ann"));
    const ben = await openRoomSocket(room, grantOf("ben"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    await ann.ask({ type: "submit", seq: 1, base: 0, op: ["before"] });
    await ben.drain();
    const big = "x".repeat(100_000);
    await ben.ask({ type: "submit", seq: 1, base: 1, op: [big] });
    await evictDurableObject(env.ROOMS.getByName(room), { webSockets: "hibernate" });
    await ann.drain();
    expect(await ann.ask({ type: "submit", seq: 1, base: 0, op: ["before"] })).toEqual({
      type: "ack",
      seq: 1,
      version: 1,
    });
    expect(await ben.ask({ type: "submit", seq: 1, base: 1, op: [big] })).toEqual({
      type: "ack",
      seq: 1,
      version: 2,
    });
    const read = await env.ROOMS.getByName(room).read();
    expect(read).toMatchObject({ version: 2, content: `${big}before` });
  });
});
