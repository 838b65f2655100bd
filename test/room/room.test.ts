import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { type RecordedPeer, RoomHarness } from "../support/room-harness.ts";
import type { Frame } from "../support/socket.ts";

const submit = (seq: number, base: number, op: unknown) => ({ type: "submit", seq, base, op });
const types = (frames: Frame[]) => frames.map(({ type }) => type);

describe("version line", () => {
  it("RM-1: every accepted operation takes exactly one version, whoever writes and by which door", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    const seed = room.open("ben");
    expect(room.ask(ann, submit(1, 0, ["Hello"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
    expect(room.ask(seed, { op_type: "insert", position: 5, content: "!" })).toEqual([
      { success: true, version: 2 },
    ]);
    expect(
      room.room.requests.replaceContent({ content: "Hello you!", author: { userId: "c", kind: "program" } }),
    ).toEqual({
      ok: true,
      version: 3,
    });
    expect(room.text).toBe("Hello you!");
  });

  it("RM-1: an operation of which transforming leaves nothing takes its version all the same", () => {
    const room = new RoomHarness("abc");
    const ann = room.open("ann", "ann-1");
    const ben = room.open("ben", "ben-1");
    room.ask(ann, submit(1, 1, [-3]));
    ben.take();
    expect(room.ask(ben, submit(1, 1, [-3]))).toContainEqual({ type: "ack", seq: 1, version: 3 });
    expect(ann.take()).toContainEqual({ type: "operations", from: 3, items: [{ op: [], actor: 3, seq: 1 }] });
    expect(room.version).toBe(3);
  });

  it("OT-3: of two inserts at one place the one accepted first stands first, in the room and at the others", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    const ben = room.open("ben", "ben-1");
    room.send(ann, submit(1, 0, ["A"]));
    room.send(ben, submit(1, 0, ["B"]));
    room.turn();
    expect(room.text).toBe("AB");
    expect(ann.take().at(-1)).toMatchObject({ type: "operations", from: 2, items: [{ op: [1, "B"] }] });
  });

  it("REST content is one change of what differs; equal content is none; a wrong If-Match changes nothing", () => {
    const room = new RoomHarness("one two three");
    const ann = room.open("ann", "ann-1");
    const author = { userId: "c", kind: "person" } as const;
    expect(room.room.requests.replaceContent({ content: "one 2 three", author })).toEqual({
      ok: true,
      version: 2,
    });
    expect(ann.take().at(-1)).toMatchObject({ items: [{ op: [4, "2", -3] }] });
    expect(room.room.requests.replaceContent({ content: "one 2 three", author })).toEqual({
      ok: true,
      version: 2,
    });
    expect(room.room.requests.replaceContent({ content: "x", author, ifVersion: 1 })).toMatchObject({
      ok: false,
      code: "precondition_failed",
    });
    expect(room.text).toBe("one 2 three");
  });
});

describe("commit", () => {
  it("RM-2: nobody is told of a version before its commit", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    const ben = room.open("ben", "ben-1");
    const seed = room.open("cem");
    const seen: number[] = [];
    room.log.onAppend = () => seen.push(ann.frames.length + ben.frames.length + seed.frames.length);
    room.send(ann, submit(1, 0, ["a"]));
    room.send(seed, { op_type: "insert", position: 0, content: "s" });
    // A resend before the commit, a welcome and a read must not tell of it either.
    room.send(ann, submit(1, 0, ["a"]));
    room.send(ben, submit(1, 0, ["b"]));
    const late = room.open("dan");
    room.send(late, { type: "hello", client_id: "dan-1" });
    expect(late.take()[0]).toMatchObject({ type: "welcome", text: "sab", version: 3 });
    expect(seen).toEqual([0, expect.any(Number)]);
    expect(room.log.appends).toBe(2);
  });

  it("group commit: all of one turn is one commit, and one frame for each socket that did not write", () => {
    const room = new RoomHarness();
    const writers = [1, 2, 3].map((n) => room.open(`u${n}`, `c-${n}`));
    const reader = room.open("reader", "reader-1");
    for (const writer of writers) room.send(writer, submit(1, 0, ["x"]));
    expect(reader.frames).toEqual([]);
    room.turn();
    expect(room.log.appends).toBe(1);
    expect(types(reader.take())).toEqual(["actors", "operations"]);
  });

  it("group commit: when all who wrote lately wait for it, nothing is waited for", () => {
    const room = new RoomHarness();
    const [ann, ben] = [room.open("ann", "ann-1"), room.open("ben", "ben-1")];
    room.send(ann, submit(1, 0, ["a"]));
    room.send(ben, submit(1, 0, ["b"]));
    expect(room.log.appends).toBe(0);
    room.turn();
    expect(room.log.appends).toBe(1);
    room.send(ben, submit(2, 2, ["b"]));
    expect(room.log.appends).toBe(1);
    room.send(ann, submit(2, 2, ["a"]));
    expect(room.log.appends).toBe(2);
    // Whoever did not hear the last answer may be about to send more.
    room.send(ann, submit(3, 4, ["a"]));
    room.send(ben, submit(3, 2, ["b"]));
    expect(room.log.appends).toBe(2);
    room.turn();
    expect([room.log.appends, room.version]).toEqual([3, 6]);
  });

  it("group commit: who stops writing is not waited for longer than a turn", () => {
    const room = new RoomHarness();
    const [ann, ben] = [room.open("ann", "ann-1"), room.open("ben", "ben-1")];
    for (const writer of [ann, ben]) room.send(writer, submit(1, 0, ["x"]));
    room.turn();
    for (const seq of [2, 3]) {
      room.send(ann, submit(seq, seq, ["a"]));
      expect(room.log.appends).toBe(seq - 1);
      room.turn();
      expect(room.log.appends).toBe(seq);
    }
    room.send(ann, submit(4, 4, ["a"]));
    expect(room.log.appends).toBe(4);
  });

  it("group commit: as long as one after the other comes, those who are missing are waited for", () => {
    const room = new RoomHarness();
    const [ann, ben, cem, dan] = ["ann", "ben", "cem", "dan"].map((name) => room.open(name, `${name}-1`)) as [
      RecordedPeer,
      RecordedPeer,
      RecordedPeer,
      RecordedPeer,
    ];
    for (const writer of [ann, ben, cem, dan]) room.send(writer, submit(1, 0, ["x"]));
    room.turn();
    for (const writer of [ann, ben]) room.send(writer, submit(2, 4, ["x"]));
    room.turn();
    expect(room.log.appends).toBe(1);
    room.send(cem, submit(2, 4, ["x"]));
    room.turn();
    expect(room.log.appends).toBe(1);
    room.turn();
    expect([room.log.appends, room.version]).toEqual([2, 7]);
  });

  it("group commit: after one that failed, the next is not waited for in vain", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    for (const [seq, fails] of [
      [1, false],
      [2, true],
      [2, false],
      [3, false],
    ] as const) {
      room.log.failNextAppend = fails;
      room.send(ann, submit(seq, seq - 1, ["a"]));
      room.send(ann, { type: "unheard of" });
      room.turn();
      expect(room.log.load()?.tail).toHaveLength(fails ? seq - 1 : seq);
    }
  });

  it("group commit: where a dozen edits come fast, a commit waits for as many", () => {
    const room = new RoomHarness();
    const writers = Array.from({ length: 20 }, (_, n) => room.open(`u${n}`, `c-${n}`));
    let edits = 0;
    let committed = 0;
    room.log.onAppend = ({ from, entries }) => {
      committed = from + entries.length - 1;
    };
    /** Everybody in turn, so that the last two commits have not all of them. */
    const type = (everyMs: number) => {
      const writer = writers[edits % writers.length]!;
      room.send(writer, submit(Math.floor(edits / writers.length) + 1, committed, ["x"]));
      edits += 1;
      room.now += everyMs;
      room.turn();
    };
    const commitsOf = (count: number, everyMs: number) => {
      const before = room.log.appends;
      for (let n = 0; n < count; n++) type(everyMs);
      return room.log.appends - before;
    };
    expect(commitsOf(24, 50)).toBe(24);
    commitsOf(24, 20);
    expect(commitsOf(120, 20)).toBeLessThanOrEqual(11);
    // It goes on until they come at half that pace.
    commitsOf(12, 40);
    expect(commitsOf(24, 40)).toBeLessThan(5);
    room.now += limits.commitMs;
    room.turn();
    expect(room.version).toBe(edits);
    commitsOf(12, 60);
    expect(commitsOf(24, 60)).toBe(24);
  });

  it("an ack stands in stream order: everything below its version came before, and there is no echo", () => {
    const room = new RoomHarness();
    const [ann, ben, cem] = ["ann", "ben", "cem"].map((name) => room.open(name, `${name}-1`)) as [
      ReturnType<RoomHarness["open"]>,
      ReturnType<RoomHarness["open"]>,
      ReturnType<RoomHarness["open"]>,
    ];
    for (const writer of [ann, ben, cem]) room.send(writer, submit(1, 0, [writer.session.grant.userId]));
    room.turn();
    expect(ben.take().slice(1)).toEqual([
      { type: "operations", from: 1, items: [{ op: ["ann"], actor: 1, seq: 1 }] },
      { type: "ack", seq: 1, version: 2 },
      { type: "operations", from: 3, items: [{ op: [6, "cem"], actor: 3, seq: 1 }] },
    ]);
  });

  it("RM-4: a failed commit is seen by nobody but those who wait, memory is read anew, and a resend succeeds", () => {
    const room = new RoomHarness("base");
    const ann = room.open("ann", "ann-1");
    const ben = room.open("ben", "ben-1");
    room.log.failNextAppend = true;
    const [refusal, ...rest] = room.ask(ann, submit(1, 1, ["lost "]));
    expect(refusal).toMatchObject({ type: "error", code: "unavailable", seq: 1, retryable: true });
    expect(rest).toEqual([]);
    expect(ben.take()).toEqual([]);
    expect(room.text).toBe("base");
    expect(room.ask(ann, submit(1, 1, ["lost "]))).toContainEqual({ type: "ack", seq: 1, version: 2 });
    expect(room.text).toBe("lost base");
    expect(room.reported).toHaveLength(1);
  });

  it("RM-4: a resend whose first copy is lost with the batch is not acknowledged", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.send(ann, submit(1, 0, ["a"]));
    room.log.failNextAppend = true;
    room.send(ann, submit(1, 0, ["a"]));
    room.turn();
    expect(types(ann.take())).toEqual(["error", "error"]);
    expect(room.version).toBe(0);
  });

  it("RM-4: what was acknowledged over REST is stored; what could not be stored is not acknowledged", () => {
    const room = new RoomHarness("base");
    room.log.failNextAppend = true;
    const author = { userId: "c", kind: "person" } as const;
    expect(room.room.requests.replaceContent({ content: "new", author })).toMatchObject({
      ok: false,
      code: "unavailable",
    });
    expect(room.text).toBe("base");
  });

  it("RM-8: a room that cannot be read serves nothing and writes nothing, and recovers when it can", () => {
    const room = new RoomHarness("precious");
    const ann = room.open("ann", "ann-1");
    room.hibernate();
    room.log.failLoad = true;
    expect(room.ask(ann, submit(1, 1, ["x"]))[0]).toMatchObject({ type: "error", retryable: true });
    expect(room.room.requests.read()).toMatchObject({ ok: false, code: "unavailable" });
    expect(room.room.requests.create({ content: "", author: { userId: "c", kind: "person" } })).toMatchObject(
      {
        ok: false,
      },
    );
    room.log.failLoad = false;
    expect(room.text).toBe("precious");
    expect(room.ask(ann, submit(1, 1, ["x"]))).toContainEqual({ type: "ack", seq: 1, version: 2 });
  });
});

