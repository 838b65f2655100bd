// Single scenes of what offline-model.test.ts plays at random.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepOffline } from "../../src/client/offline/keep-offline.ts";
import { MemoryOutboxStore } from "../../src/client/offline/outbox-store.ts";
import { deletion, insertion } from "../../src/ot/operation.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A room, and sessions of Ann's that keep their edits in one store. */
function setUpKept(content = "") {
  const store = new MemoryOutboxStore();
  const { room, network, session } = setUp(content);
  const open = (clientId: string) => session("ann", { clientId, offline: keepOffline(store) });
  const pass = async (ms: number) => {
    room.now += ms;
    await vi.advanceTimersByTimeAsync(ms);
    await settle(room);
  };
  /** Asking the store and the lock takes turns of its own. */
  const ready = async (opened = open("next")) => {
    await vi.waitFor(
      async () => {
        await settle(room);
        if (!opened.role) throw new Error("not ready");
      },
      // Of the real clock, not of the test's.
      { timeout: 20_000 },
    );
    return opened;
  };
  return { store, room, network, session, open, pass, ready };
}

describe("edits that are kept", () => {
  it("CL-2: of a session that closed unsaved are taken over by the next, as they were sent; those of several, too", async () => {
    const { store, room, network, open, pass, ready } = setUpKept(".");
    const [one, two] = [await ready(open("one")), await ready(open("two"))];
    for (const socket of network.sockets) socket.loseAnswers = true;
    // The room has the first of each, and none of them knows.
    for (const [session, letter] of [
      [one, "1"],
      [two, "2"],
    ] as const) {
      session.edit(insertion(0, `sent${letter} `));
      await settle(room);
      session.edit(insertion(0, `kept${letter} `));
      await settle(room);
      session.close();
    }
    await settle(room);
    expect(store.rows.size).toBeGreaterThan(0);
    const next = await ready();
    await pass(1_000);
    await pass(10_000);
    for (const word of ["sent1", "sent2", "kept1", "kept2"]) expect(room.text.split(word)).toHaveLength(2);
    expect(next.text).toBe(room.text);
    expect([...store.rows]).toEqual([]);
    next.close();
    // One that is closed before it knows what was left takes nothing with it.
    const brief = open("four");
    brief.close();
    await settle(room);
    const last = await ready();
    expect(last.text).toBe(room.text);
    last.close();
  });

  it("CL-2: on a disk that lost its last writes, what may be saved already is handed to the person, not sent again", async () => {
    const { store, room, network, open, pass, ready } = setUpKept(".");
    const first = await ready(open("one"));
    network.sockets[0]!.loseAnswers = true;
    first.edit(insertion(0, "sent "));
    await settle(room);
    first.edit(insertion(0, "behind "));
    await settle(room);
    const before = new Map(store.rows);
    network.sockets[0]!.drop();
    await pass(1_000);
    expect([room.text, first.isSaved]).toEqual(["behind sent .", true]);
    first.close();
    await settle(room);
    for (const [key, value] of before) store.rows.set(key, value);

    const next = open("two");
    const rescued = recordOf(next, "rescued");
    await ready(next);
    await pass(1_000);
    expect([next.text, room.text]).toEqual(["behind sent .", "behind sent ."]);
    expect(rescued).toEqual([{ text: "behind ", near: 0 }]);
    expect([next.unsaved, next.status.kind]).toEqual([undefined, "rejected"]);
    next.dismiss();
    expect(next.status).toEqual({ kind: "saved" });
    next.close();
  });

  it("take the room of a text and what leads on from it, however much others write meanwhile", async () => {
    const { store, room, network, session, pass, ready } = setUpKept("xxx");
    const ann = await ready();
    const ben = session("ben");
    await settle(room);
    // Hers cannot be saved, and theirs go on.
    ann.edit(insertion(0, "mine "));
    room.room.setRole("ann", "viewer", "");
    await settle(room);
    expect(ann.status.kind).toBe("rejected");
    for (let n = 0; n < 30; n++) {
      ben.edit(insertion(ben.length, "a word ".repeat(100)));
      await settle(room);
      ben.edit(deletion(3, 700));
      await settle(room);
    }
    const kept = () => [...store.rows.keys()].filter((key) => key.includes("/then/")).length;
    expect(kept()).toBeLessThan(20);
    network.answers = false;
    ann.close();
    await settle(room);
    network.answers = true;
    room.room.setRole("ann", "owner", "");
    const next = await ready();
    await pass(1_000);
    expect(next.text).toBe(room.text);
    expect(room.text.startsWith("mine xxx")).toBe(true);
    next.close();
    ben.close();
  });

  it("a store that cannot be read, or not be written, costs no more than the keeping", async () => {
    for (const broken of ["read", "write"] as const) {
      const { store, room, ready } = setUpKept(".");
      store[broken] = async () => {
        throw new Error("the disk is full");
      };
      const ann = await ready();
      const acknowledged = recordOf(ann, "acknowledged");
      ann.edit(insertion(0, "saved "));
      await settle(room);
      expect([room.text, ann.status, acknowledged.length]).toEqual(["saved .", { kind: "saved" }, 1]);
      ann.close();
      await settle(room);
    }
  });
});
