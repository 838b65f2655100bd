import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { closeReason } from "../../src/protocol/close-codes.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const submit = (seq: number, base: number, op: unknown) => ({ type: "submit", seq, base, op });

describe("a role that changes while sockets are open", () => {
  it("AC-1: it holds from the next frame on, for every socket of the person, and is told to who said hello", () => {
    const room = new RoomHarness();
    const [one, two] = [room.open("ann", "ann-1"), room.open("ann", "ann-2")];
    const seed = room.open("ann");
    const ben = room.open("ben", "ben-1");
    expect(room.room.setRole("ann", "viewer", "moved to readers")).toBe(3);
    const told = { type: "role", role: "viewer", reason: "moved to readers" };
    expect([one.take(), two.take(), seed.take(), ben.take()]).toEqual([[told], [told], [], []]);
    expect(room.ask(one, submit(1, 0, ["a"]))).toMatchObject([{ type: "error", code: "forbidden", seq: 1 }]);
    expect(room.ask(seed, { op_type: "insert", position: 0, content: "s" })).toMatchObject([
      { success: false, code: "forbidden" },
    ]);
    expect(room.ask(ben, submit(1, 0, ["b"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
    expect(room.text).toBe("b");
  });

  it("AC-1: who is promoted edits without connecting anew, and goes on at the same seq", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1", { role: "viewer" });
    expect(room.ask(ann, submit(1, 0, ["a"]))).toMatchObject([{ code: "forbidden" }]);
    room.room.setRole("ann", "editor", "promoted");
    expect(ann.take()).toEqual([{ type: "role", role: "editor", reason: "promoted" }]);
    expect(room.ask(ann, submit(1, 0, ["a"]))).toEqual([{ type: "ack", seq: 1, version: 1 }]);
  });

  it("AC-1: what was accepted before is acknowledged before the role is told; its repeat still is, after it", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.send(ann, submit(1, 0, ["a"]));
    room.room.setRole("ann", "viewer", "");
    expect(ann.take().map(({ type }) => type)).toEqual(["ack", "role"]);
    expect(room.ask(ann, submit(1, 0, ["a"]))).toEqual([{ type: "ack", seq: 1, version: 1 }]);
    expect(room.ask(ann, submit(2, 1, ["b"]))).toMatchObject([{ code: "forbidden", seq: 2 }]);
  });

  it("a role that one has already is told to nobody", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    expect(room.room.setRole("ann", "owner", "")).toBe(0);
    expect(ann.take()).toEqual([]);
  });

  it("AC-1, RM-7: it reaches a sleeping room's sockets, and outlives hibernation", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await stub.setRole("ann", "viewer", "because")).toEqual({ sockets: 1 });
    expect(await ann.next()).toEqual({ type: "role", role: "viewer", reason: "because" });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await ann.ask(submit(1, 1, ["x"]))).toMatchObject({ type: "error", code: "forbidden", seq: 1 });
    await stub.setRole("ann", "editor", "again");
    await ann.next();
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await ann.ask(submit(1, 1, ["x"]))).toMatchObject({ type: "ack", seq: 1, version: 2 });
  });
});

describe("access that is revoked", () => {
  it("AC-2: a person's sockets are closed with 4403 for good, and what they had under way is not heard", () => {
    const room = new RoomHarness();
    const [ann, seed, ben] = [room.open("ann", "ann-1"), room.open("ann"), room.open("ben", "ben-1")];
    expect(room.room.revoke({ userId: "ann" }, "removed")).toBe(2);
    expect([ann.closed, seed.closed, ben.closed]).toEqual([4403, 4403, undefined]);
    room.ask(ann, submit(1, 0, ["a"]));
    room.ask(seed, { op_type: "insert", position: 0, content: "s" });
    expect(room.version).toBe(0);
  });

  it("AC-2: a sign-in's sockets are closed, those of the person's other sign-ins are not", () => {
    const room = new RoomHarness();
    const phone = room.open("ann", "ann-1", { sessionId: "phone" });
    const desk = room.open("ann", "ann-2", { sessionId: "desk" });
    expect(room.room.revoke({ sessionId: "phone" }, "signed out")).toBe(1);
    expect([phone.closed, desk.closed]).toEqual([4403, undefined]);
  });

  it("AC-2: a grant that was decided before a change and comes after it is held to the change; a later one is not", () => {
    const room = new RoomHarness();
    room.room.setRole("ann", "viewer", "demoted");
    room.room.revoke({ sessionId: "lost phone" }, "signed out");
    room.now += 1;
    const late = room.open("ann", "ann-1", { decidedAt: room.now - 2 });
    expect(late.session.grant.role).toBe("viewer");
    expect(room.open("ann", "ann-2", { decidedAt: room.now }).session.grant.role).toBe("owner");
    const phone = { sessionId: "lost phone" };
    expect(room.open("ann", undefined, { ...phone, decidedAt: room.now - 2 }).closed).toBe(4403);
    expect(room.open("ann", undefined, { ...phone, decidedAt: room.now }).closed).toBeUndefined();
    // Long after, no grant of then can still be on its way, and the room forgets.
    room.now += 120_000;
    room.room.setRole("ben", "viewer", "");
    expect(room.open("ann", "ann-3", { decidedAt: 1 }).session.grant.role).toBe("owner");
  });

  it("AC-2: the socket of a client is closed with the reason, within what a close frame may carry", async () => {
    const id = await newRoom("text");
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    expect(await env.ROOMS.getByName(id).revoke({ userId: "ann" }, "é".repeat(200))).toEqual({ sockets: 1 });
    expect(await ann.next()).toEqual({ closed: 4403 });
    expect(closeReason("é".repeat(200))).toBe("é".repeat(61));
    expect(closeReason("short")).toBe("short");
  });
});
