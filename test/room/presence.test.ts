import { describe, expect, it } from "vitest";
import { mapSelection, type Selection } from "../../src/ot/selection.ts";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import { fuzz, randomOperation, randomPoints, units } from "../support/ot-random.ts";
import { type RecordedPeer, RoomHarness } from "../support/room-harness.ts";

const show = (version: number, ...selections: Selection[]) => ({ type: "presence", version, selections });

/** A room "Hello world" at version 1, with two that have said hello: Ann is actor 2 and Ben is actor 3. */
function setUp(content = "Hello world") {
  const room = new RoomHarness(content);
  const ann = room.open("ann", "ann-1");
  const ben = room.open("ben", "ben-1");
  return { room, ann, ben };
}

const presenceOf = (peer: RecordedPeer) => peer.take().filter((frame) => frame.type === "presence");

describe("PR-1: presence is the newest state of a socket, and nothing else", () => {
  it("goes to the others with the identity that was verified, and back to nobody", () => {
    const { room, ann, ben } = setUp();
    const answer = room.ask(ann, { ...show(1, [0, 5]), user_id: "eve", name: "Eve", kind: "program" });
    expect(answer).toEqual([]);
    expect(ben.take()).toEqual([
      {
        type: "presence",
        version: 1,
        items: [
          {
            actor: 2,
            user_id: "ann",
            name: "ann",
            kind: "person",
            color: expect.stringMatching(/^#[0-9a-f]{6}$/),
            selections: [[0, 5]],
          },
        ],
      },
    ]);
  });

  it("takes no version, no row, and no place in the log", () => {
    const { room, ann } = setUp();
    const { appends } = room.log;
    for (let n = 0; n < 100; n++) {
      room.send(ann, show(1, [n % 11, 0]));
      room.pass(limits.presenceMs);
    }
    expect([room.version, room.log.appends]).toEqual([1, appends]);
  });

  it("gives the same colour to one user everywhere, or the one that was asked for", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [0, 0]));
    const [first] = presenceOf(ben);
    room.pass(limits.presenceMs);
    room.ask(ann, { ...show(1, [0, 0]), color: "#AbCdEf" });
    expect(presenceOf(ben)).toMatchObject([{ items: [{ color: "#abcdef" }] }]);
    const other = setUp("another document");
    other.room.ask(other.ann, show(1, [0, 0]));
    expect(presenceOf(other.ben)[0]?.items[0].color).toBe(first?.items[0].color);
  });

  it("coalesces a flood to the newest: a frame at once, and then one in every window, the last state included", () => {
    const { room, ann, ben } = setUp();
    for (let n = 0; n < 1_000; n++) {
      room.send(ann, show(1, [n % 12, n % 12]));
      room.pass(1);
    }
    room.pass(limits.presenceMs);
    const frames = presenceOf(ben);
    expect(frames.length).toBeGreaterThanOrEqual(1_000 / limits.presenceMs);
    expect(frames.length).toBeLessThanOrEqual(1_000 / limits.presenceMs + 2);
    expect(frames.at(-1)?.items[0].selections).toEqual([[999 % 12, 999 % 12]]);
    expect([ann.frames, ann.closed, room.scheduled]).toEqual([[], undefined, 0]);
  });

  it("sends what several show in one frame, to each without its own", () => {
    const { room, ann, ben } = setUp();
    const eve = room.open("eve", "eve-1");
    room.send(ann, show(1, [1, 1]));
    room.send(ben, show(1, [2, 2]));
    room.turn();
    const actors = (peer: RecordedPeer) =>
      presenceOf(peer).map(({ items }) => items.map(({ actor }: { actor: number }) => actor));
    expect([actors(ann), actors(ben), actors(eve)]).toEqual([[[3]], [[2]], [[2, 3]]]);
  });

  it("a crowd is shown in frames of bounded size, everybody in turn; who leaves together is gone within 2 s", () => {
    const { room, ben } = setUp();
    const crowd = Array.from({ length: 2_000 }, (_, n) => room.open(`user-${n}`, `user-${n}`));
    for (const peer of crowd) peer.send = () => {};
    const items = () =>
      presenceOf(ben).flatMap((frame) => {
        expect(frame.items.length).toBeLessThanOrEqual(64);
        return frame.items;
      });
    for (const peer of crowd) room.send(peer, show(1, [0, 0]));
    // One of them never rests, and keeps nobody else waiting.
    for (let n = 0; n < 40; n++) {
      room.pass(limits.presenceMs);
      room.send(crowd[0] as RecordedPeer, show(1, [n % 12, 0]));
    }
    expect(new Set(items().map(({ actor }) => actor)).size).toBe(2_000);
    for (const peer of crowd) room.room.leave(peer);
    for (let passed = 0; passed < 2_000; passed += limits.presenceMs) room.pass(limits.presenceMs);
    expect(
      new Set(
        items()
          .filter(({ gone }) => gone)
          .map(({ actor }) => actor),
      ).size,
    ).toBe(2_000);
  });

  it("WR-2: comes to nobody who has not said hello", () => {
    const { room, ann } = setUp();
    const silent = room.open("silent");
    room.ask(ann, show(1, [0, 0]));
    expect(silent.take()).toEqual([]);
  });

  it("is told to a newcomer by the welcome, as of its version", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [6, 11]));
    room.send(ben, { type: "submit", seq: 1, base: 1, op: [6, "big "] });
    const eve = room.open("eve");
    const [welcome] = room.ask(eve, { type: "hello", client_id: "eve-1" });
    expect(welcome).toMatchObject({ version: 2, presence: [{ actor: 2, selections: [[10, 15]] }] });
    expect(presenceOf(eve)).toEqual([]);
  });

  it("is not told to a client about itself, on whichever socket it comes back", () => {
    const { room, ann } = setUp();
    room.ask(ann, show(1, [0, 0]));
    const again = room.open("ann");
    expect(room.ask(again, { type: "hello", client_id: "ann-1" })).toMatchObject([{ presence: [] }]);
    room.pass(limits.presenceMs);
    expect(presenceOf(again)).toEqual([]);
  });

  it("PR-3: is gone when its socket closes, is superseded, or becomes another client, and when it is withdrawn", () => {
    const leaves: [how: string, leave: (room: RoomHarness, ann: RecordedPeer) => void][] = [
      ["closes", (room, ann) => room.room.leave(ann)],
      ["is superseded", (room) => void room.open("ann", "ann-1")],
      ["becomes another", (room, ann) => room.send(ann, { type: "hello", client_id: "ann-2" })],
      ["is withdrawn", (room, ann) => room.send(ann, { type: "presence", version: 1, selections: null })],
    ];
    for (const [how, leave] of leaves) {
      const { room, ann, ben } = setUp();
      room.ask(ann, show(1, [0, 0]));
      room.pass(limits.presenceMs);
      presenceOf(ben);
      leave(room, ann);
      room.turn();
      expect(presenceOf(ben), how).toEqual([
        { type: "presence", version: 1, items: [{ actor: 2, gone: true }] },
      ]);
      const eve = room.open("eve");
      expect(room.ask(eve, { type: "hello", client_id: "eve-1" }), how).toMatchObject([{ presence: [] }]);
    }
  });

  it("comes back in one frame when a client reconnects within the window", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [0, 0]));
    presenceOf(ben);
    room.room.leave(ann);
    const again = room.open("ann", "ann-1");
    room.send(again, show(1, [4, 4]));
    room.pass(limits.presenceMs);
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [[4, 4]] }] }]);
  });

  it("RM-5: outlives the room's memory, and goes on from where the operations took it", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [6, 11]));
    room.ask(ben, { type: "submit", seq: 1, base: 1, op: ["> "] });
    room.hibernate();
    room.ask(ben, { type: "submit", seq: 2, base: 2, op: ["> "] });
    const eve = room.open("eve");
    expect(room.ask(eve, { type: "hello", client_id: "eve-1" })).toMatchObject([
      { version: 3, presence: [{ actor: 2, name: "ann", selections: [[10, 15]] }] },
    ]);
    room.room.leave(ann);
    room.pass(limits.presenceMs);
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, gone: true }] }]);
  });

  it("a withdrawn presence does not come back with the room's memory", () => {
    const { room, ann } = setUp();
    room.ask(ann, show(1, [0, 0]));
    room.ask(ann, { type: "presence", version: 1, selections: null });
    room.hibernate();
    const eve = room.open("eve");
    expect(room.ask(eve, { type: "hello", client_id: "eve-1" })).toMatchObject([{ presence: [] }]);
  });
});

