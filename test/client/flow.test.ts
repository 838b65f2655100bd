import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import { readFrame } from "../support/read-frame.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = async (room: ReturnType<typeof setUp>["room"], milliseconds: number) => {
  room.now += milliseconds;
  await vi.advanceTimersByTimeAsync(milliseconds);
  await settle(room);
};

describe("a session that is told to slow down", () => {
  it("FL-1: keeps its operation, and sends the same frame again when it may", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    await settle(room);
    const rejected = recordOf(ann, "rejected");
    const [socket] = network.sockets;
    for (let n = 0; n < limits.socketRate.burst; n++) socket && room.send(socket.peer, '{"type":"x"}');
    ann.edit(insertion(4, " one"));
    ann.edit(insertion(8, " two"));
    await settle(room);
    expect([room.text, ann.isSaved]).toEqual(["text", false]);
    await pass(room, 100);
    expect([room.text, ann.isSaved, rejected]).toEqual(["text one two", true, []]);
    const frames = socket?.sent.filter((frame) => frame.includes("submit")) ?? [];
    expect(frames).toHaveLength(3);
    expect(frames[1]).toBe(frames[0]);
    expect(network.sockets).toHaveLength(1);
  });

  it("FL-1: says hello again when even that came too fast", async () => {
    const { room, network, session } = setUp("text");
    const other = room.open("ann", "other");
    const third = room.open("ann", "third");
    for (const peer of [other, third]) {
      for (let n = 0; n < limits.socketRate.burst; n++) room.send(peer, '{"type":"x"}');
    }
    const ann = session("ann");
    await settle(room);
    expect(ann.connection.state).toBe("joining");
    await pass(room, 100);
    expect([ann.connection.state, ann.text, network.sockets.length]).toEqual(["live", "text", 1]);
  });

  it("FL-4: sends a paste that is larger than one submission may be as several, while others type", async () => {
    const { room, network, session } = setUp("begin end");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const pasted = "\u{1f600}".repeat(2 * limits.insertUnits + 1);
    ann.edit(insertion(6, pasted));
    ben.edit(insertion(9, "!"));
    await settle(room);
    expect(ann.isSaved).toBe(true);
    expect(room.text === `begin ${pasted}end!` && ann.text === room.text && ben.text === room.text).toBe(
      true,
    );
    const submissions = network.sockets[0]?.sent.filter((frame) => frame.includes("submit")) ?? [];
    expect(submissions.map((frame) => readFrame(frame).seq)).toEqual([1, 2, 3, 4, 5]);
    // Cut at the limit, and not within a pair.
    expect(readFrame(submissions[0] ?? "").op).toEqual([6, "\u{1f600}".repeat(limits.insertUnits / 2)]);
  });

  it("FL-2: comes back late when it was closed for being too fast, at once when it read too slowly", async () => {
    const { room, network, session } = setUp("text");
    const random = vi.spyOn(Math, "random").mockReturnValue(0.99);
    session("ann", { retry: { first: 100, most: 10_000 } });
    await settle(room);
    network.sockets[0]?.drop(4408);
    await pass(room, 100);
    expect(network.sockets).toHaveLength(2);
    network.sockets[1]?.drop(4429);
    await pass(room, 6_000);
    expect(network.sockets).toHaveLength(2);
    await pass(room, 1_000);
    expect(network.sockets).toHaveLength(3);
    random.mockRestore();
  });

  it("FL-2, FL-3, FL-4: closed for reading too slowly, and for being too fast, amid a large paste: all of it is there, once", async () => {
    const { room, network, session } = setUp("begin end");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    /** The answers to the `commits`-th commit from now, and those after it, are lost to ann. */
    const stallAfter = async (commits: number) => {
      let left = commits;
      room.log.onAppend = () => {
        left -= 1;
        const socket = network.sockets.findLast(({ closed, peer }) => !closed && isAnns(peer));
        if (left === 0 && socket) socket.loseAnswers = true;
      };
      for (let second = 0; second < 3; second++) await pass(room, 1_000);
      return network.sockets.findLast(({ closed, peer }) => !closed && isAnns(peer));
    };
    const isAnns = ({ session: { grant } }: { session: { grant: { userId: string } } }) =>
      grant.userId === "ann";
    const pasted = "\u{1f600}".repeat(4 * limits.insertUnits + 1);
    ann.edit(insertion(6, pasted));
    const slow = await stallAfter(2);
    expect([room.version, ann.version, ann.isSaved]).toEqual([3, 2, false]);
    // The room finds that too much waits for her when it next sends something.
    slow!.peer.bufferedBytes = limits.unreadBytes + 10_000_000;
    ben.edit(insertion(0, "!"));
    const fast = await stallAfter(3);
    expect([slow!.closed, ann.isSaved]).toEqual([true, false]);
    const flood = (limits.abuseFactor + 1) * limits.socketRate.burst;
    for (let sent = 0; sent <= flood; sent++) room.send(fast!.peer, '{"type":"x"}');
    expect(fast!.closed).toBe(true);
    room.log.onAppend = () => {};
    for (let second = 0; second < 60; second++) await pass(room, 1_000);
    expect(ann.isSaved).toBe(true);
    const text = `!begin ${pasted}end`;
    expect([room.text === text, ann.text === text, ben.text === text]).toEqual([true, true, true]);
    // The text that was there, ben's edit, and nine parts of the paste, each accepted once.
    expect(room.version).toBe(11);
  });

  it("what the room cannot take for now is offered ever more seldom, and goes out when it can", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    await settle(room);
    room.log.capacity = 0;
    ann.edit(insertion(4, "!"));
    for (let second = 0; second < 100; second++) await pass(room, 1_000);
    const offers = network.sockets[0]?.sent.filter((frame) => frame.includes("submit")) ?? [];
    expect(offers.length).toBeGreaterThan(50);
    expect(offers.length).toBeLessThan(400);
    expect([ann.text, room.text]).toEqual(["text!", "text"]);
    room.log.capacity = Number.POSITIVE_INFINITY;
    await pass(room, 1_000);
    expect([ann.isSaved, room.text]).toEqual([true, "text!"]);
  });
});
