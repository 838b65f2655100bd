import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { DocumentRoom } from "../../src/room/document-room.ts";
import { fanoutOf } from "../support/audience.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { grantOf, openRoomSocket } from "../support/socket.ts";

const author = { userId: "ann", kind: "person" } as const;
const writer = { ...author, clientId: "ann-1" };

describe("RM-8: a room whose document was never created", () => {
  const asked: Record<string, (room: DurableObjectStub<DocumentRoom>) => Promise<unknown>> = {
    read: (room) => room.read(),
    readUnless: (room) => room.readUnless([]),
    readVersion: (room) => room.readVersion(0),
    changes: (room) => room.changes({ limit: 1 }),
    diff: (room) => room.diff({ from: 0, to: 0 }),
    restore: (room) => room.restore({ version: 0, author }),
    blame: (room) => room.blame({ from: 0, most: 1 }),
    life: (room) => room.life(),
    records: (room) => room.records({ since: 0, limit: 1 }),
    nameVersion: (room) => room.nameVersion({ version: 0, name: "first", author, at: 0 }),
    namedVersions: (room) => room.namedVersions({ limit: 1 }),
    replaceContent: (room) => room.replaceContent({ content: "x", author }),
    edit: (room) => room.edit({ author, base: 0, operation: insertion(0, "x") }),
    submit: (room) =>
      room.submit({ author, clientId: "ann-1", seq: 1, base: 0, operation: insertion(0, "x") }),
    operations: (room) => room.operations({ since: 0, limit: 1 }),
    attendees: (room) => room.attendees(),
    recall: (room) => room.recall(writer, 0),
    attach: (room) => room.attach(0, { viewers: 1 }),
    redact: (room) => room.redact({ span: { version: 0, from: 0, to: 0 }, author }),
    replaceEpoch: (room) => room.replaceEpoch(),
  };

  it("answers not_found to whatever is asked, and stores nothing", async () => {
    const room = env.ROOMS.getByName(crypto.randomUUID());
    for (const [name, ask] of Object.entries(asked)) {
      expect(await ask(room), name).toMatchObject({ ok: false, code: "not_found" });
    }
    const stored = await runInDurableObject(room, (_room, { storage }) => [
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'room'").toArray(),
      [...storage.kv.list()],
    ]);
    expect(stored).toEqual([[], []]);
  });

  it("answers not_found to every frame", async () => {
    const socket = await openRoomSocket(crypto.randomUUID(), grantOf("ann"));
    expect(await socket.ask({ type: "hello", client_id: "ann-1" })).toMatchObject({ code: "not_found" });
    expect(await socket.ask({ type: "submit", seq: 1, base: 0, op: ["x"] })).toMatchObject({
      code: "not_found",
      seq: 1,
    });
    expect(await socket.ask({ op_type: "insert", position: 0, content: "x" })).toMatchObject({
      code: "not_found",
      success: false,
    });
  });

  it("its fan-outs have nothing to subscribe to, nor those below them", async () => {
    const fanout = fanoutOf(crypto.randomUUID(), 0);
    expect(await fanout.attach(limits.fanoutChildren, { viewers: 1 })).toMatchObject({
      ok: false,
      code: "not_found",
    });
    expect((await fanout.stats()).sockets).toBe(0);
  });

  it("AU-4: an upgrade that bears no grant opens no socket", async () => {
    const room = env.ROOMS.getByName(crypto.randomUUID());
    const headers = { upgrade: "websocket" };
    await expect(room.fetch("https://room/", { headers })).rejects.toThrow();
    expect((await room.stats()).sockets).toBe(0);
  });
});

describe("creating", () => {
  it("a second time changes nothing, and answers the version that there is", async () => {
    const room = env.ROOMS.getByName(crypto.randomUUID());
    expect(await room.create({ content: "first", author })).toEqual({ ok: true, version: 1 });
    expect(await room.create({ content: "second", author })).toEqual({ ok: true, version: 1 });
    expect(await room.read()).toMatchObject({ content: "first" });
  });

  it("asked for again after its text could not be stored, it has the text", () => {
    const room = new RoomHarness();
    const { requests } = room.room;
    const create = () => requests.create({ content: "first", author });
    room.log.failNextAppend = true;
    expect(create()).toMatchObject({ ok: false, code: "unavailable" });
    expect(create()).toEqual({ ok: true, version: 1 });
    expect(room.text).toBe("first");
  });

  it("OT-4, WR-3: with a text that no document may have, it makes none; nor is such a text put in later", async () => {
    const room = env.ROOMS.getByName(crypto.randomUUID());
    const bad = [
      ["half a pair \ud800", "invalid_operation"],
      ["x".repeat(limits.textUnits + 1), "document_too_large"],
    ] as const;
    for (const [content, code] of bad) expect(await room.create({ content, author })).toMatchObject({ code });
    expect(await room.read()).toMatchObject({ code: "not_found" });
    await room.create({ content: "good", author });
    for (const [content, code] of bad) {
      expect(await room.replaceContent({ content, author })).toMatchObject({ ok: false, code });
    }
    expect(await room.read()).toMatchObject({ content: "good", version: 1 });
  });
});

describe("what a room is asked of its past, where that cannot be had", () => {
  it("restoring needs room in the storage, and the version that it was asked for", () => {
    const room = new RoomHarness("old");
    const { requests } = room.room;
    requests.replaceContent({ content: "new", author });
    expect(requests.turnInto({ content: "old", author, ifVersion: 1 })).toMatchObject({
      code: "precondition_failed",
    });
    room.log.capacity = 0;
    expect(requests.turnInto({ content: "old", author })).toMatchObject({ code: "storage_full" });
    expect(requests.turnInto({ content: "new", author, ifVersion: 2 })).toEqual({ ok: true, version: 2 });
    expect(room.text).toBe("new");
  });

  it("RM-4: a redaction whose visible part cannot be stored rewrites nothing, and may be asked for again", () => {
    const room = new RoomHarness("SECRET");
    const { requests } = room.room;
    const redact = () => requests.redact({ span: { version: 1, from: 0, to: 6 }, author });
    room.log.failNextAppend = true;
    expect(redact()).toMatchObject({ ok: false, code: "unavailable" });
    expect(room.log.read(0, 1)).toMatchObject([{ operation: ["SECRET"] }]);
    expect(redact()).toMatchObject({ ok: true, version: 2 });
    expect(JSON.stringify(room.log.read(0, 2))).not.toContain("SECRET");
  });

  it("before the oldest version that is kept, none has a name", async () => {
    const room = env.ROOMS.getByName(crypto.randomUUID());
    await room.create({ content: "text", author });
    expect(await room.nameVersion({ version: 0, name: "empty", author, at: 0 })).toEqual({ ok: true });
    expect(await room.namedVersions({ limit: 5 })).toMatchObject({ named: [{ version: 0, name: "empty" }] });
    expect(await room.namedVersions({ before: 0, limit: 5 })).toEqual({ ok: true, named: [] });
  });

  it("RM-3: who never wrote is told so; what the log does not reach is not told", async () => {
    const id = crypto.randomUUID();
    const room = env.ROOMS.getByName(id);
    await room.create({ content: "text", author });
    expect(await room.recall({ ...writer, userId: "eve" }, 9)).toEqual({ ok: true, actor: 0, lastSeq: 0 });
    const ann = await openRoomSocket(id, grantOf("ann"));
    const { actor } = await ann.ask({ type: "hello", client_id: "ann-1" });
    expect(await room.recall(writer, 1)).toEqual({ ok: true, actor, lastSeq: 0, items: [] });
  });
});