describe("PR-3: the dead are not shown", () => {
  /** What the room is woken for where nobody is shown: the announcement that a token ends. */
  const tokenAlarm = 2_000_000 - 60_000;
  const silence = limits.silenceSeconds * 1_000;
  const gone = [{ type: "presence", version: 1, items: [{ actor: 2, gone: true }] }];

  it("who gives no sign of life is gone after 30 s, and its socket stays", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [0, 0]));
    presenceOf(ben);
    room.alarm();
    expect(room.now).toBe(1_000_000 + silence);
    expect(presenceOf(ben)).toEqual(gone);
    expect([ann.closed, room.wakeAt]).toEqual([undefined, tokenAlarm]);
    room.pass(limits.presenceMs);
    room.ask(ann, show(1, [3, 3]));
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [[3, 3]] }] }]);
  });

  it("a ping that the platform answered is one, as is any frame", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [0, 0]));
    presenceOf(ben);
    room.now += 10_000;
    ann.pingedAt = room.now;
    room.alarm();
    expect(room.wakeAt).toBe(ann.pingedAt + silence);
    room.now += 5_000;
    room.ask(ann, { type: "of a newer protocol" });
    const heardAt = room.now;
    room.alarm();
    expect(presenceOf(ben)).toEqual([]);
    room.alarm();
    expect(room.now).toBe(heardAt + silence);
    expect(presenceOf(ben)).toEqual(gone);
  });

  it("RM-7: no alarm is set while nobody is shown to anybody", () => {
    const room = new RoomHarness("Hello world");
    const ann = room.open("ann", "ann-1");
    room.open("silent");
    room.ask(ann, show(1, [0, 0]));
    expect(room.wakeAt).toBe(tokenAlarm);
    const ben = room.open("ben", "ben-1");
    expect(room.wakeAt).toBe(1_000_000 + silence);
    room.room.leave(ben);
    room.alarm();
    expect(room.wakeAt).toBe(tokenAlarm);
  });

  it("RM-7: after hibernation the sweep goes on from what the sockets hold", () => {
    const { room, ann, ben } = setUp();
    room.ask(ann, show(1, [0, 0]));
    room.ask(ben, show(1, [0, 0]));
    presenceOf(ben);
    room.pass(limits.presenceMs);
    presenceOf(ben);
    ben.pingedAt = room.now + 20_000;
    room.hibernate();
    room.alarm();
    expect(presenceOf(ben)).toEqual(gone);
    expect(room.wakeAt).toBe(ben.pingedAt + silence);
    room.hibernate();
    const eve = room.open("eve");
    expect(room.ask(eve, { type: "hello", client_id: "eve-1" })).toMatchObject([
      { presence: [{ actor: 3 }] },
    ]);
  });

  it("who pinged before and stopped is not here for REST either; who never does is", () => {
    const { room, ann } = setUp();
    const here = () => {
      const answer = room.room.requests.attendees();
      return answer.ok && answer.attendees.map(({ userId }) => userId);
    };
    ann.pingedAt = room.now;
    room.now += silence - 1;
    expect(here()).toEqual(["ann", "ben"]);
    room.now += 1;
    expect(here()).toEqual(["ben"]);
    room.ask(ann, show(1, [0, 0]));
    expect(here()).toEqual(["ann", "ben"]);
  });
});

