import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { RoomHarness } from "../support/room-harness.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

describe("RM-7: an idle room sleeps", () => {
  it("RM-7: a ping is answered by the platform, for a room that is not in memory", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const socket = await openRoomSocket(id, grantOf("ann"));
    await socket.ask({ type: "hello", client_id: "ann-1" });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await socket.ask("ping")).toBe("pong");
    const answered = await runInDurableObject(stub, (_room, state) =>
      state.getWebSockets().map((ws) => state.getWebSocketAutoResponseTimestamp(ws)),
    );
    expect(answered).toEqual([expect.any(Date)]);
    expect(await socket.ask({ type: "submit", seq: 1, base: 1, op: ["a "] })).toMatchObject({
      type: "ack",
      version: 2,
    });
  });

  it("RM-7: without a socket no alarm is set, and nothing is left to run when a turn is over", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    await stub.replaceContent({ content: "other", author: { userId: "ann", kind: "program" } });
    expect(await runInDurableObject(stub, (_room, state) => state.storage.getAlarm())).toBeNull();

    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.ask(ann, { type: "submit", seq: 1, base: 0, op: ["a"] });
    expect(room.scheduled).toBe(0);
    room.ask(ann, { type: "submit", seq: 2, base: 9, op: ["refused"] });
    room.ask(ann, { type: "hello", client_id: "ann-1" });
    expect(room.scheduled).toBe(0);
  });
});
