import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { checkIntegrity } from "../../src/room/integrity.ts";
import { Room } from "../../src/room/room.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { RecordedPeer, RoomHarness } from "../support/room-harness.ts";
import { announced, grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const author = { userId: "owner", kind: "program" } as const;

/** A room that has gone through this many contents, one version each. */
async function edited(contents: number): Promise<string> {
  const id = await newRoom("0");
  for (let version = 2; version <= contents; version++) {
    await env.ROOMS.getByName(id).replaceContent({ content: String(version), author });
  }
  return id;
}

describe("retention, end to end", () => {
  it("trims what is not kept; an older base is too_old, an older reader gets the text", async () => {
    const id = await edited(12);
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    expect(await ann.ask({ type: "hello", client_id: "ann-1" })).toMatchObject({ horizon: 0 });
    expect(await stub.retain({ operations: 0, ageMs: null })).toEqual({ ok: true, horizon: 0 });
    expect(await stub.compact()).toMatchObject({ ok: true, horizon: 12 });
    expect(await ann.ask({ type: "submit", seq: 1, base: 11, op: ["x"] })).toMatchObject({
      code: "too_old",
      seq: 1,
    });
    expect(await ann.ask({ type: "submit", seq: 1, base: 12, op: ["x"] })).toMatchObject({ version: 13 });
    const ben = await openRoomSocket(id, grantOf("ben"));
    expect(await ben.ask({ type: "hello", client_id: "ben-1", since: 5 })).toMatchObject({
      version: 13,
      text: "x12",
      horizon: 12,
    });
    const again = await openRoomSocket(id, grantOf("ben"));
    expect(await again.ask({ type: "hello", client_id: "ben-1", since: 12, last_seq: 0 })).toMatchObject({
      operations: { from: 13 },
    });
    expect(await stub.checkIntegrity()).toMatchObject({
      report: { version: 13, horizon: 12, operations: 1, faults: [] },
    });
  });

  it("the alarm seals and trims what has become due, and is not set again for nothing", async () => {
    const id = await newRoom("");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ann.ask({ type: "submit", seq: 1, base: 0, op: ["a".repeat(100_000)] });
    await stub.retain({ operations: 1, ageMs: null });
    await ann.ask({ type: "submit", seq: 2, base: 1, op: ["b".repeat(100_000)] });
    await ann.ask({ type: "submit", seq: 3, base: 2, op: ["c".repeat(100_000)] });
    const alarm = await runInDurableObject(stub, (_room, { storage }) => storage.getAlarm());
    expect(alarm).toBeGreaterThan(Date.now());
    expect(alarm).toBeLessThan(Date.now() + 6_000);
    // Looked at in the same turn: the next step is an alarm a second later.
    const stored = await runInDurableObject(stub, async (room, { storage: { sql } }) => {
      await room.alarm();
      return [
        sql.exec("SELECT count(*) AS rows FROM operations").one(),
        sql.exec("SELECT count(*) AS rows FROM segments").one(),
      ];
    });
    expect(stored).toEqual([{ rows: 0 }, { rows: 2 }]);
    await runDurableObjectAlarm(stub);
    expect(await stub.checkIntegrity()).toMatchObject({ report: { version: 3, horizon: 2, faults: [] } });
    await announced(stub);
    const next = await runInDurableObject(stub, (_room, { storage }) => storage.getAlarm());
    // What remains is the end of ann's token, not upkeep.
    expect(next === null || next > Date.now() + 10_000).toBe(true);
  });

  it("RM-7: a room that is left alone seals its tail by one alarm, and then has none", async () => {
    const id = await edited(200);
    const stub = env.ROOMS.getByName(id);
    const alarm = () => runInDurableObject(stub, (_room, { storage }) => storage.getAlarm());
    await announced(stub);
    expect(((await alarm()) ?? 0) - Date.now()).toBeGreaterThan(590_000);
    // Ten minutes go by.
    await runInDurableObject(stub, (_room, { storage: { sql } }) => {
      sql.exec("UPDATE operations SET at = at - 600000");
    });
    await evictDurableObject(stub);
    const before = await stub.stats();
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await alarm()).toBeNull();
    const { rowsWritten } = await stub.stats();
    expect(rowsWritten - before.rowsWritten).toBeLessThan(10);
    await evictDurableObject(stub);
    expect(await stub.read()).toMatchObject({ version: 200, content: "200" });
    expect((await stub.stats()).rowsRead).toBeLessThan(30);
    expect(await stub.checkIntegrity()).toMatchObject({ report: { version: 200, faults: [] } });
  });

  it("answers not_found where there is no document", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    const notFound = { ok: false, code: "not_found" };
    expect(await stub.compact()).toMatchObject(notFound);
    expect(await stub.retain({ operations: 1, ageMs: null })).toMatchObject(notFound);
    expect(await stub.checkIntegrity()).toMatchObject(notFound);
  });
});

