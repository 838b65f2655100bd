import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

describe("OT-8: what the room does about texts that differ", () => {
  it("tells the hash behind the flush that passes a multiple of the interval, to all that subscribed", () => {
    const room = new RoomHarness();
    const silent = room.open("silent");
    const ann = room.open("ann", "ann-1");
    for (let seq = 1; seq < limits.checkVersions; seq++) {
      room.send(ann, { type: "submit", seq, base: 0, op: ["x"] });
    }
    room.turn();
    expect(ann.take().filter(({ type }) => type === "check")).toEqual([]);
    const last = { type: "submit", seq: limits.checkVersions, base: 0, op: ["y"] };
    const [ack, check] = room.ask(ann, last);
    expect(ack).toMatchObject({ type: "ack", version: limits.checkVersions });
    expect(check).toEqual({ type: "check", version: limits.checkVersions, hash: expect.any(Number) });
    const [welcome] = room.ask(room.open("ben"), { type: "hello", client_id: "ben-1" });
    expect(welcome.hash).toBe(check.hash);
    expect(silent.take()).toEqual([]);
  });

  it("keeps the newest reports, and takes none from who did not say hello", async () => {
    const name = await newRoom("text");
    const stub = env.ROOMS.getByName(name);
    const ann = await openRoomSocket(name, grantOf("ann"));
    const report = { type: "report", version: 1, hash: 1, expected: 2, operations: [] };
    ann.send(JSON.stringify(report));
    expect(await ann.next()).toMatchObject({ code: "hello_required" });
    ann.send(JSON.stringify({ type: "hello", client_id: "ann-1" }));
    expect(await ann.next()).toMatchObject({ type: "welcome" });
    for (let version = 1; version <= limits.keptReports + 2; version++) {
      ann.send(JSON.stringify({ ...report, version }));
    }
    expect(await ann.drain()).toEqual([]);
    const kept = await stub.divergences();
    expect(kept.map(({ version }) => version)).toEqual([7, 6, 5, 4, 3]);
    expect(kept[0]).toMatchObject({
      userId: "ann",
      clientId: "ann-1",
      hash: 1,
      expected: 2,
      operations: "[]",
    });
  });
});
