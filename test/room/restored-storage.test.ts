import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";
import { backup, restore } from "../support/storage-backup.ts";

describe("RM-5, OT-7: storage that was put back to an older state", () => {
  it("gets another epoch: open sockets come back, a client from the future gets the text and counts anew", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    const { epoch } = await ann.ask({ type: "hello", client_id: "ann-1" });
    await ann.ask({ type: "submit", seq: 1, base: 1, op: ["1"] });
    const kept = await backup(id);
    await ann.ask({ type: "submit", seq: 2, base: 2, op: ["2"] });
    expect(await ann.ask({ type: "submit", seq: 3, base: 3, op: ["3"] })).toMatchObject({ version: 4 });
    await restore(id, kept);

    // Somebody is faster than whoever restored it.
    const ben = await openRoomSocket(id, grantOf("ben"));
    expect(await ben.ask({ type: "hello", client_id: "ben-1" })).toMatchObject({ version: 2, epoch });
    const replaced = await stub.replaceEpoch();
    expect(replaced).toEqual({ ok: true, version: 2, epoch: expect.not.stringContaining(epoch) });
    expect(await ben.next()).toEqual({ closed: 4503 });
    const other = await openRoomSocket(id, grantOf("ben"));
    const welcome = await other.ask({ type: "hello", client_id: "ben-1", since: 2, epoch });
    expect(welcome).toMatchObject({ version: 2, text: "1text", epoch: replaced.ok && replaced.epoch });
    for (let seq = 1; seq <= 3; seq++) await other.ask({ type: "submit", seq, base: 1 + seq, op: ["b"] });

    // Version 4 is there again, and is another: the epoch alone can tell.
    const again = await openRoomSocket(id, grantOf("ann"));
    const future = { type: "hello", client_id: "ann-1", since: 4, epoch, last_seq: 4 };
    expect(await again.ask(future)).toMatchObject({ version: 5, text: "bbb1text", last_seq: 1 });
    expect(await again.ask({ type: "submit", seq: 2, base: 5, op: ["4"] })).toMatchObject({ version: 6 });
    expect(await stub.checkIntegrity()).toMatchObject({ report: { version: 6, faults: [] } });
  });

  it("answers not_found where there is no document", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    expect(await stub.replaceEpoch()).toMatchObject({ ok: false, code: "not_found" });
  });
});
