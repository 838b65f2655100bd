import { describe, expect, it } from "vitest";
import { insertion, replacement } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { Author } from "../../src/room/room-api.ts";
import { op } from "../support/ot-notation.ts";
import { RoomHarness } from "../support/room-harness.ts";

const author: Author = { userId: "bot", kind: "program" };
const submit = (seq: number, base: number, op: unknown) => ({ type: "submit", seq, base, op });

describe("an edit", () => {
  it("RM-1: is moved over what others did since its base, and everybody sees it", () => {
    const room = new RoomHarness("one two");
    const ann = room.open("ann", "ann-1");
    room.ask(ann, submit(1, 1, ["zero "]));
    expect(room.room.requests.edit({ author, base: 1, operation: replacement(4, 3, "2") })).toEqual({
      ok: true,
      version: 3,
      moved: true,
    });
    expect(ann.take().at(-1)).toMatchObject({ type: "operations", from: 3, items: [{ op: [9, "2", -3] }] });
    expect(room.text).toBe("zero one 2");
  });

  it("commits what was accepted before it, and is refused if that made its base an old one", () => {
    const room = new RoomHarness("one");
    const ann = room.open("ann", "ann-1");
    room.send(ann, submit(1, 1, [3, "!"]));
    const refused = { ok: false, code: "precondition_failed", detail: "the document is at version 2" };
    const edit = { author, operation: insertion(0, "x"), ifNewest: true };
    expect(room.room.requests.edit({ ...edit, base: 1 })).toEqual(refused);
    expect(ann.take()).toEqual([{ type: "ack", seq: 1, version: 2 }]);
    expect(room.room.requests.edit({ ...edit, base: 2 })).toEqual({ ok: true, version: 3, moved: false });
    expect(room.text).toBe("xone!");
  });

  it("of any size goes through, in pieces that a client may get", () => {
    const room = new RoomHarness("x".repeat(limits.textUnits));
    const ann = room.open("ann", "ann-1");
    const { version } = room;
    const text = "y".repeat(limits.textUnits);
    const result = room.room.requests.edit({
      author,
      base: version,
      operation: replacement(0, text.length, text),
    });
    expect(result).toEqual({ ok: true, version: version + 33, moved: false });
    expect(room.text === text).toBe(true);
    const [frame] = ann.take().filter(({ type }) => type === "operations");
    expect(frame.items).toHaveLength(33);
    expect(frame.items[0].op).toEqual([-text.length]);
  });

  it.each([
    [99, op("x"), "base_ahead"],
    [1, op(4, "x"), "out_of_range"],
    [1, op(2, "x"), "splits_surrogate"],
    [1, insertion(0, "x".repeat(limits.textUnits)), "document_too_large"],
  ] as const)(
    "RM-6: that does not fit version %i is refused, and changes nothing",
    (base, operation, code) => {
      const room = new RoomHarness("a😀");
      expect(room.room.requests.edit({ author, base, operation })).toMatchObject({ ok: false, code });
      expect([room.text, room.version]).toEqual(["a😀", 1]);
    },
  );

  it("that changes nothing takes no version; one that cannot be stored is not told of", () => {
    const room = new RoomHarness("abc");
    const { requests } = room.room;
    expect(requests.edit({ author, base: 1, operation: op() })).toEqual({
      ok: true,
      version: 1,
      moved: false,
    });
    room.log.failNextAppend = true;
    expect(requests.edit({ author, base: 1, operation: op("x") })).toMatchObject({ code: "unavailable" });
    expect([room.text, room.version]).toEqual(["abc", 1]);
    room.log.capacity = 0;
    expect(requests.edit({ author, base: 1, operation: op("x") })).toMatchObject({ code: "storage_full" });
  });
});