describe("integrity check", () => {
  /** What the check says after something was done to the storage. */
  async function checkAfter(statement: string, prepare: (id: string) => Promise<unknown> = async () => {}) {
    const id = await edited(20);
    await prepare(id);
    const stub = env.ROOMS.getByName(id);
    await runInDurableObject(stub, (_room, { storage }) => {
      storage.sql.exec(statement);
    });
    const checked = await stub.checkIntegrity();
    return checked.ok ? checked.report : undefined;
  }

  it("finds nothing in a sound history, hot or sealed", async () => {
    expect(await checkAfter("SELECT 1")).toMatchObject({ version: 20, operations: 20, faults: [] });
    const compacted = await checkAfter("SELECT 1", (id) => env.ROOMS.getByName(id).compact());
    expect(compacted).toMatchObject({ version: 20, operations: 20, faults: [] });
  });

  it("finds an operation that was changed, lost or does not fit, a text that differs, and a segment that is damaged", async () => {
    const what = async (...args: Parameters<typeof checkAfter>) =>
      (await checkAfter(...args))?.faults.map((fault) => fault.what);
    expect(
      await what(`UPDATE operations SET entries = replace(entries, '"7"', '"8"') WHERE last_version = 7`),
    ).toEqual([]);
    expect(
      await what(`UPDATE operations SET entries = replace(entries, '"20"', '"21"') WHERE last_version = 20`),
    ).toEqual(["the text differs from the stored or served one"]);
    expect(await what("DELETE FROM operations WHERE last_version = 9")).toEqual([
      "the operation log has a gap after version 8",
    ]);
    expect(await what("DELETE FROM operations WHERE last_version = 20")).toEqual([
      "the log ends before version 20",
    ]);
    expect(
      await what("UPDATE operations SET entries = replace(entries, '[2,', '[3,') WHERE last_version = 9"),
    ).not.toEqual([]);
    expect(await what("UPDATE operations SET entries = '[[1,9,[999,-1]]]' WHERE last_version = 9")).toContain(
      "the operation does not fit: out_of_range",
    );
    const compact = (id: string) => env.ROOMS.getByName(id).compact();
    expect(await what("UPDATE segments SET sealed = CAST(substr(sealed, 1, 40) AS BLOB)", compact)).toEqual([
      "a segment whose sum is wrong",
    ]);
  });

  it("RM-8: tells of a room that cannot be loaded what is wrong with it", async () => {
    const id = await edited(20);
    const stub = env.ROOMS.getByName(id);
    await runInDurableObject(stub, (_room, { storage }) => {
      storage.sql.exec("DELETE FROM operations WHERE last_version = 9");
    });
    await evictDurableObject(stub);
    expect(await stub.read()).toMatchObject({ code: "unavailable" });
    expect(await stub.retain({ operations: 1, ageMs: null })).toMatchObject({ code: "unavailable" });
    const checked = await stub.checkIntegrity();
    expect(checked.ok && checked.report.faults).toEqual([
      { version: 0, what: "the room cannot load it" },
      { version: 0, what: "the operation log has a gap after version 8" },
    ]);
  });

  it("goes through a long log in steps, and is not led astray by what is committed between them", () => {
    const room = new RoomHarness();
    const operations = Array.from({ length: 5_000 }, (_, index) => [index + 1, index] as const);
    const ann = room.open("ann", "ann-1");
    for (const [seq, base] of operations) room.send(ann, { type: "submit", seq, base, op: ["x"] });
    room.turn();
    const check = checkIntegrity(room.log, { version: 5_000, text: room.text });
    let steps = 0;
    let step = check.next();
    for (; !step.done; step = check.next()) {
      steps += 1;
      room.room.requests.replaceContent({ content: `other ${steps}`, author });
    }
    expect(steps).toBeGreaterThan(1);
    expect(step.value).toMatchObject({ version: 5_000, operations: 5_000, faults: [] });
  });

  it("finds that a recorded text differs, at its version", async () => {
    const id = await newRoom("x".repeat(70_000));
    const stub = env.ROOMS.getByName(id);
    await runInDurableObject(stub, (_room, { storage }) => {
      storage.sql.exec("UPDATE points SET sum = sum + 1");
    });
    const checked = await stub.checkIntegrity();
    expect(checked).toMatchObject({
      report: { faults: [{ version: 1, what: "the text differs from the recorded sum" }] },
    });
  });

  it("finds that the hashes which were stored with a text are of another", async () => {
    const id = await newRoom("x".repeat(70_000));
    const stub = env.ROOMS.getByName(id);
    await runInDurableObject(stub, (_room, { storage: { sql } }) => {
      const { hashes } = sql
        .exec<{ hashes: ArrayBuffer }>("SELECT chunk_hashes AS hashes FROM snapshot")
        .one();
      const damaged = new Uint32Array(hashes);
      damaged[1]! ^= 1;
      sql.exec("UPDATE snapshot SET chunk_hashes = ?", damaged.buffer);
    });
    const checked = await stub.checkIntegrity();
    expect(checked).toMatchObject({
      report: { faults: [{ version: 1, what: "the stored hashes of the text are of another" }] },
    });
  });
});