describe("PR-2: positions are of the committed text at the frame's version", () => {
  it("RM-2: a presence that comes with an operation goes out after its commit, at its version", () => {
    const { room, ann, ben } = setUp();
    room.send(ann, show(1, [6, 6]));
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["Oh: "] });
    room.log.onAppend = () => expect(presenceOf(ben)).toEqual([]);
    room.turn();
    expect(ben.take()).toMatchObject([
      { type: "ack", version: 2 },
      { type: "presence", version: 2, items: [{ selections: [[10, 10]] }] },
    ]);
  });

  it("an update of an older version is taken through everything accepted since", () => {
    const { room, ann, ben } = setUp();
    for (let seq = 1; seq <= 50; seq++) room.ask(ben, { type: "submit", seq, base: seq, op: ["x"] });
    ben.take();
    room.ask(ann, show(1, [0, 0], [1, 11]));
    expect(presenceOf(ben)).toMatchObject([
      {
        version: 51,
        items: [
          {
            selections: [
              [0, 0],
              [51, 61],
            ],
          },
        ],
      },
    ]);
  });

  it("one's own insert carries one's caret along, another's does not", () => {
    const { room, ann, ben } = setUp();
    const eve = room.open("eve", "eve-1");
    room.send(ann, show(1, [5, 5]));
    room.send(ben, show(1, [5, 5]));
    room.send(ann, { type: "submit", seq: 1, base: 1, op: [5, ","] });
    room.turn();
    const [frame] = presenceOf(eve);
    expect(frame?.items).toMatchObject([
      { actor: 2, selections: [[6, 6]] },
      { actor: 3, selections: [[5, 5]] },
    ]);
  });

  it("past the end means the end, and within a surrogate pair means before it", () => {
    const { room, ann, ben } = setUp("Hi 😀!");
    room.ask(ann, show(1, [4, 99], [Number.MAX_SAFE_INTEGER, 3]));
    expect(presenceOf(ben)).toMatchObject([
      {
        items: [
          {
            selections: [
              [3, 6],
              [6, 3],
            ],
          },
        ],
      },
    ]);
  });

  it("a lost commit takes no presence with it", () => {
    const { room, ann, ben } = setUp();
    room.log.failNextAppend = true;
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["lost"] });
    room.send(ann, show(1, [5, 5]));
    room.turn();
    expect(ben.take()).toMatchObject([
      { type: "error", code: "unavailable" },
      { type: "presence", version: 1, items: [{ selections: [[5, 5]] }] },
    ]);
  });

  it("random selections stay within the text, cut no pair, and do not turn round", () => {
    fuzz(5_000, 20_261_123, (random, alphabet) => {
      const before = randomPoints(random, alphabet, 10);
      const { operation } = randomOperation(random, alphabet, before);
      const place = () => units(before, 0, random.int(before.length + 1));
      const selection: Selection = [place(), place()];
      const after = Text.from(before.join(""));
      after.apply(operation);
      for (const by of ["owner", "other"] as const) {
        const mapped = mapSelection(selection, operation, by);
        for (const position of mapped) {
          if (position < 0 || position > after.length) throw new Error(`${mapped} leaves the text`);
          if (position > 0 && after.check([position, "x"] as never)) throw new Error(`${mapped} cuts a pair`);
        }
        const direction = Math.sign(selection[1] - selection[0]);
        if (direction * (mapped[1] - mapped[0]) < 0) throw new Error(`${selection} turns to ${mapped}`);
      }
    });
  });
});

