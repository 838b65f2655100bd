import { describe, expect, it } from "vitest";
import { RoomHarness } from "../support/room-harness.ts";

const submit = (seq: number, base: number, op: unknown) => ({ type: "submit", seq, base, op });

describe("hello and welcome", () => {
  it("a newcomer gets the text, its number, the limits and the horizon", () => {
    const room = new RoomHarness("text");
    const ann = room.open("ann");
    expect(room.ask(ann, { type: "hello", client_id: "ann-1" })).toEqual([
      {
        type: "welcome",
        protocol: "materi.v1",
        version: 1,
        epoch: expect.any(String),
        text: "text",
        hash: 771877002165677,
        role: "owner",
        actor: 2,
        actors: [{ actor: 1, user_id: "creator", kind: "person" }],
        presence: [],
        last_seq: 0,
        horizon: 0,
        expires_at: 2_000,
        limits: {
          frame_units: 1_048_576,
          insert_units: 131_072,
          operation_parts: 10_000,
          transform_parts: 2_097_152,
          text_units: 4_194_304,
          selections: 16,
          presence_lag: 4_096,
          presence_ms: 50,
          ping_seconds: 10,
          silence_seconds: 30,
          token_units: 1_024,
          tokens_per_second: 10_000,
          tokens_burst: 50_000,
        },
      },
    ]);
  });

  it("who comes back gets what it missed, its own accepted operations among it: a lost ack was a yes", () => {
    const room = new RoomHarness(
      "a text that is longer than the operations which came after it, by far; or it would be sent",
    );
    const ann = room.open("ann", "ann-1");
    const ben = room.open("ben", "ben-1");
    room.ask(ann, submit(1, 1, ["A"]));
    room.ask(ben, submit(1, 2, ["B"]));
    room.room.leave(ann);
    const back = room.open("ann");
    const [welcome] = room.ask(back, { type: "hello", client_id: "ann-1", since: 1, last_seq: 1 });
    expect(welcome).toMatchObject({
      version: 3,
      actor: 2,
      last_seq: 1,
      operations: {
        from: 2,
        items: [
          { op: ["A"], actor: 2, seq: 1 },
          { op: ["B"], actor: 3, seq: 1 },
        ],
      },
    });
    expect(welcome.text).toBeUndefined();
  });

  it("the smaller is sent: the text where it is shorter, unless something is in flight", () => {
    const room = new RoomHarness("short");
    const ann = room.open("ann", "ann-1");
    for (const seq of [1, 2, 3]) room.ask(ann, submit(seq, seq, ["x"]));
    const ben = room.open("ben");
    expect(room.ask(ben, { type: "hello", client_id: "b", since: 1 })[0]).toMatchObject({
      text: "xxxshort",
      version: 4,
    });
    const inFlight = room.ask(ben, { type: "hello", client_id: "b", since: 1, last_seq: 1 })[0];
    expect(inFlight.text).toBeUndefined();
    expect(inFlight.operations.items).toHaveLength(3);
  });

  it("RM-6: what a frame cannot carry is not sent, and not read either: the text comes, also if something is in flight", () => {
    const room = new RoomHarness("text");
    const ann = room.open("ann", "ann-1");
    const big = "x".repeat(131_072);
    for (let seq = 1; seq < 140; seq += 2) {
      room.ask(ann, submit(seq, seq, [big]));
      room.ask(ann, submit(seq + 1, seq + 1, [-big.length]));
    }
    const hello = { type: "hello", client_id: "ann-1", last_seq: 140 };
    const [late] = room.ask(ann, { ...hello, since: 1 });
    expect([late.version, late.text, late.operations]).toEqual([141, "text", undefined]);
    const [later] = room.ask(ann, { ...hello, since: 100 });
    expect(later.operations.items).toHaveLength(41);
  });

  it("a client that misses nothing gets an empty list; one from the future gets the text", () => {
    const room = new RoomHarness("text");
    const ann = room.open("ann");
    expect(room.ask(ann, { type: "hello", client_id: "a", since: 1 })[0]).toMatchObject({
      version: 1,
      operations: { from: 2, items: [] },
    });
    expect(room.ask(ann, { type: "hello", client_id: "a", since: 99, last_seq: 3 })[0]).toMatchObject({
      version: 1,
      text: "text",
    });
  });

  it("a client from another epoch gets the text: its versions are of other storage", () => {
    const room = new RoomHarness(
      "a text that is longer than what came after it, so that it would not be sent",
    );
    const ann = room.open("ann");
    const [{ epoch }] = room.ask(ann, { type: "hello", client_id: "a" });
    const [same] = room.ask(ann, { type: "hello", client_id: "a", since: 1, epoch });
    expect(same).toMatchObject({ epoch, operations: { from: 2, items: [] } });
    const [other] = room.ask(ann, { type: "hello", client_id: "a", since: 1, epoch: "before", last_seq: 1 });
    expect(other).toMatchObject({ epoch, version: 1, text: room.text });
    expect(room.ask(ann, { type: "hello", client_id: "a", epoch: 5 })[0]).toMatchObject({
      code: "invalid_frame",
    });
  });

  it("a newcomer's number is told before the first frame that bears it, once", () => {
    const room = new RoomHarness();
    const reader = room.open("reader", "r");
    const ann = room.open("ann", "ann-1");
    room.ask(ann, submit(1, 0, ["a"]));
    expect(reader.take()).toEqual([
      { type: "actors", actors: [{ actor: 2, user_id: "ann", kind: "person" }] },
      { type: "operations", from: 1, items: [{ op: ["a"], actor: 2, seq: 1 }] },
    ]);
    room.ask(ann, submit(2, 1, ["b"]));
    expect(reader.take()).toMatchObject([{ type: "operations" }]);
  });

  it("RM-5: a number that was given but never stored stays its socket's when the room slept", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.hibernate();
    const ben = room.open("ben");
    expect(room.ask(ben, { type: "hello", client_id: "ben-1" })[0]).toMatchObject({ actor: 2 });
    expect(ann.session.actor?.actor).toBe(1);
    room.ask(ann, submit(1, 0, ["a"]));
    expect(ben.take()[0]).toEqual({ type: "actors", actors: [{ actor: 1, user_id: "ann", kind: "person" }] });
  });

  it("WR-2: who never said hello gets the answers to its own frames alone", () => {
    const room = new RoomHarness();
    const silent = room.open("silent");
    const seed = room.open("seed");
    const ann = room.open("ann", "ann-1");
    room.send(ann, submit(1, 0, ["a"]));
    expect(room.ask(seed, { op_type: "Insert", position: 9, content: "s" })).toEqual([
      { success: true, version: 2 },
    ]);
    room.ask(ann, submit(2, 2, ["b"]));
    expect(silent.take()).toEqual([]);
    expect(seed.take()).toEqual([]);
    expect(room.text).toBe("bas");
  });

  it("answers keep the order of a socket's frames, refusals among them", () => {
    const room = new RoomHarness();
    const seed = room.open("seed");
    room.send(seed, { op_type: "insert", position: 0, content: "a" });
    room.send(seed, { op_type: "frobnicate", position: 0 });
    room.send(seed, { op_type: "insert", position: 1, content: "b" });
    room.turn();
    expect(seed.take()).toMatchObject([
      { success: true, version: 1 },
      { success: false, code: "invalid_operation" },
      { success: true, version: 2 },
    ]);
  });

  it("WR-1: unknown frame types and fields are ignored", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    expect(room.ask(ann, { type: "from_the_future", x: 1 })).toEqual([]);
    expect(room.ask(ann, { ...submit(1, 0, ["a"]), trace: "x" })).toContainEqual({
      type: "ack",
      seq: 1,
      version: 1,
    });
  });

  it("a socket whose token has ended is closed, and nothing of its frame happens", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.now = 2_000_000;
    room.ask(ann, submit(1, 0, ["a"]));
    expect(ann.closed).toBe(4401);
    expect(room.version).toBe(0);
  });

  it("a deleted document's sockets are closed", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.room.end();
    expect(ann.closed).toBe(4410);
  });
});
