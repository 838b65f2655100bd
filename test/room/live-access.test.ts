import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { closeReason } from "../../src/protocol/close-codes.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { announced, grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

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

describe("the end of a token", () => {
  const minute = 60;
  const start = 1_000;

  it("AC-4: is told in welcome, announced a minute before, and enforced, all by one alarm", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", undefined, { expiresAt: start + 10 * minute });
    const [welcome] = room.ask(ann, { type: "hello", client_id: "ann-1" });
    expect(welcome.expires_at).toBe(start + 10 * minute);
    expect(room.wakeAt).toBe((start + 9 * minute) * 1_000);
    room.alarm();
    expect(ann.take()).toEqual([{ type: "auth_expiring", expires_at: start + 10 * minute }]);
    expect(ann.closed).toBeUndefined();
    room.alarm();
    expect(room.now).toBe((start + 10 * minute) * 1_000);
    expect([ann.take(), ann.closed, room.wakeAt]).toEqual([[], 4401, undefined]);
  });

  it("AC-4: is announced once, though the room sleeps between, and never to who did not say hello", () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1", { expiresAt: start + 10 * minute });
    const seed = room.open("seed", undefined, { expiresAt: start + 10 * minute });
    room.alarm();
    room.hibernate();
    for (const task of room.room.tasks) void task.run(room.now);
    expect([ann.take().length, seed.take().length]).toEqual([1, 0]);
    room.alarm();
    expect([ann.closed, seed.closed]).toEqual([4401, 4401]);
  });

  it("AC-4: sockets whose tokens end at almost one time share an alarm", () => {
    const room = new RoomHarness();
    const peers = [0, 3, 9].map((n) => room.open(`u${n}`, `u${n}-1`, { expiresAt: 2_000 + n }));
    room.alarm();
    expect(peers.map((peer) => peer.take().length)).toEqual([1, 1, 1]);
  });

  it("AC-5: a new token for an open socket holds from then on; the end moves with it", async () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1", { expiresAt: start + 10 * minute });
    room.alarm();
    ann.take();
    room.send(ann, { type: "auth", token: "ann" });
    await Promise.resolve();
    const expires_at = start + 19 * minute;
    await expect.poll(() => ann.take()).toEqual([{ type: "auth", expires_at }]);
    room.alarm();
    room.alarm();
    expect(room.now).toBe((expires_at - minute) * 1_000);
    expect(ann.take()).toEqual([{ type: "auth_expiring", expires_at }]);
    expect(ann.closed).toBeUndefined();
  });

  it("AC-5: what the socket sends while its token is verified is judged by what it has, and nobody waits", async () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1", { role: "viewer" });
    const ben = room.open("ben", "ben-1");
    room.send(ann, { type: "auth", token: "ann" });
    room.send(ann, { type: "auth", token: "ann" });
    room.send(ann, submit(1, 0, ["a"]));
    expect(room.ask(ben, submit(1, 0, ["b"]))).toContainEqual({ type: "ack", seq: 1, version: 1 });
    expect(ann.take()).toMatchObject([
      { type: "error", code: "slow_down", retryable: true },
      { type: "error", code: "forbidden", seq: 1 },
      { type: "actors" },
      { type: "operations", from: 1 },
    ]);
    await expect.poll(() => ann.take()).toMatchObject([{ type: "role", role: "owner" }, { type: "auth" }]);
    expect(room.ask(ann, submit(1, 0, ["a"]))).toEqual([{ type: "ack", seq: 1, version: 2 }]);
  });

  it("AC-5: a bad token, and one that cannot be checked now, change nothing", async () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    const before = ann.session;
    room.authorize = async () => ({ ok: false, code: "invalid_token", detail: "it is not" });
    room.send(ann, { type: "auth", token: "x" });
    await expect.poll(() => ann.take()).toMatchObject([{ code: "invalid_token", retryable: false }]);
    room.authorize = () => Promise.reject(new Error("no D1"));
    room.send(ann, { type: "auth", token: "x" });
    await expect.poll(() => ann.take()).toMatchObject([{ code: "unavailable", retryable: true }]);
    expect(room.ask(ann, { type: "auth", token: 7 })).toMatchObject([{ code: "invalid_frame" }]);
    expect(room.ask(ann, { type: "auth", token: "x".repeat(5_000) })).toMatchObject([
      { code: "invalid_token" },
    ]);
    expect(ann.session).toBe(before);
    expect(room.reported).toHaveLength(1);
  });

  it("AC-5: whoever may no longer see the document is closed with 4403; who left meanwhile is not touched", async () => {
    const room = new RoomHarness();
    room.authorize = async () => ({ ok: false, code: "not_found", detail: "There is no such document." });
    const [ann, ben] = [room.open("ann", "ann-1"), room.open("ben", "ben-1")];
    room.send(ann, { type: "auth", token: "ann" });
    room.send(ben, { type: "auth", token: "ben" });
    room.room.leave(ben);
    await expect.poll(() => ann.closed).toBe(4403);
    expect([ben.closed, ben.take()]).toEqual([undefined, []]);
  });

  it("AC-2, AC-5: a grant that was decided before a change of role does not undo it", async () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.send(ann, { type: "auth", token: "ann" });
    room.now += 5;
    room.room.setRole("ann", "viewer", "demoted");
    await expect.poll(() => ann.take().map(({ type }) => type)).toContain("auth");
    expect(ann.session.grant.role).toBe("viewer");
  });

  it("AC-2, AC-5: a new token of a sign-in that has ended meanwhile closes the socket, which was of another", async () => {
    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    const { authorize } = room;
    room.authorize = async (...asked) => {
      const answer = await authorize(...asked);
      return answer.ok ? { ok: true, grant: { ...answer.grant, sessionId: "ended" } } : answer;
    };
    expect(room.room.revoke({ sessionId: "ended" }, "signed out")).toBe(0);
    room.send(ann, { type: "auth", token: "ann" });
    await expect.poll(() => ann.closed).toBe(4403);
    expect(ann.take()).toEqual([]);
  });

  it("AC-4: the alarm is set with the first socket, and closes it when its time has come", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const alarm = () => runInDurableObject(stub, (_room, state) => state.storage.getAlarm());
    // So that nothing is left for the alarm but this.
    await announced(stub);
    expect(await alarm()).toBeNull();
    const end = Math.floor(Date.now() / 1_000) + 6;
    const ann = await openRoomSocket(id, grantOf("ann", { expiresAt: end }));
    expect(await ann.ask({ type: "hello", client_id: "ann-1" })).toMatchObject({ expires_at: end });
    // It rings at once, as less than a minute is left, and is set again when it has rung.
    expect(await ann.next()).toEqual({ type: "auth_expiring", expires_at: end });
    await expect.poll(alarm).not.toBeNull();
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await ann.next()).toEqual({ closed: 4401 });
    expect(Date.now()).toBeGreaterThanOrEqual(end * 1_000);
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
    // A session that has ended is over, also for a Worker whose clock is ahead.
    expect(room.open("ann", undefined, { ...phone, decidedAt: room.now + 2 }).closed).toBe(4403);
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