describe("exactly once", () => {
  it("RM-3: a repeat gets its original version back, also after the room slept and for an older seq", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    for (const seq of [1, 2, 3]) room.ask(ann, submit(seq, seq - 1, ["x"]));
    expect(room.ask(ann, submit(3, 2, ["x"]))).toEqual([{ type: "ack", seq: 3, version: 3 }]);
    expect(room.ask(ann, submit(1, 0, ["x"]))).toEqual([{ type: "ack", seq: 1, version: 1 }]);
    room.hibernate();
    expect(room.ask(ann, submit(2, 1, ["x"]))).toEqual([{ type: "ack", seq: 2, version: 2 }]);
    expect(room.text).toBe("xxx");
  });

  it("RM-3: the same client id of another user is another writer", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "shared-id");
    const eve = room.open("eve", "shared-id");
    room.ask(ann, submit(1, 0, ["a"]));
    expect(room.ask(eve, submit(1, 0, ["e"]))).toContainEqual({ type: "ack", seq: 1, version: 2 });
    expect(ann.closed).toBeUndefined();
    expect(room.text).toBe("ae");
  });

  it("a second socket of one client ends the first: two must not share one seq", () => {
    const room = new RoomHarness();
    const old = room.open("ann", "ann-1");
    const now = room.open("ann", "ann-1");
    expect(old.closed).toBe(4409);
    room.ask(old, submit(1, 0, ["late"]));
    expect(room.ask(now, submit(1, 0, ["new"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
    expect(room.text).toBe("new");
  });

  it("a gap in seq is refused, and the seq is still to come", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    expect(room.ask(ann, submit(2, 0, ["b"]))[0]).toMatchObject({ type: "error", code: "seq_gap", seq: 2 });
    expect(room.ask(ann, submit(1, 0, ["a"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
  });
});
