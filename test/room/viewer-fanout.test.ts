import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Text } from "../../src/ot/text.ts";
import { closeCodes } from "../../src/protocol/close-codes.ts";
import { limits } from "../../src/protocol/limits.ts";
import { fanoutOf, openViewer, setUpAudience, Viewer } from "../support/audience.ts";
import { grantOf, openRoomSocket } from "../support/socket.ts";

// The objects run in this isolate: small audiences show what large ones do.
const { directViewers, fanoutViewers } = limits;
beforeAll(() => {
  Object.assign(limits, { directViewers: 2, fanoutViewers: 60 });
});
afterAll(() => {
  Object.assign(limits, { directViewers, fanoutViewers });
});

describe("an audience behind fan-outs", () => {
  it("200 viewers over several shards converge, and cost the room a frame for each shard", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(200);
    const stub = env.ROOMS.getByName(room);
    const before = await stub.stats();
    for (let edit = 0; edit < 10; edit++) await write();
    await expectAll();
    const after = await stub.stats();
    expect(after.sockets).toBe(3);
    // The ack and the frames of the two direct viewers.
    expect(after.framesOut - before.framesOut).toBeLessThanOrEqual(10 * 3 + 2);
    const shards = await Promise.all([0, 1, 2, 3].map((shard) => fanoutOf(room, shard).stats()));
    expect(shards.map(({ sockets }) => sockets)).toEqual([60, 60, 60, 20]);
    expect(audience[0]!.others[0]).toMatchObject({ type: "actors" });
  });

  it("FO-1: eviction of the fan-out, of the room, and of both, between frames: nobody misses or repeats a version", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(3);
    const stubs = [
      [fanoutOf(room)],
      [env.ROOMS.getByName(room)],
      [env.ROOMS.getByName(room), fanoutOf(room)],
    ];
    for (const evicted of stubs) {
      for (let edit = 0; edit < 3; edit++) {
        await write();
        await expectAll();
        for (const stub of evicted) await evictDurableObject(stub, { webSockets: "hibernate" });
      }
      audience.push(await Viewer.join(room, `late-${audience.length}`));
    }
    await write();
    await expectAll();
  });

  it("FO-1: the socket that bears the version leaves while the fan-out sleeps; the version stays", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(3);
    await write();
    await expectAll();
    for (const leaver of audience.splice(0, 2)) {
      await evictDurableObject(fanoutOf(room), { webSockets: "hibernate" });
      leaver.socket.close();
      await leaver.socket.next();
      await fanoutOf(room).stats();
      await evictDurableObject(fanoutOf(room), { webSockets: "hibernate" });
      await write();
      await expectAll();
    }
  });

  it("FO-1: frames that are lost, doubled or late on the way are fetched, or left out", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(2);
    const fanout = fanoutOf(room);
    const [first] = audience;
    await write();
    await expectAll();
    const frame = (from: number, op: string[]) =>
      JSON.stringify({ type: "operations", from, items: [{ op, actor: 1, seq: from }] });
    // Doubled.
    await fanout.deliver([frame(2, ["twice"])]);
    // Lost: the next one is of a version that does not follow. It is not taken at its word.
    await fanout.deliver([frame(9, ["from nowhere"])]);
    await write();
    await expectAll();
    // The room could not deliver, and has written meanwhile.
    await runInDurableObject(env.ROOMS.getByName(room), async (instance) => {
      await instance.replaceContent({ content: "new", author: { userId: "ann", kind: "program" } });
    });
    await fanout.deliver(undefined);
    await first!.reach(4);
    expect(first!.text.toString()).toBe("new");
  });

  it("a viewer comes back: by operations where they are kept, with its number if it wrote before", async () => {
    const { room, content } = await setUpAudience(1);
    const ben = await openRoomSocket(room, grantOf("ben"));
    await ben.ask({ type: "hello", client_id: "ben-1" });
    ben.send({ type: "submit", seq: 1, base: 1, op: ["ben"] });
    const ack = await ben.next();
    expect(ack).toMatchObject({ type: "ack", version: 2 });
    ben.close();
    const back = new Viewer(room, "ben", await openViewer(room, "ben"));
    back.text = Text.from("text");
    back.version = 1;
    const welcome = await back.hello({ since: 1, last_seq: 1 });
    expect(welcome.operations).toEqual({ from: 2, items: [{ op: ["ben"], actor: welcome.actor, seq: 1 }] });
    expect(welcome.last_seq).toBe(1);
    expect(welcome.actor).toBeGreaterThan(0);
    expect(back.text.toString()).toBe(await content());
  });

  it("refuses edits, answers pings, and says nothing to who never said hello (WR-2)", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(1);
    const silent = await openViewer(room, "silent");
    expect(await silent.ask({ type: "presence", version: 1, selections: [] })).toMatchObject({
      code: "hello_required",
    });
    await write();
    await expectAll();
    expect(await silent.ask("ping")).toBe("pong");
    const { socket } = audience[0]!;
    expect(await socket.ask({ type: "submit", seq: 1, base: 1, op: ["x"] })).toMatchObject({
      code: "forbidden",
      seq: 1,
    });
    expect(await socket.ask({ op_type: "insert", position: 0, content: "x" })).toMatchObject({
      code: "forbidden",
      success: false,
    });
    expect(await socket.ask("{")).toMatchObject({ code: "invalid_frame" });
    expect(await socket.ask(new ArrayBuffer(1))).toMatchObject({ code: "invalid_frame" });
  });

  it("AC-2: revoked, promoted, deleted: each reaches viewers behind fan-outs, also while those sleep", async () => {
    const { room, audience } = await setUpAudience(3);
    const stub = env.ROOMS.getByName(room);
    await evictDurableObject(fanoutOf(room), { webSockets: "hibernate" });
    const decidedAt = Date.now() - 1_000;
    expect(await stub.revoke({ userId: "viewer-0" }, "left")).toEqual({ sockets: 1 });
    expect(await audience[0]!.socket.next()).toEqual({ closed: closeCodes.revoked.code });
    expect(await stub.setRole("viewer-1", "editor", "writes now")).toEqual({ sockets: 1 });
    expect(await audience[1]!.socket.next()).toMatchObject({ type: "role", role: "editor" });
    expect(await audience[1]!.socket.next()).toEqual({ closed: closeCodes.moved.code });
    // A grant that was decided before, and arrives after.
    const late = await openViewer(room, "viewer-0", { decidedAt });
    expect(await late.next()).toEqual({ closed: closeCodes.revoked.code });
    await stub.erase();
    expect(await audience[2]!.socket.next()).toEqual({ closed: closeCodes.deleted.code });
  });

  it("RM-5: a socket whose attachment this code did not write is closed with 4503, what it sends is not heard; the others stay", async () => {
    const { room, audience, write, expectAll } = await setUpAudience(3);
    await runInDurableObject(fanoutOf(room), (_fanout, state) => {
      for (const socket of state.getWebSockets()) {
        const { session } = socket.deserializeAttachment();
        if (session.grant.userId === "viewer-0") socket.serializeAttachment({ v: 1, session });
      }
    });
    await evictDurableObject(fanoutOf(room), { webSockets: "hibernate" });
    const [other] = audience.splice(0, 1);
    other!.socket.send({ type: "hello", client_id: "viewer-0-1" });
    expect(await other!.socket.next()).toEqual({ closed: closeCodes.restarted.code });
    await write();
    await expectAll();
    expect((await fanoutOf(room).stats()).sockets).toBe(2);
    await other!.comeBack();
    audience.push(other!);
    await write();
    await expectAll();
  });

  it("a room that slept and knows no numbers still leads everybody to a place", async () => {
    const { room } = await setUpAudience(3 * limits.fanoutViewers);
    await evictDurableObject(env.ROOMS.getByName(room), { webSockets: "hibernate" });
    for (let index = 0; index < 4; index++) await Viewer.join(room, `late-${index}`);
    const shards = await Promise.all([0, 1, 2, 3].map((shard) => fanoutOf(room, shard).stats()));
    expect(shards.map(({ sockets }) => sockets)).toEqual([60, 60, 60, 4]);
  });

  it("FL-1: a viewer who asks too much is slowed down like everybody", async () => {
    const { socketRate } = limits;
    Object.assign(limits, { socketRate: { perSecond: 1, burst: 100 } });
    const { audience } = await setUpAudience(1);
    const { socket } = audience[0]!;
    for (let asked = 0; asked < 110; asked++) socket.send({ type: "submit", seq: 1, base: 1, op: ["x"] });
    Object.assign(limits, { socketRate });
    for (let frame = await socket.next(); frame.type !== "slow_down"; frame = await socket.next()) {
      expect(frame).toMatchObject({ type: "error", code: "forbidden" });
    }
  });

  it("lets go of a fan-out without viewers, and of the room's memory of it", async () => {
    const { room, audience, write } = await setUpAudience(1);
    const kept = () =>
      runInDurableObject(env.ROOMS.getByName(room), (_room, { storage }) => [
        ...storage.kv.list({ prefix: "fanout:" }),
      ]);
    expect(await kept()).toHaveLength(1);
    audience[0]!.socket.close();
    await audience[0]!.socket.next();
    await write();
    await expect.poll(async () => (await kept()).length).toBe(0);
    const again = await Viewer.join(room, "again");
    const version = await write();
    await again.reach(version);
  });
});
