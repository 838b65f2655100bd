import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { announced, grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

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

  it("PR-3: an alarm is set while somebody is shown to another, and takes the dead away, also after hibernation", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const alarm = () => runInDurableObject(stub, (_room, { storage }) => storage.getAlarm());
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    const from = Date.now();
    ann.send({ type: "presence", version: 1, selections: [[0, 0]] });
    await ann.drain();
    const to = Date.now();
    expect(((await alarm()) ?? 0) - Date.now()).toBeGreaterThan(60_000);
    const ben = await openRoomSocket(id, grantOf("ben"));
    await ben.ask({ type: "hello", client_id: "ben-1" });
    const shownAt = ((await alarm()) ?? 0) - 30_000;
    expect(shownAt).toBeGreaterThanOrEqual(from);
    expect(shownAt).toBeLessThanOrEqual(to);

    // Ann's last sign of life was half a minute ago, as far as what outlives hibernation can tell.
    await runInDurableObject(stub, (_room, state) => {
      for (const socket of state.getWebSockets()) {
        const attachment = socket.deserializeAttachment();
        const { session } = attachment;
        session.since -= 30_000;
        if (session.presence) session.presence.at -= 30_000;
        socket.serializeAttachment(attachment);
      }
    });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    // Ben may also have got what was already in his welcome.
    let frame = await ben.next();
    if (!frame.items[0].gone) frame = await ben.next();
    expect(frame).toEqual({ type: "presence", version: 1, items: [{ actor: 2, gone: true }] });
    expect(((await alarm()) ?? 0) - Date.now()).toBeGreaterThan(60_000);
  });

  it("RM-5, AC-2: a socket that the room closed is nobody's when the room wakes, though its client has not closed it", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    const ben = await openRoomSocket(id, grantOf("ben"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    expect(await stub.revoke({ userId: "ann" }, "removed")).toEqual({ sockets: 1 });
    const attachments = () =>
      runInDurableObject(stub, (_room, state) =>
        state
          .getWebSockets()
          .map((socket) => socket.deserializeAttachment()?.session.grant.userId)
          .sort(),
      );
    const before = await attachments();
    expect(before).not.toContain("ann");
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await stub.attendees()).toMatchObject({ attendees: [{ userId: "ben" }] });
    expect((await stub.stats()).sockets).toBe(1);
    expect(await ann.next()).toEqual({ closed: 4403 });
    expect(await ben.ask({ type: "submit", seq: 1, base: 1, op: ["a "] })).toMatchObject({ version: 2 });
  });

  it("RM-5: an open socket whose attachment this code did not write is closed with 4503, the others stay", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    const ben = await openRoomSocket(id, grantOf("ben"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    await runInDurableObject(stub, (_room, state) => {
      for (const socket of state.getWebSockets())
        if (socket.deserializeAttachment().session.grant.userId === "ann") socket.serializeAttachment(null);
    });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    expect(await stub.attendees()).toMatchObject({ attendees: [{ userId: "ben" }] });
    expect(await ann.next()).toEqual({ closed: 4503 });
    expect(await ben.ask({ type: "submit", seq: 1, base: 1, op: ["a "] })).toMatchObject({ version: 2 });
  });

  // How soon, in the room's own time: presence.test.ts. Here it is enough that nobody waits for the silence of half a minute.
  it("PR-3: who closes is gone for the others at once", async () => {
    for (const leave of ["close", "superseded"] as const) {
      const id = await newRoom("text");
      const ann = await openRoomSocket(id, grantOf("ann"));
      const ben = await openRoomSocket(id, grantOf("ben"));
      await ann.ask({ type: "hello", client_id: "ann-1" });
      await ben.ask({ type: "hello", client_id: "ben-1" });
      ann.send({ type: "presence", version: 1, selections: [[0, 0]] });
      expect(await ben.next()).toMatchObject({ items: [{ actor: 2, selections: [[0, 0]] }] });
      const before = Date.now();
      if (leave === "close") ann.close();
      else
        await openRoomSocket(id, grantOf("ann")).then((again) =>
          again.ask({ type: "hello", client_id: "ann-1" }),
        );
      expect(await ben.next()).toMatchObject({ type: "presence", items: [{ actor: 2, gone: true }] });
      expect(Date.now() - before).toBeLessThan((limits.silenceSeconds * 1_000) / 2);
    }
  });

  it("RM-7: without a socket no alarm is set but to announce an edit, and nothing is left to run when a turn is over", async () => {
    const id = await newRoom("text");
    const stub = env.ROOMS.getByName(id);
    const alarm = () => runInDurableObject(stub, (_room, state) => state.storage.getAlarm());
    expect(await alarm()).toBeNull();
    await stub.replaceContent({ content: "other", author: { userId: "ann", kind: "program" } });
    expect(await alarm()).not.toBeNull();
    await announced(stub);
    expect(await alarm()).toBeNull();

    const room = new RoomHarness();
    const ann = room.open("ann", "ann-1");
    room.ask(ann, { type: "submit", seq: 1, base: 0, op: ["a"] });
    expect(room.scheduled).toBe(0);
    room.ask(ann, { type: "submit", seq: 2, base: 9, op: ["refused"] });
    room.ask(ann, { type: "hello", client_id: "ann-1" });
    expect(room.scheduled).toBe(0);
  });
});
