import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deletion, insertion } from "../../src/ot/operation.ts";
import { Random } from "../support/ot-random.ts";
import { readFrame } from "../support/read-frame.ts";
import type { NetworkSocket } from "../support/room-network.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const gatherMs = 300;

/** The operations that a socket was to carry. */
const sentBy = (socket: NetworkSocket | undefined) =>
  (socket?.sent ?? []).map((message) => readFrame(message)).filter(({ type }) => type === "submit");

async function setUpTypist(content = "") {
  const setup = setUp(content);
  const ann = setup.session("ann", { gatherMs });
  await settle(setup.room);
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await settle(setup.room);
  };
  const ops = (at = 0) => sentBy(setup.network.sockets[at]).map(({ op }) => op);
  return { ...setup, ann, pass, ops };
}

describe("gatherMs", () => {
  it("the first keystroke after a pause goes at once, what is typed until the time has passed goes as one", async () => {
    const { room, ann, pass, ops } = await setUpTypist();
    for (const [at, letter] of [..."abcdefgh"].entries()) {
      ann.edit(insertion(at, letter));
      await pass(0);
      expect(room.text[0]).toBe("a");
      await pass(100);
    }
    await pass(gatherMs);
    expect(ops()).toEqual([["a"], [1, "bc"], [3, "def"], [6, "gh"]]);
    expect([room.text, ann.isSaved]).toEqual(["abcdefgh", true]);
    await pass(10 * gatherMs);
    ann.edit(insertion(8, "!"));
    await pass(0);
    expect(room.text).toBe("abcdefgh!");
  });

  it("8 keystrokes a second are at most 20 bytes each, up and down, WebSocket headers included", async () => {
    const { room, network, session, ann, pass } = await setUpTypist("x".repeat(20_000));
    session("ben");
    await settle(room);
    let down = 0;
    const { peer } = network.sockets[1]!;
    const send = peer.send.bind(peer);
    peer.send = (frame) => {
      down += frame.length + 2;
      send(frame);
    };
    const keys = 80;
    for (let key = 0; key < keys; key++) {
      ann.edit(insertion(12_345 + key, "a"));
      await pass(125);
    }
    await pass(gatherMs);
    const up = network.sockets[0]!.sent.slice(1).reduce((sum, frame) => sum + frame.length + 6, 0);
    expect(room.text).toHaveLength(20_000 + keys);
    expect(up / keys).toBeLessThanOrEqual(20);
    expect(down / keys).toBeLessThanOrEqual(20);
  });

  it("saved() and close() do not wait for it", async () => {
    const { room, ann, ops } = await setUpTypist();
    ann.edit(insertion(0, "a"));
    await settle(room);
    ann.edit(insertion(1, "b"));
    ann.edit(insertion(2, "c"));
    const saved = ann.saved();
    await settle(room);
    await saved;
    expect(ops()).toEqual([["a"], [1, "bc"]]);
    ann.edit(insertion(3, "d"));
    await settle(room);
    expect(room.text).toBe("abc");
    const closed = ann.saved().catch(() => "closed");
    ann.edit(insertion(4, "e"));
    ann.close();
    await settle(room);
    expect(ops().at(-1)).toEqual([3, "d"]);
    expect(await closed).toBe("closed");
  });

  it("FL-1: a pause that the room asked for is kept, however soon the next might go", async () => {
    const { network, ann, pass, ops } = await setUpTypist();
    const [socket] = network.sockets;
    socket!.loseAnswers = true;
    ann.edit(insertion(0, "a"));
    await pass(0);
    socket?.emit("message", { data: '{"type":"slow_down","seq":1,"retry_ms":5000}' });
    ann.edit(insertion(1, "b"));
    void ann.saved();
    await pass(4_900);
    expect(ops()).toEqual([["a"]]);
    await pass(200);
    expect(ops()).toEqual([["a"], ["a"]]);
  });

  it("what comes to nothing is not sent, and is saved", async () => {
    const { room, ann, pass, ops } = await setUpTypist("text");
    ann.edit(insertion(0, "a"));
    await settle(room);
    ann.edit(insertion(1, "oops"));
    expect(ann.isSaved).toBe(false);
    ann.edit(deletion(1, 4));
    await pass(gatherMs);
    expect(ops()).toEqual([["a"]]);
    expect([ann.isSaved, ann.status, ann.text]).toEqual([true, { kind: "saved" }, "atext"]);
    ann.edit(insertion(1, "b"));
    await pass(gatherMs);
    expect([room.text, ann.isSaved]).toEqual(["abtext", true]);
  });

  it("RM-3: what has left goes out again unchanged and at once, whatever was typed since", async () => {
    const { room, network, ann, pass, ops } = await setUpTypist("long enough for operations to be shorter");
    const acknowledged = recordOf(ann, "acknowledged");
    const [first] = network.sockets;
    // It leaves, and does not arrive.
    first!.closed = true;
    ann.edit(insertion(0, "a"));
    ann.edit(insertion(1, "b"));
    first?.emit("close", { code: 1006, reason: "" });
    await pass(gatherMs / 2);
    expect(ops(0)).toEqual([["a"]]);
    expect(ops(1)).toEqual([["a"]]);
    ann.edit(insertion(2, "c"));
    await pass(gatherMs);
    expect(room.text).toMatch(/^abclong/);
    expect(ops(1)).toEqual([["a"], [1, "bc"]]);
    expect(acknowledged.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("OT-1, OT-6, RM-3: sessions that gather converge, whatever is undone, lost and interrupted", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const jitter = vi.spyOn(Math, "random").mockImplementation(() => random.int(1_000) / 1_000);
      const { room, network, session } = setUp("seed text");
      const sessions = ["ann", "ben", "cat"].map((user, n) =>
        session(user, { gatherMs: [0, 50, gatherMs][n] ?? 0, retry: { first: 10, most: 10 } }),
      );
      await settle(room);
      for (let step = 0; step < 120; step++) {
        const one = random.pick(sessions);
        const { length } = one;
        const kind = random.int(10);
        if (kind < 5) one.edit(insertion(random.int(length + 1), random.pick(["a", "bc", "\n"])));
        else if (kind < 7 && length > 2) one.edit(deletion(random.int(length - 2), 1 + random.int(2)));
        else if (kind === 7) one.undo();
        else if (kind === 8) one.redo();
        else if (random.chance(0.3)) {
          const socket = random.pick(
            network.sockets.filter(({ closed }) => !closed).concat(network.sockets[0]!),
          );
          if (random.chance(0.5)) socket.loseAnswers = true;
          else socket.drop();
        }
        if (random.chance(0.5)) await settle(room);
        if (random.chance(0.4)) await vi.advanceTimersByTimeAsync(random.int(120));
      }
      for (const socket of [...network.sockets]) if (socket.loseAnswers) socket.drop();
      for (let round = 0; round < 10; round++) {
        await vi.advanceTimersByTimeAsync(500);
        await settle(room);
      }
      const first = new Map<string, string>();
      for (const { sent, protocols } of network.sockets) {
        for (const frame of sent.map((message) => readFrame(message))) {
          if (frame.type !== "submit") continue;
          const name = `${protocols[1]} ${frame.seq}`;
          const said = JSON.stringify(frame);
          expect(first.get(name) ?? said, `seed ${seed}: a submission that left was changed`).toBe(said);
          first.set(name, said);
        }
      }
      expect(room.reported, `seed ${seed}`).toEqual([]);
      jitter.mockRestore();
      for (const one of sessions) {
        expect([one.text, one.isSaved], `seed ${seed}`).toEqual([room.text, true]);
        one.close();
      }
    }
  });
});
