import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DocumentSession } from "../../src/client/document-session.ts";
import { insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { RoomHarness } from "../support/room-harness.ts";
import type { NetworkSocket } from "../support/room-network.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Changes what comes over this socket. */
function falsify(socket: NetworkSocket | undefined, change: (frame: string) => string): void {
  if (!socket) throw new Error("there is no such socket");
  const { send } = socket.peer;
  socket.peer.send = (frame) => send.call(socket.peer, change(frame));
}

/** Types until the room has sent a hash. */
async function typePastCheck(room: RoomHarness, session: DocumentSession): Promise<void> {
  for (let n = 0; n <= limits.checkVersions; n++) {
    session.edit(insertion(0, "b"));
    await settle(room);
  }
}

describe("OT-8: the divergence alarm", () => {
  it("is silent, and sends no report, where the texts are one", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    await typePastCheck(room, ben);
    expect(room.divergences).toEqual([]);
    expect(network.sockets[0]?.sent.filter((frame) => frame.includes("hello"))).toHaveLength(1);
    expect(ann.text).toBe(room.text);
  });

  it("finds a text that differs at the next check, heals it with what is on its way, and reports", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const changes = recordOf(ann, "change");
    falsify(network.sockets[0], (frame) => frame.replace('"TRUE"', '"LIES"'));
    ben.edit(insertion(0, "TRUE"));
    await settle(room);
    expect(ann.text).toBe("LIEStext");
    const socket = network.sockets[0];
    for (let n = 0; n < limits.checkVersions; n++) {
      // In the end something of one's own is on its way.
      if (n === limits.checkVersions - 4) ann.edit(insertion(ann.length, " mine"));
      ben.edit(insertion(0, "b"));
      await settle(room);
    }
    expect(ann.text).toBe(room.text);
    expect(ann.text).toMatch(/^b+TRUEtext mine$/);
    expect(ann.isSaved).toBe(true);
    expect(changes.every(({ operation }) => operation.length > 0)).toBe(true);
    expect(room.divergences).toMatchObject([
      { userId: "ann", clientId: "ann-1", version: limits.checkVersions, operations: expect.any(String) },
    ]);
    const [report] = room.divergences;
    expect(report?.hash).not.toBe(report?.expected);
    expect(report?.operations).toContain("LIES");
    expect(network.sockets).toHaveLength(2);
    expect(socket?.closed).toBe(false);
  });

  it("heals at once where an operation does not fit", async () => {
    const { room, network, session } = setUp("text");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    falsify(network.sockets[0], (frame) => frame.replace('[4,"!"]', '[9,"!"]'));
    ben.edit(insertion(4, "!"));
    await settle(room);
    expect([ann.text, room.text]).toEqual(["text!", "text!"]);
    expect(room.divergences).toHaveLength(1);
    expect(room.divergences[0]?.hash).toBeUndefined();
  });

  it("finds it at a reconnect, and keeps what was typed meanwhile", async () => {
    const { room, network, session } = setUp("a text that is longer than what comes after it");
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    falsify(network.sockets[0], (frame) => frame.replace('"TRUE"', '"LIES"'));
    ben.edit(insertion(0, "TRUE"));
    await settle(room);
    network.sockets[0]?.drop();
    ann.edit(insertion(ann.length, " mine"));
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect(room.divergences).toHaveLength(1);
    expect(room.text).toBe("TRUEa text that is longer than what comes after it mine");
    expect([ann.text, ann.isSaved]).toEqual([room.text, true]);
  });
});
