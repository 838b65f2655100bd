import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { presenceOf, setUpPresence, show } from "../support/presence-setup.ts";
import { type RecordedPeer, RoomHarness } from "../support/room-harness.ts";

describe("PR-1: presence is the newest state of a socket, and nothing else", () => {
  it("goes to the others with the identity that was verified, and back to nobody", () => {
    const { room, ann, ben } = setUpPresence();
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

  it("hidden before it was ever shown, it is nobody's news; nor is one of a room that is gone when its time comes", () => {
    const { room, ann, ben } = setUpPresence();
    expect(room.ask(ann, { type: "presence", version: 1, selections: null })).toEqual([]);
    room.pass(limits.presenceMs);
    expect(presenceOf(ben)).toEqual([]);
    room.ask(ann, show(1, [0, 0]));
    ben.take();
    room.send(ann, show(1, [1, 1]));
    room.log.load = () => undefined;
    room.room.end();
    room.pass(limits.presenceMs);
    expect([presenceOf(ben), room.reported]).toEqual([[], []]);
  });

  it("takes no version, no row, and no place in the log", () => {
    const { room, ann } = setUpPresence();
    const { appends } = room.log;
    for (let n = 0; n < 100; n++) {
      room.send(ann, show(1, [n % 11, 0]));
      room.pass(limits.presenceMs);
    }
    expect([room.version, room.log.appends]).toEqual([1, appends]);
  });

  it("gives the same colour to one user everywhere, or the one that was asked for", () => {
    const { room, ann, ben } = setUpPresence();
    room.ask(ann, show(1, [0, 0]));
    const [first] = presenceOf(ben);
    room.pass(limits.presenceMs);
    room.ask(ann, { ...show(1, [0, 0]), color: "#AbCdEf" });
    expect(presenceOf(ben)).toMatchObject([{ items: [{ color: "#abcdef" }] }]);
    const other = setUpPresence("another document");
    other.room.ask(other.ann, show(1, [0, 0]));
    expect(presenceOf(other.ben)[0]?.items[0].color).toBe(first?.items[0].color);
  });

  it("coalesces a flood to the newest: a frame at once, and then one in every window, the last state included", () => {
    const { room, ann, ben } = setUpPresence();
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
    const { room, ann, ben } = setUpPresence();
    const eve = room.open("eve", "eve-1");
    room.send(ann, show(1, [1, 1]));
    room.send(ben, show(1, [2, 2]));
    room.turn();
    const actors = (peer: RecordedPeer) =>
      presenceOf(peer).map(({ items }) => items.map(({ actor }: { actor: number }) => actor));
    expect([actors(ann), actors(ben), actors(eve)]).toEqual([[[3]], [[2]], [[2, 3]]]);
  });

  it("a crowd is shown in frames of bounded size, everybody in turn; who leaves together is gone within 2 s", () => {
    const { room, ben } = setUpPresence();
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
    const { room, ann } = setUpPresence();
    const silent = room.open("silent");
    room.ask(ann, show(1, [0, 0]));
    expect(silent.take()).toEqual([]);
  });

  it("is told to a newcomer by the welcome, as of its version", () => {
    const { room, ann, ben } = setUpPresence();
    room.ask(ann, show(1, [6, 11]));
    room.send(ben, { type: "submit", seq: 1, base: 1, op: [6, "big "] });
    const eve = room.open("eve");
    const [welcome] = room.ask(eve, { type: "hello", client_id: "eve-1" });
    expect(welcome).toMatchObject({ version: 2, presence: [{ actor: 2, selections: [[10, 15]] }] });
    expect(presenceOf(eve)).toEqual([]);
  });

  it("is not told to a client about itself, on whichever socket it comes back", () => {
    const { room, ann } = setUpPresence();
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
      const { room, ann, ben } = setUpPresence();
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
    const { room, ann, ben } = setUpPresence();
    room.ask(ann, show(1, [0, 0]));
    presenceOf(ben);
    room.room.leave(ann);
    const again = room.open("ann", "ann-1");
    room.send(again, show(1, [4, 4]));
    room.pass(limits.presenceMs);
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [[4, 4]] }] }]);
  });

  it("RM-5: outlives the room's memory, and goes on from where the operations took it", () => {
    const { room, ann, ben } = setUpPresence();
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
    const { room, ann } = setUpPresence();
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
    const { room, ann, ben } = setUpPresence();
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
    const { room, ann, ben } = setUpPresence();
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
    const { room, ann, ben } = setUpPresence();
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

  it("who has several windows is here once, since the first of them, with the most that any of them may do", () => {
    const room = new RoomHarness();
    for (const [index, role] of (["viewer", "owner", "editor"] as const).entries()) {
      room.now += 1_000;
      room.open("ann", `ann-${index}`, { role });
    }
    expect(room.room.requests.attendees()).toMatchObject({
      attendees: [{ userId: "ann", role: "owner", since: 1_001_000 }],
    });
  });

  it("who pinged before and stopped is not here for REST either; who never does is", () => {
    const { room, ann } = setUpPresence();
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
