import { describe, expect, it, onTestFinished } from "vitest";
import { closeCodes } from "../../src/protocol/close-codes.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { Feed } from "../../src/room/fanout-api.ts";
import type { RoomResult } from "../../src/room/room-api.ts";
import { FanoutHarness, insertsOf } from "../support/fanout-harness.ts";
import type { Frame } from "../support/socket.ts";

const hello = (clientId: string, fields: object = {}) => ({ type: "hello", client_id: clientId, ...fields });

/** Something that happens when the test says so. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("a viewer's hello", () => {
  it("a client id that another socket of the same person opened ends that one; of another person, it does not", async () => {
    const fan = new FanoutHarness();
    const [old, other] = [await fan.join("vic"), await fan.join("wes")];
    for (const peer of [old, other]) expect(await fan.ask(peer, hello("shared"))).toHaveLength(1);
    const late = await fan.join("vic");
    expect(await fan.ask(late, hello("shared"))).toMatchObject([{ type: "welcome" }]);
    expect([old.closed, other.closed, late.closed]).toEqual([
      closeCodes.superseded.code,
      undefined,
      undefined,
    ]);
    // What the ended one sent before it knew is not heard.
    expect(await fan.ask(old, hello("again"))).toEqual([]);
  });

  it("said twice, it is answered twice; the second may be by another client id", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const welcomes = [await fan.ask(viewer, hello("vic-1")), await fan.ask(viewer, hello("vic-2"))];
    expect(welcomes).toMatchObject([[{ type: "welcome" }], [{ type: "welcome" }]]);
    expect(viewer.session.actor).toMatchObject({ clientId: "vic-2", userId: "vic" });
    await fan.written("a");
    expect(insertsOf(viewer.take())).toEqual(["a"]);
  });

  it("with `since`, it gets what it missed: not of another storage, and not where the history is hidden from it", async () => {
    const fan = new FanoutHarness("a text that is longer than a few operations of one character ".repeat(4));
    await fan.view("vic");
    await fan.written("a");
    const epoch = fan.relay.mirror!.epoch;
    const { room } = fan;
    const welcome = async (name: string, fields: object, grant = {}): Promise<Frame> =>
      (await fan.ask(await fan.join(name, grant), hello(name, fields)))[0];
    const missed = { operations: { from: 2, items: [{ op: ["a"] }] } };
    const whole = { text: room.text, version: 2 };
    expect(await welcome("one", { since: 1, epoch })).toMatchObject(missed);
    expect(await welcome("two", { since: 1, epoch: "another" })).toMatchObject(whole);
    expect(await welcome("three", { since: 1, epoch }, { hidesHistory: true })).toMatchObject(whole);
    // So it is for one that might edit before, whose last submission the room is asked about.
    expect(await welcome("four", { since: 1, epoch, last_seq: 1 })).toMatchObject({ ...missed, last_seq: 0 });
    expect(await welcome("five", { since: 1, epoch: "another", last_seq: 1 })).toMatchObject(whole);
    expect(await welcome("six", { since: 1, last_seq: 1 }, { hidesHistory: true })).toMatchObject(whole);
  });

  it("whose room cannot say what became of its last submission, it is to be said again", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    const late = await fan.join("late");
    fan.room.hibernate();
    fan.room.log.failLoad = true;
    expect(await fan.ask(late, hello("late-1", { since: 1, last_seq: 1 }))).toMatchObject([
      { type: "error", code: "unavailable", retryable: true },
    ]);
    expect(late.session.actor).toBeUndefined();
    fan.room.log.failLoad = false;
    expect(await fan.ask(late, hello("late-1", { since: 1, last_seq: 1 }))).toMatchObject([
      { type: "welcome", last_seq: 0 },
    ]);
  });

  it("FO-1: what the room says of the past must join what the copy has; else it is to be said again", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.join("vic");
    // The fan-out slept, and nobody who followed is there.
    fan.wake();
    const { recall } = fan.asked;
    fan.asked.recall = async (...about) => {
      const answer = await recall(...about);
      fan.write("a");
      await fan.relay.attach();
      return answer;
    };
    fan.attached = 0;
    const asked = hello("vic-1", { since: 1, last_seq: 1 });
    expect(await fan.ask(viewer, asked)).toMatchObject([{ code: "unavailable", retryable: true }]);
    expect(fan.reported.at(-1)).toEqual(new Error("the operations after those of the room are not kept"));
    fan.asked.recall = recall;
    expect(await fan.ask(viewer, asked)).toMatchObject([{ operations: { from: 2, items: [{ op: ["a"] }] } }]);
  });

  it("who left while it waited for the text is sent nothing, and is nobody's reader", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.join("vic");
    fan.relay.forget();
    const { opened, open } = gate();
    const { attach } = fan;
    fan.attach = async (since): Promise<RoomResult<Feed>> => {
      await opened;
      return attach(since);
    };
    fan.send(viewer, hello("vic-1"));
    fan.viewers.leave(viewer);
    open();
    await fan.settle();
    await fan.written("a");
    expect(viewer.take()).toEqual([]);
    expect(viewer.session.actor).toBeUndefined();
  });

  it("what was redacted while it waited is not in its answer", async () => {
    const fan = new FanoutHarness();
    await fan.view("vic");
    await fan.written("SECRET");
    const late = await fan.join("late");
    const { recall } = fan.asked;
    let asked = 0;
    fan.asked.recall = async (...about) => {
      const answer = await recall(...about);
      asked += 1;
      if (asked === 1) {
        const author = { userId: "ann", kind: "person" } as const;
        fan.room.room.requests.redact({ span: { version: 2, from: 0, to: 6 }, author });
        fan.relay.forget();
      }
      return answer;
    };
    const [welcome] = await fan.ask(late, hello("late-1", { since: 1, last_seq: 1 }));
    expect(welcome.type).toBe("welcome");
    expect(JSON.stringify(welcome)).not.toContain("SECRET");
    expect(asked).toBe(2);
  });
});

describe("a viewer's other frames", () => {
  it("RM-6: a presence of a version that is not there is refused; one that is there is shown to nobody", async () => {
    const fan = new FanoutHarness();
    const [viewer, other] = [await fan.view("vic"), await fan.view("wes")];
    const show = (version: number) => ({ type: "presence", version, selections: [[0, 0]] });
    expect(await fan.ask(viewer, show(2))).toMatchObject([{ code: "base_ahead" }]);
    expect(await fan.ask(viewer, show(1))).toEqual([]);
    fan.wake();
    expect(await fan.ask(viewer, show(1))).toEqual([]);
    expect(other.take()).toEqual([]);
  });

  it("WR-1, WR-2: an unknown frame is ignored, a report before hello refused", async () => {
    const fan = new FanoutHarness();
    const silent = await fan.join("vic");
    expect(await fan.ask(silent, { type: "later" })).toEqual([]);
    const report = { type: "report", version: 1, hash: 1, expected: 2, operations: [] };
    expect(await fan.ask(silent, report)).toMatchObject([{ code: "hello_required" }]);
    expect(fan.room.divergences).toEqual([]);
  });

  it("OT-8: a report that the room cannot take is reported, and its sender none the wiser", async () => {
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const report = { type: "report", version: 1, hash: 1, expected: 2, operations: [] };
    fan.asked.diverged = async () => {
      throw new Error("the room does not answer");
    };
    expect(await fan.ask(viewer, report)).toEqual([]);
    expect(fan.reported).toEqual([new Error("the room does not answer")]);
  });

  it("FL-1, FL-2: too many are put off with the time to wait, and who goes on all the same is closed", async () => {
    const { socketRate } = limits;
    const burst = 500;
    Object.assign(limits, { socketRate: { perSecond: 100, burst } });
    onTestFinished(() => void Object.assign(limits, { socketRate }));
    const fan = new FanoutHarness();
    const viewer = await fan.view("vic");
    const other = await fan.view("wes");
    const submit = { type: "submit", seq: 1, base: 1, op: ["x"] };
    for (let sent = 0; sent < burst; sent++) fan.send(viewer, submit);
    viewer.take();
    expect(await fan.ask(viewer, submit)).toMatchObject([{ type: "slow_down", seq: 1 }]);
    // Of a presence the next one tells all that one wants to know.
    expect(await fan.ask(viewer, { type: "presence", version: 1, selections: [] })).toEqual([]);
    for (let sent = 0; sent <= limits.abuseFactor * burst && !viewer.closed; sent++) fan.send(viewer, submit);
    expect(viewer.closed).toBe(closeCodes.tooFast.code);
    expect(await fan.ask(other, submit)).toMatchObject([{ code: "forbidden" }]);
  });

  it("FL-3: one who does not read is closed to resync, and the others have every version", async () => {
    const fan = new FanoutHarness();
    const [slow, other] = [await fan.view("slow"), await fan.view("vic")];
    await fan.written("a");
    slow.bufferedBytes = 2 * limits.unreadBytes;
    await fan.written("b");
    expect([slow.closed, other.closed]).toEqual([closeCodes.tooSlow.code, undefined]);
    await fan.written("c");
    expect(insertsOf(other.take())).toEqual(["a", "b", "c"]);
    const back = await fan.join("slow");
    expect(await fan.ask(back, hello("slow-1", { since: 2 }))).toMatchObject([{ version: 4 }]);
  });
});

describe("a viewer's access", () => {
  it("AC-4: whose token has ended is closed, by its next frame or by the alarm", async () => {
    const fan = new FanoutHarness();
    const ending = { expiresAt: Math.floor(fan.room.now / 1000) + 10 };
    const [one, two] = [await fan.view("one", ending), await fan.view("two", ending)];
    const other = await fan.view("vic");
    await fan.pass(11_000);
    expect(await fan.ask(one, hello("one-1"))).toEqual([]);
    expect([one.closed, two.closed]).toEqual([closeCodes.tokenExpired.code, undefined]);
    fan.viewers.access.run(fan.room.now);
    expect([two.closed, other.closed]).toEqual([closeCodes.tokenExpired.code, undefined]);
  });

  it("AC-2: a change that was told above while the fan-out was not subscribed is held against those who are here", async () => {
    const fan = new FanoutHarness();
    const [one, two, three] = [await fan.view("one"), await fan.view("two"), await fan.view("three")];
    await fan.pass(1_000);
    fan.room.room.revoke({ userId: "one" }, "left");
    fan.room.room.setRole("two", "editor", "writes now");
    await fan.relay.deliver(undefined);
    expect([one.closed, two.closed, three.closed]).toEqual([
      closeCodes.revoked.code,
      closeCodes.moved.code,
      undefined,
    ]);
    // An older answer does not take the newer one back.
    const older = fan.viewers.access.changes.map((change) => ({ ...change, at: change.at - 500 }));
    fan.viewers.adopt(older.map((change) => ({ ...change, reason: "older" })));
    expect(fan.viewers.access.changes.map(({ reason }) => reason)).toEqual(["left", "writes now"]);
  });

  it("AC-1: who is promoted is led to the room, wherever the news comes from: at joining, told, or by a new token", async () => {
    const fan = new FanoutHarness();
    const told = await fan.view("told");
    expect(fan.viewers.setRole("told", "editor", "writes now")).toBe(1);
    expect(told.take().at(-1)).toMatchObject({ type: "role", role: "editor" });
    const arriving = await fan.join("told", { decidedAt: fan.room.now - 1 });
    const renewed = await fan.view("vic");
    fan.authorize = async (_token, userId) => ({ ok: true, grant: fan.grant(userId, { role: "owner" }) });
    await fan.ask(renewed, { type: "auth", token: "new" });
    for (const peer of [told, arriving, renewed]) expect(peer.closed).toBe(closeCodes.moved.code);
    expect(fan.viewers.size).toBe(0);
  });

  it("AC-5: a new token holds; one of somebody whom the document is not open to ends the socket; who has left is let be", async () => {
    const fan = new FanoutHarness();
    const [renewed, refused, left] = [await fan.view("one"), await fan.view("two"), await fan.view("three")];
    const expiresAt = Math.floor(fan.room.now / 1000) + 3_000;
    fan.authorize = async (token, userId) =>
      token === "good"
        ? { ok: true, grant: fan.grant(userId, { expiresAt }) }
        : { ok: false, code: "not_found", detail: "there is no such document" };
    expect(await fan.ask(renewed, { type: "auth", token: "good" })).toEqual([
      { type: "auth", expires_at: expiresAt },
    ]);
    await fan.ask(refused, { type: "auth", token: "bad" });
    expect(refused.closed).toBe(closeCodes.revoked.code);
    fan.send(left, { type: "auth", token: "bad" });
    fan.viewers.leave(left);
    await fan.settle();
    expect(left.closed).toBeUndefined();
    // A socket may be told of its end twice.
    fan.viewers.leave(left);
    expect(fan.viewers.size).toBe(1);
  });
});