describe("a submission by request", () => {
  const submission = { author, clientId: "job", seq: 1, base: 0, operation: op("Hello") };

  it("RM-3: counts once, and a repeat gets the first version again, also after the room was read anew", () => {
    const room = new RoomHarness();
    const submitOnce = () => room.room.requests.submit(submission);
    expect(submitOnce()).toEqual({ ok: true, version: 1, actor: 1 });
    room.room.requests.edit({ author, base: 1, operation: op("x") });
    expect(submitOnce()).toEqual({ ok: true, version: 1, actor: 1 });
    room.hibernate();
    expect(submitOnce()).toEqual({ ok: true, version: 1, actor: 1 });
    expect(room.text).toBe("xHello");
    const other = { ...submission, operation: op("other") };
    expect(room.room.requests.submit(other)).toMatchObject({ code: "seq_reused" });
    expect(room.room.requests.submit({ ...submission, seq: 3 })).toMatchObject({ code: "seq_gap" });
  });

  it("RM-3: has the same seqs as the socket of the same client", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.ask(ann, submit(1, 0, ["a"]));
    const same = { author: { userId: "ann", kind: "person" }, clientId: "ann-1" } as const;
    expect(room.room.requests.submit({ ...same, seq: 1, base: 0, operation: op("a") })).toMatchObject({
      version: 1,
    });
    expect(room.room.requests.submit({ ...same, seq: 2, base: 1, operation: op(1, "b") })).toMatchObject({
      version: 2,
    });
    // It is told to the socket, which did not send it.
    expect(ann.take()).toEqual([
      { type: "operations", from: 2, items: [{ op: [1, "b"], actor: 1, seq: 2 }] },
    ]);
    expect(room.ask(ann, submit(2, 1, [1, "b"]))).toEqual([{ type: "ack", seq: 2, version: 2 }]);
  });

  it("RM-6: one that is refused leaves nothing behind", () => {
    const room = new RoomHarness();
    const { requests } = room.room;
    expect(requests.submit({ ...submission, operation: op(3, "x") })).toMatchObject({ code: "out_of_range" });
    expect(requests.submit({ ...submission, clientId: "other" })).toMatchObject({ version: 1 });
    room.log.failNextAppend = true;
    expect(requests.submit(submission)).toMatchObject({ code: "unavailable" });
    expect(requests.submit(submission)).toMatchObject({ version: 2 });
    room.log.capacity = 0;
    expect(requests.submit({ ...submission, seq: 2 })).toMatchObject({ code: "storage_full" });
    expect(requests.submit(submission)).toMatchObject({ version: 2 });
  });
});

describe("accepted operations", () => {
  it("come in order, in slices, with who made them", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    for (let seq = 1; seq <= 5; seq++) room.ask(ann, submit(seq, seq - 1, [`${seq}`]));
    const actors = [{ actor: 1, user_id: "ann", kind: "person" }];
    const slice = (since: number, limit: number) => room.room.requests.operations({ since, limit });
    expect(slice(1, 2)).toEqual({
      ok: true,
      from: 2,
      items: [
        { op: ["2"], actor: 1, seq: 2 },
        { op: ["3"], actor: 1, seq: 3 },
      ],
      actors,
      version: 5,
      epoch: expect.any(String),
      horizon: 0,
    });
    expect(slice(4, 100)).toMatchObject({ from: 5, items: [{ op: ["5"] }] });
    expect(slice(5, 100)).toMatchObject({ from: 6, items: [], actors: [] });
    expect(slice(6, 100)).toMatchObject({ ok: false, code: "base_ahead" });
  });

  it("that are large come one at a time, those before the horizon not at all", () => {
    const room = new RoomHarness();
    const large = "\u0001".repeat(limits.insertUnits);
    const { requests } = room.room;
    for (let base = 0; base < 3; base++) requests.edit({ author, base, operation: op(large) });
    expect(requests.operations({ since: 0, limit: 100 })).toMatchObject({ items: { length: 1 }, version: 3 });
    room.log.retain({ operations: 1, ageMs: null });
    while (room.log.upkeep(room.now));
    expect(room.log.horizon).toBeGreaterThan(0);
    expect(requests.operations({ since: 0, limit: 100 })).toMatchObject({ ok: false, code: "too_old" });
    expect(requests.edit({ author, base: 0, operation: op("x") })).toMatchObject({ code: "too_old" });
  });

  it("RM-2: are told of after their commit", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.send(ann, submit(1, 0, ["a"]));
    room.log.failNextAppend = true;
    expect(room.room.requests.operations({ since: 0, limit: 1 })).toMatchObject({ items: [], version: 0 });
    expect(room.room.requests.readUnless([])).toMatchObject({ version: 0, content: "" });
  });
});

it("a text that the caller has is not sent again, unless it is of another storage", () => {
  const room = new RoomHarness("text");
  const read = room.room.requests.readUnless([]);
  if (!read.ok) throw new Error(read.code);
  expect(read).toMatchObject({ version: 1, content: "text" });
  const { epoch } = read;
  const readUnless = room.room.requests.readUnless.bind(room.room.requests);
  expect(readUnless([{ version: 0 }, { version: 1 }])).toMatchObject({ version: 1, content: undefined });
  expect(readUnless([{ version: 1, epoch }])).toMatchObject({ content: undefined });
  expect(readUnless([{ version: 1, epoch: "other" }])).toMatchObject({ content: "text" });
  expect(readUnless([{ version: 2 }])).toMatchObject({ content: "text" });
});
