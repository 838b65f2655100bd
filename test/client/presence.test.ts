import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DocumentSession } from "../../src/client/document-session.ts";
import { deletion, insertion } from "../../src/ot/operation.ts";
import type { Selection } from "../../src/ot/selection.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { RoomHarness } from "../support/room-harness.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Time passes for the sessions and for the room, in steps short enough for both to answer each other. */
async function pass(room: RoomHarness, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += limits.presenceMs) {
    room.now += limits.presenceMs;
    await vi.advanceTimersByTimeAsync(limits.presenceMs);
    await settle(room);
  }
}

const cursorsIn = (session: DocumentSession) =>
  Object.fromEntries(session.others.map(({ userId, selections }) => [userId, selections]));

describe("DocumentSession: presence", () => {
  it("PR-2: shows the others' selections in one's own text, through edits of both sides", async () => {
    const { room, session } = setUp("Hello world");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const events = recordOf(ben, "presence");
    ann.setPresence([[6, 11]], "#123456");
    await pass(room, 100);
    expect(ben.others).toEqual([
      { actor: 2, userId: "ann", name: "ann", kind: "person", color: "#123456", selections: [[6, 11]] },
    ]);
    expect(events).toEqual([{ others: ben.others }]);
    // Not sent yet, in flight, and in the buffer.
    ben.edit(insertion(0, "> "));
    expect(cursorsIn(ben)).toEqual({ ann: [[8, 13]] });
    ben.edit(deletion(0, 1));
    expect(cursorsIn(ben)).toEqual({ ann: [[7, 12]] });
    await pass(room, 100);
    expect(cursorsIn(ben)).toEqual({ ann: [[7, 12]] });
    ann.edit(insertion(12, "!"));
    await pass(room, 100);
    expect([ben.text, cursorsIn(ben)]).toEqual([" Hello world!", { ann: [[7, 13]] }]);
  });

  it("is mapped already when the change is told", async () => {
    const { room, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    ann.setPresence([[4, 4]]);
    await pass(room, 100);
    const seen: unknown[] = [];
    ben.on("change", () => seen.push(cursorsIn(ben).ann));
    ann.edit(insertion(0, "a "));
    await settle(room);
    expect(seen).toEqual([[[6, 6]]]);
  });

  it("is sent in pauses, the newest state last, and not before everything typed is saved", async () => {
    const { room, network, session } = setUp("0123456789");
    const ann = session("ann");
    await settle(room);
    const sent = () =>
      network.sockets[0]?.sent
        .filter((frame) => frame.includes('"presence"'))
        .map((frame) => JSON.parse(frame));
    for (let head = 0; head <= 10; head++) ann.setPresence([[0, head]]);
    expect(sent()).toEqual([{ type: "presence", version: 1, selections: [[0, 0]] }]);
    await pass(room, 50);
    expect(sent()?.slice(1)).toEqual([{ type: "presence", version: 1, selections: [[0, 10]] }]);
    await pass(room, 1_000);
    expect(sent()).toHaveLength(2);
    ann.edit(insertion(10, "!"));
    ann.setPresence([[11, 11]]);
    expect(sent()).toHaveLength(2);
    await pass(room, 100);
    expect(sent()?.slice(2)).toEqual([{ type: "presence", version: 2, selections: [[11, 11]] }]);
  });

  it("one's own selections go along with others' edits until they are sent", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const [socket] = network.sockets;
    if (socket) socket.loseAnswers = true;
    ann.edit(insertion(4, "!"));
    ann.setPresence([[5, 5]]);
    ben.edit(insertion(0, "a "));
    await settle(room);
    socket?.drop();
    await pass(room, 500);
    expect([ann.text, cursorsIn(ben)]).toEqual(["a text!", { ann: [[7, 7]] }]);
  });

  it("is sent again after a reconnect, and nobody is taken to be there without a connection", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    ann.setPresence([[1, 1]]);
    ben.setPresence([[2, 2]]);
    await pass(room, 100);
    const events = recordOf(ben, "presence");
    network.sockets[0]?.drop();
    room.pass(limits.presenceMs);
    expect([ann.others, ben.others]).toEqual([[], []]);
    await pass(room, 1_000);
    expect([cursorsIn(ann), cursorsIn(ben)]).toEqual([{ ben: [[2, 2]] }, { ann: [[1, 1]] }]);
    expect(events.map(({ others }) => others.length)).toEqual([0, 1]);
  });

  it("null takes it back, and who closes is gone", async () => {
    const { room, session } = setUp("text");
    const [ann, ben, eve] = [session("ann"), session("ben"), session("eve")];
    await settle(room);
    for (const each of [ann, ben]) each.setPresence([[0, 0]]);
    await pass(room, 100);
    expect(Object.keys(cursorsIn(eve))).toEqual(["ann", "ben"]);
    ann.setPresence(null);
    ben.close();
    await pass(room, 100);
    expect(eve.others).toEqual([]);
  });

  it("sends no more selections than the room takes", async () => {
    const { room, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    ann.setPresence(Array.from({ length: 1_000 }, (): Selection => [0, 0]));
    await pass(room, 100);
    expect(ben.others[0]?.selections).toHaveLength(limits.selections);
  });
});

describe("DocumentSession: heartbeat", () => {
  it("pings, and connects again when no answer comes", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    await settle(room);
    const [socket] = network.sockets;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([socket?.pings, socket?.closed]).toEqual([6, false]);
    if (socket) socket.loseAnswers = true;
    await vi.advanceTimersByTimeAsync(21_000);
    await settle(room);
    expect([socket?.closed, network.sockets.length, ann.connection.state]).toEqual([true, 2, "live"]);
    ann.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets[1]?.pings).toBeLessThan(2);
  });

  it("PR-3: who pings is shown on, though it never moves; who is cut off is gone within 30 s", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    ann.setPresence([[1, 1]]);
    await pass(room, 100);
    for (let rung = 0; rung < 4; rung++) {
      await pass(room, Math.max(50, (room.wakeAt ?? 0) - room.now));
      room.alarm();
      await settle(room);
      expect(cursorsIn(ben)).toEqual({ ann: [[1, 1]] });
    }
    // The cable is pulled: no ping arrives, and no close.
    const [socket] = network.sockets;
    const cutAt = room.now;
    network.answers = false;
    if (socket) socket.send = () => {};
    for (let rung = 0; rung < 3 && ben.others.length > 0; rung++) {
      room.alarm();
      await settle(room);
    }
    expect(ben.others).toEqual([]);
    expect(room.now - cutAt).toBeLessThanOrEqual(30_000);
    ann.close();
  });

  it("shows itself again once its pings, held back in the background, go out in time", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    await settle(room);
    ann.setPresence([[1, 1]]);
    await pass(room, 100);
    const sent = () => network.sockets[0]?.sent.filter((frame) => frame.includes('"presence"')).length;
    expect(sent()).toBe(1);
    // The tab sleeps: time goes on, its timers do not.
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toBe(2);
    ann.close();
  });
});
