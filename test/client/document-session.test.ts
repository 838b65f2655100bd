import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deletion, insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("DocumentSession", () => {
  it("opens with the subprotocols, keeps the token out of the URL, and has the text when it is ready", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    const ready = ann.ready();
    await settle(room);
    await ready;
    expect(network.sockets[0]?.url).toBe("ws://materi.test/ws/documents/d");
    expect(network.sockets[0]?.protocols).toEqual(["materi.v1", "bearer.ann"]);
    expect([ann.text, ann.version, ann.isSaved]).toEqual(["text", 1, true]);
  });

  it("applies an edit at once, and is saved when the room has it", async () => {
    const { room, session } = setUp();
    const ann = session("ann");
    await settle(room);
    ann.edit(insertion(0, "a"));
    expect([ann.text, ann.isSaved]).toEqual(["a", false]);
    const saved = ann.saved();
    await settle(room);
    await saved;
    expect([room.text, ann.version, ann.isSaved]).toEqual(["a", 1, true]);
  });

  it("has one submission in flight, and composes what is typed meanwhile into the next", async () => {
    const { room, network, session } = setUp();
    const ann = session("ann");
    await settle(room);
    for (const [at, letter] of [..."abcdef"].entries()) ann.edit(insertion(at, letter));
    await settle(room);
    expect(network.sockets[0]?.sent.slice(1)).toEqual([
      '{"submit":[1,0,["a"]]}',
      '{"submit":[2,1,[1,"bcdef"]]}',
    ]);
    expect(room.text).toBe("abcdef");
  });

  it("OT-1: two that type at once end with one text, each told of the other's edits only", async () => {
    const { room, session } = setUp("middle");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const changes = recordOf(ann, "change");
    ann.edit(insertion(0, "A "));
    ben.edit(insertion(6, " B"));
    ann.edit(insertion(2, "a "));
    ben.edit(deletion(0, 1));
    await settle(room);
    expect(ann.text).toBe(room.text);
    expect(ben.text).toBe(room.text);
    expect(room.text).toBe("A a iddle B");
    expect(changes.filter(({ remote }) => remote)).toHaveLength(2);
  });

  it("RM-3: a lost ack is learnt from the welcome: the submission is not doubled, and the buffer follows", async () => {
    const { room, network, session } = setUp();
    const ann = session("ann");
    await settle(room);
    const acknowledged = recordOf(ann, "acknowledged");
    (network.sockets[0] as { loseAnswers: boolean }).loseAnswers = true;
    ann.edit(insertion(0, "once"));
    ann.edit(insertion(4, " more"));
    await settle(room);
    expect(room.text).toBe("once");
    network.sockets[0]?.drop();
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect(room.text).toBe("once more");
    expect(ann.text).toBe("once more");
    expect(network.sockets[1]?.sent.slice(1)).toEqual(['{"submit":[2,1,[4," more"]]}']);
    expect(acknowledged).toEqual([
      { seq: 1, version: 1 },
      { seq: 2, version: 2 },
    ]);
  });

  it("RM-3: a submission that never arrived is sent again unchanged, though others edited meanwhile", async () => {
    const { room, network, session } = setUp("long enough for the operations to be the shorter answer");
    const ann = session("ann");
    await settle(room);
    const first = network.sockets[0];
    if (first) first.closed = true;
    ann.edit(insertion(4, " time"));
    const ben = session("ben");
    await settle(room);
    ben.edit(insertion(0, "very "));
    await settle(room);
    first?.emit("close", { code: 1006, reason: "" });
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    const frame = '{"submit":[1,1,[4," time"]]}';
    expect(first?.sent.at(-1)).toBe(frame);
    expect(network.sockets.at(-1)?.sent).toEqual([
      expect.stringMatching(/"since":1,"epoch":"[^"]+","last_seq":1/),
      frame,
    ]);
    expect(room.text).toMatch(/^very long time enough/);
    expect(ann.text).toBe(room.text);
  });

  it("takes a refused edit out of the text and tells; what was typed after it survives", async () => {
    const { room, session } = setUp("t".repeat(limits.textUnits));
    const ann = session("ann");
    await settle(room);
    const rejected = recordOf(ann, "rejected");
    ann.edit(insertion(0, "too much"));
    ann.edit(deletion(100, limits.textUnits - 100));
    await settle(room);
    expect(rejected).toMatchObject([{ code: "document_too_large" }]);
    expect(ann.text).toMatch(/^t{92}too much$|^t{92,100}$/);
    expect([room.text, ann.isSaved]).toEqual([ann.text, true]);
  });

  it("sends again what could not be stored", async () => {
    const { room, session } = setUp();
    const ann = session("ann");
    await settle(room);
    room.log.failNextAppend = true;
    ann.edit(insertion(0, "kept"));
    await settle(room);
    expect(room.text).toBe("");
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect([room.text, ann.isSaved]).toEqual(["kept", true]);
  });

  it("takes the whole text where that is shorter than what it missed", async () => {
    const { room, network, session } = setUp("abc");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    network.sockets[0]?.drop();
    const resets = recordOf(ann, "reset");
    for (let n = 0; n < 20; n++) {
      ben.edit(n % 2 === 0 ? insertion(0, "x") : deletion(0, 1));
      await settle(room);
    }
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect(resets).toEqual([]);
    expect(ann.text).toBe("abc");
    expect(ann.version).toBe(room.version);
    ann.edit(insertion(3, "!"));
    await settle(room);
    expect(room.text).toBe("abc!");
  });

  it("comes back with a new token after the old one ended", async () => {
    const { room, network, session } = setUp();
    const token = vi.fn(() => "ann");
    const ann = session("ann", { token });
    await settle(room);
    network.sockets[0]?.drop(4401);
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect(token).toHaveBeenCalledTimes(2);
    expect(ann.connection.state).toBe("live");
  });

  it("tries again when no token is to be had, and when a socket does not open or answer in time", async () => {
    const { room, network, session } = setUp();
    const token = vi.fn<() => string>(() => {
      throw new Error("offline");
    });
    const ann = session("ann", { token });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(token.mock.calls.length).toBeGreaterThan(3);
    network.answers = false;
    token.mockImplementation(() => "ann");
    await vi.advanceTimersByTimeAsync(12_000);
    expect(network.sockets.length).toBeGreaterThan(1);
    expect(network.sockets[0]?.closed).toBe(true);
    network.answers = true;
    await vi.advanceTimersByTimeAsync(12_000);
    await settle(room);
    expect(ann.connection.state).toBe("live");
  });

  it("ends for good when the document is deleted, and says so to those who wait", async () => {
    const { room, network, session } = setUp();
    const ann = session("ann");
    await settle(room);
    ann.edit(insertion(0, "never stored"));
    const saved = ann.saved();
    room.room.end();
    await expect(saved).rejects.toThrow("4410");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
    expect(ann.connection.state).toBe("ended");
  });

  it("ends when the application closes it, in whatever state it is", async () => {
    const { room, network, session } = setUp();
    const early = session("ann");
    early.close();
    await settle(room);
    expect(network.sockets).toHaveLength(0);
    const live = session("ben");
    await settle(room);
    live.close();
    expect(network.sockets[0]?.closed).toBe(true);
    await expect(live.ready()).resolves.toBeUndefined();
    await expect(live.reached(5)).rejects.toThrow("closed");
  });

  it("OT-6: takes back the user's own edits, a typing burst at once, over a reconnect and others' edits", async () => {
    const { room, network, session } = setUp(
      "text that is long enough for operations to be the shorter answer",
    );
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    for (const [at, letter] of [..."one "].entries()) ann.edit(insertion(at, letter));
    await vi.advanceTimersByTimeAsync(600);
    ann.edit(insertion(4, "two "));
    await settle(room);
    network.sockets[0]?.drop();
    ben.edit(insertion(6, "BEN"));
    await settle(room);
    const undone = ann.undo();
    expect(ann.text).toMatch(/^one text/);
    expect(undone).toEqual([4, -4]);
    await vi.advanceTimersByTimeAsync(1_000);
    await settle(room);
    expect(ann.text).toMatch(/^one BENtext/);
    ann.undo();
    expect([ann.canUndo, ann.canRedo]).toEqual([false, true]);
    await settle(room);
    expect(room.text).toMatch(/^BENtext/);
    ann.redo();
    await settle(room);
    expect([ann.text, ben.text]).toEqual([room.text, room.text]);
    expect(room.text).toMatch(/^one BENtext/);
  });

  it("OT-7: where the storage was restored, what was not saved is merged in or handed back", async () => {
    const { room, network, session } = setUp("first line\nthe middle of it is taken out\nlast line");
    const ann = session("ann");
    await settle(room);
    ann.edit(insertion(0, "SAVED "));
    await settle(room);
    const [first] = network.sockets;
    if (first) first.closed = true;
    ann.edit(insertion(30, "LOST "));
    ann.edit(insertion(ann.length, " ADDED"));
    const rescued = recordOf(ann, "rescued");
    const changes = recordOf(ann, "change");
    network.room = new RoomHarness("first line\nlast line, restored");
    first?.emit("close", { code: 1006, reason: "" });
    await vi.advanceTimersByTimeAsync(200);
    await settle(network.room);
    expect(rescued.map(({ text }) => text)).toEqual(["LOST "]);
    expect(changes).toHaveLength(1);
    expect(ann.text).toContain(" ADDED");
    expect([ann.text, ann.isSaved]).toEqual([network.room.text, true]);
    ann.undo();
    await settle(network.room);
    expect(network.room.text).toBe("first line\nlast line, restored");
  });
});
