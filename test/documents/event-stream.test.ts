import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { eventStream } from "../../src/documents/event-stream.ts";
import { limits } from "../../src/protocol/limits.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

const decoder = new TextDecoder();
const tick = () => vi.advanceTimersByTime(limits.pingSeconds * 1_000);

/** A stream, and the room's end of its socket. */
function open() {
  const { 0: worker, 1: room } = new WebSocketPair();
  worker.accept();
  room.accept();
  const heard: string[] = [];
  let closed: (code: number) => void;
  const end = new Promise<number>((resolve) => {
    closed = resolve;
  });
  room.addEventListener("message", ({ data }) => heard.push(data as string));
  room.addEventListener("close", ({ code }) => closed(code));
  const reader = eventStream(worker, "hello").getReader();
  return {
    room,
    heard,
    end,
    reader,
    read: async () => decoder.decode((await reader.read()).value),
  };
}

const welcome = JSON.stringify({
  type: "welcome",
  version: 1,
  epoch: "e",
  actor: 1,
  role: "editor",
  actors: [],
  presence: [],
  horizon: 0,
  last_seq: 0,
  limits: {},
  text: "",
});
const operations = (from: number, units: number) =>
  JSON.stringify({ type: "operations", from, items: [{ op: ["x".repeat(units)], actor: 2, seq: from }] });

it("gives a sign of life every ten seconds, to who reads and to the room", async () => {
  const { heard, read, reader, room, end } = open();
  expect(await read()).toBe("retry: 1000\n\n");
  for (let time = 0; time < 3; time++) {
    tick();
    room.send("pong");
    expect(await read()).toBe(": here\n\n");
  }
  await reader.cancel();
  expect(vi.getTimerCount()).toBe(0);
  // What was sent comes before the close. To wait by `vi.waitFor` would move the clock on, and maybe to another ping.
  expect(await end).toBe(1000);
  expect(heard).toEqual(["hello", "ping", "ping", "ping"]);
});

it("FL-3: cuts off a reader for whom more waits than may, and lets go of it; one who reads gets it all", async () => {
  const slow = open();
  const units = 500_000;
  const frames = Math.ceil(limits.unreadBytes / units) + 2;
  for (let from = 1; from <= frames; from++) slow.room.send(operations(from, units));
  expect(await slow.end).toBe(1000);
  await expect(slow.reader.read()).rejects.toThrow("not read");
  expect(vi.getTimerCount()).toBe(0);

  const quick = open();
  await quick.read();
  for (let from = 1; from <= frames; from++) {
    quick.room.send(operations(from, units));
    expect(await quick.read()).toMatch(new RegExp(`^event: operations\\nid: ${from}-`));
  }
  await quick.reader.cancel();
});

it("FL-3: cuts off a reader who reads nothing of what waits, however little it is; one who reads slowly stays", async () => {
  const slow = open();
  await slow.read();
  slow.room.send(welcome);
  for (let from = 2; from < 12; from += 2) {
    slow.room.send(operations(from, 10));
    slow.room.send(operations(from + 1, 10));
    // There is always more than they read.
    for (let reads = 0; reads < 2; reads++) expect(await slow.read()).toMatch(/^(event|:)/);
    tick();
  }
  expect(await Promise.race([slow.end, Promise.resolve("open")])).toBe("open");
  await slow.reader.cancel();

  const stalled = open();
  await stalled.read();
  stalled.room.send(welcome);
  // At the second at the latest nothing was read since the first.
  tick();
  tick();
  expect(await stalled.end).toBe(1000);
  await expect(stalled.reader.read()).rejects.toThrow("not read");
  expect(vi.getTimerCount()).toBe(0);
});