describe("RM-6: a bad presence is refused by its code and harms nobody", () => {
  const bad: [what: string, frame: object, code: string][] = [
    ["no version", { type: "presence", selections: [] }, "invalid_frame"],
    ["a version as text", { ...show(1), version: "1" }, "invalid_frame"],
    ["a negative version", show(-1), "invalid_frame"],
    ["a version that is not there yet", show(2), "base_ahead"],
    ["no selections", { type: "presence", version: 1 }, "invalid_frame"],
    ["selections of a wrong type", { ...show(1), selections: "[[0,0]]" }, "invalid_frame"],
    ["a selection of one", { ...show(1), selections: [[0]] }, "invalid_frame"],
    ["a selection of three", { ...show(1), selections: [[0, 1, 2]] }, "invalid_frame"],
    ["a negative position", show(1, [-1, 0]), "invalid_frame"],
    ["half a position", show(1, [0.5, 0]), "invalid_frame"],
    ["a position beyond safe integers", show(1, [2 ** 53, 0]), "invalid_frame"],
    ["an object for a selection", { ...show(1), selections: [{ 0: 0, 1: 0, length: 2 }] }, "invalid_frame"],
    [
      "10,000 selections",
      show(1, ...Array.from({ length: 10_000 }, (): Selection => [0, 0])),
      "payload_too_large",
    ],
    ["a colour that is a name", { ...show(1), color: "red" }, "invalid_frame"],
    ["a colour that is markup", { ...show(1), color: "#fff;background:url(//x)" }, "invalid_frame"],
  ];

  it("each of them", () => {
    const { room, ann, ben } = setUp();
    for (const [what, frame, code] of bad) {
      expect(room.ask(ann, frame), what).toMatchObject([{ type: "error", code, retryable: false }]);
    }
    expect(ben.take()).toEqual([]);
    expect(room.reported).toEqual([]);
    room.ask(ann, show(1, [0, 0]));
    expect(presenceOf(ben)).toHaveLength(1);
  });

  it("taking a presence through crafted operations costs bounded time: it is left without a cursor", () => {
    const { room, ann, ben } = setUp("x".repeat(limits.operationParts));
    const op = Array.from({ length: limits.operationParts }, (_, n) => (n % 2 === 0 ? 1 : "y"));
    const costly = Math.ceil(limits.transformParts / limits.operationParts / limits.selections) + 1;
    for (let seq = 1; seq <= costly; seq++) room.ask(ben, { type: "submit", seq, base: seq, op });
    ben.take();
    room.ask(ann, show(1, ...Array.from({ length: limits.selections }, (): Selection => [7, 7])));
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [] }] }]);
    room.pass(limits.presenceMs);
    room.ask(ann, show(room.version, [7, 7]));
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [[7, 7]] }] }]);
  });

  it("before hello", () => {
    const { room } = setUp();
    expect(room.ask(room.open("eve"), show(1, [0, 0]))).toMatchObject([{ code: "hello_required" }]);
  });

  it("of an uncommitted version: nobody can have seen it (RM-2)", () => {
    const { room, ann, ben } = setUp();
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["x"] });
    room.send(ann, show(2, [0, 0]));
    room.turn();
    expect(ann.take()).toContainEqual(expect.objectContaining({ type: "error", code: "base_ahead" }));
  });

  it("of a version that is too old to be mapped at a bounded price", () => {
    const { room, ann, ben } = setUp();
    for (let seq = 1; seq <= limits.presenceLag; seq++) {
      room.send(ben, { type: "submit", seq, base: seq, op: ["x"] });
    }
    room.turn();
    ann.take();
    expect(room.ask(ann, show(1, [0, 0]))).toMatchObject([]);
    room.ask(ben, { type: "submit", seq: limits.presenceLag + 1, base: limits.presenceLag + 1, op: ["x"] });
    ann.take();
    expect(room.ask(ann, show(1, [0, 0]))).toMatchObject([{ code: "too_old" }]);
  });
});
