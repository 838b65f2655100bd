import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const submit = (seq: number, base: number, op: unknown) => ({ type: "submit", seq, base, op });
const { burst, perSecond } = limits.socketRate;

/** Uses up what the socket may send, by frames that are ignored. */
function exhaust(room: RoomHarness, peer: ReturnType<RoomHarness["open"]>): void {
  for (let n = 0; n < burst; n++) room.send(peer, '{"type":"x"}');
}

describe("frames that come too fast", () => {
  it("FL-1: a submission is put off without effect, and accepted when it comes again, once", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    exhaust(room, ann);
    const [slow, ...rest] = room.ask(ann, submit(1, 0, ["a"]));
    expect(slow).toEqual({ type: "slow_down", seq: 1, retry_ms: expect.any(Number) });
    expect([rest, room.version]).toEqual([[], 0]);
    room.now += slow.retry_ms;
    expect(room.ask(ann, submit(1, 0, ["a"]))).toEqual([{ type: "ack", seq: 1, version: 1 }]);
    expect(room.text).toBe("a");
  });

  it("FL-1: what was sent behind it waits for it, so that nothing is skipped", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    exhaust(room, ann);
    room.send(ann, submit(1, 0, ["a"]));
    room.now += 1_000;
    room.send(ann, submit(2, 0, ["b"]));
    room.turn();
    expect(ann.take()).toMatchObject([
      { type: "slow_down", seq: 1 },
      { type: "slow_down", seq: 2 },
    ]);
    expect(room.ask(ann, submit(1, 0, ["a"]))).toMatchObject([{ type: "ack", seq: 1 }]);
    expect(room.ask(ann, submit(2, 1, ["b"]))).toMatchObject([{ type: "ack", seq: 2 }]);
  });

  it("FL-1: a hello, the seed's frame and a bad one are answered in their own form, presence not at all", () => {
    const room = new RoomHarness();
    const ann = room.open("ann");
    exhaust(room, ann);
    const retry_ms = expect.any(Number);
    expect(room.ask(ann, { type: "hello", client_id: "a" })).toEqual([{ type: "slow_down", retry_ms }]);
    const seed = { success: false, code: "slow_down", retryable: true, retry_ms };
    expect(room.ask(ann, { op_type: "insert", position: 0, content: "s" })).toMatchObject([seed]);
    expect(room.ask(ann, { op_type: "turn" })).toMatchObject([seed]);
    expect(room.ask(ann, "not JSON")).toEqual([{ type: "slow_down", retry_ms }]);
    expect(room.ask(ann, { type: "presence", version: 0, selections: [] })).toEqual([]);
    expect(room.version).toBe(0);
  });

  it("FL-1: all sockets of a person together have a limit, another person's are not touched by it", () => {
    const room = new RoomHarness();
    const [one, two, three] = ["1", "2", "3"].map((id) => room.open("ann", `ann-${id}`)) as [
      ReturnType<RoomHarness["open"]>,
      ReturnType<RoomHarness["open"]>,
      ReturnType<RoomHarness["open"]>,
    ];
    const ben = room.open("ben", "ben-1");
    exhaust(room, one);
    exhaust(room, two);
    expect(room.ask(three, submit(1, 0, ["a"]))).toMatchObject([{ type: "slow_down", seq: 1 }]);
    // To come back does not help.
    room.room.leave(three);
    const back = room.open("ann");
    expect(room.ask(back, { type: "hello", client_id: "ann-4" })).toMatchObject([{ type: "slow_down" }]);
    expect(room.ask(ben, submit(1, 0, ["b"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
  });

  it("FL-1: what a person does by hand, and a replay with one operation in flight, is never slowed", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    // The largest document, pasted at once, in the largest pieces.
    const pieces = limits.textUnits / limits.insertUnits;
    for (let seq = 1; seq <= pieces; seq++) {
      const answers = room.ask(ann, submit(seq, seq - 1, ["x".repeat(limits.insertUnits)]));
      expect(answers).toEqual([{ type: "ack", seq, version: seq }]);
    }
    // 100,000 operations at eight a millisecond, which is more than a round trip on one machine allows.
    const ben = room.open("ben", "ben-1");
    for (let seq = 1; seq <= 100_000; seq++) {
      if (seq % 8 === 0) room.now += 1;
      room.send(ben, submit(seq, pieces + seq - 1, [-1]));
    }
    room.turn();
    const usual = new Set(["ack", "operations", "actors", "check"]);
    expect(ben.take().every(({ type }) => usual.has(type))).toBe(true);
    expect(room.text).toHaveLength(limits.textUnits - 100_000);
  });

  it("FL-2: who does not heed slow_down is closed, and who does never is", () => {
    const room = new RoomHarness();
    const [deaf, ben] = [room.open("deaf", "d"), room.open("ben", "ben-1")];
    exhaust(room, deaf);
    for (let n = 0; n < limits.abuseFactor * burst - 10; n++) room.send(deaf, '{"type":"x"}');
    expect(deaf.closed).toBeUndefined();
    for (let n = 0; n < 20; n++) room.send(deaf, '{"type":"x"}');
    expect(deaf.closed).toBe(4429);
    expect(room.ask(ben, submit(1, 0, ["b"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });

    const good = room.open("good", "g");
    exhaust(room, good);
    for (let n = 0; n < 10 * perSecond; n++) {
      const [slow] = room.ask(good, { op_type: "delete", position: 0 });
      if (slow?.retry_ms) room.now += slow.retry_ms;
    }
    expect(good.closed).toBeUndefined();
  });
});

describe("readers that are too slow", () => {
  it("FL-3: one for whom too much waits is closed with 4408, the others get everything", () => {
    const room = new RoomHarness("text");
    const [slow, ben] = [room.open("slow", "s"), room.open("ben", "ben-1")];
    slow.bufferedBytes = limits.unreadBytes;
    room.ask(ben, submit(1, 1, ["a"]));
    expect(slow.closed).toBeUndefined();
    slow.bufferedBytes += 100_000;
    ben.bufferedBytes = 0;
    expect(room.ask(ben, submit(2, 2, ["b"]))).toEqual([{ type: "ack", seq: 2, version: 3 }]);
    expect(slow.closed).toBe(4408);
    slow.take();
    room.ask(ben, submit(3, 3, ["c"]));
    expect(slow.take()).toEqual([]);
  });

  it("FL-3: a welcome that is as large as the document may wait on top of that", () => {
    const room = new RoomHarness("\u4e00".repeat(2_000_000));
    const [slow, ben] = [room.open("slow", "s"), room.open("ben", "ben-1")];
    slow.bufferedBytes = 6_000_000 + limits.unreadBytes;
    room.ask(ben, submit(1, 1, ["a"]));
    expect(slow.closed).toBeUndefined();
  });

  it("FL-3: where the runtime cannot tell, a socket that gives no sign of life is closed, one that pings is not", async () => {
    const id = await newRoom();
    const [silent, pinging, ben] = (await Promise.all(
      ["silent", "pinging", "ben"].map((user) => openRoomSocket(id, grantOf(user))),
    )) as [
      Awaited<ReturnType<typeof openRoomSocket>>,
      Awaited<ReturnType<typeof openRoomSocket>>,
      Awaited<ReturnType<typeof openRoomSocket>>,
    ];
    for (const [index, socket] of [silent, pinging, ben].entries()) {
      await socket.ask({ type: "hello", client_id: `c-${index}` });
    }
    const piece = "x".repeat(limits.insertUnits);
    let [version, seq] = [0, 0];
    for (let sent = 0; sent < limits.unprovenUnits + 2 * piece.length; sent += piece.length) {
      for (const op of version === 0 ? [[piece]] : [[-piece.length], [piece]]) {
        seq += 1;
        let answer = await ben.ask({ ...submit(seq, version, op) });
        if (answer.type === "check") answer = await ben.next();
        expect(answer).toMatchObject({ type: "ack", seq });
        version += 1;
      }
      pinging.send("ping");
    }
    let frame = await silent.next();
    while (frame.closed === undefined) frame = await silent.next();
    expect(frame).toEqual({ closed: 4408 });
    expect((await pinging.drain()).at(-1)).not.toHaveProperty("closed");
  });
});