describe("nearly full storage", () => {
  it("refuses writes in time and says so; reads, repeats and redaction go on", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, (_room, { storage }) => {
      const log = new SqliteOperationLog(storage, { fullAt: 150_000 });
      const later: (() => void)[] = [];
      const room = new Room({
        log,
        now: () => 1_000_000,
        later: (flush) => later.push(flush),
        report: (error) => {
          throw error;
        },
        wakeBy: () => {},
        diverged: () => {},
        authorize: async () => ({ ok: false, code: "forbidden", detail: "" }),
      });
      room.requests.create({ content: "start", author });
      const ann = new RecordedPeer(grantOf("ann"));
      room.join(ann);
      const ask = (frame: object) => {
        room.receive(ann, JSON.stringify(frame));
        for (const flush of later.splice(0)) flush();
        return ann.take().at(-1);
      };
      ask({ type: "hello", client_id: "ann-1" });
      const chunk = "x".repeat(50_000);
      let seq = 0;
      let last: { type?: string };
      do {
        seq += 1;
        last = ask({ type: "submit", seq, base: seq, op: [chunk] });
      } while (last.type === "ack" && seq < 20);
      expect(last).toMatchObject({ type: "error", code: "storage_full", seq, retryable: true });
      expect(seq).toBeGreaterThan(2);
      expect(ask({ type: "submit", seq: 1, base: 1, op: [chunk] })).toMatchObject({
        type: "ack",
        version: 2,
      });
      expect(ask({ op_type: "insert", position: 0, content: "x" })).toMatchObject({ code: "storage_full" });
      expect(room.requests.replaceContent({ content: "new", author })).toMatchObject({
        ok: false,
        code: "storage_full",
      });
      expect(room.requests.read()).toMatchObject({ ok: true, version: seq });
      expect(ask({ type: "hello", client_id: "ann-1" })).toMatchObject({ type: "welcome", version: seq });
      // Sealing makes room again.
      while (log.upkeep(0, true));
      expect(ask({ type: "submit", seq, base: seq, op: ["x"] })).toMatchObject({
        type: "ack",
        version: seq + 1,
      });
    });
  });
});
