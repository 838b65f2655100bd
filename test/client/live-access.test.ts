import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadOnlyError } from "../../src/client/document-session.ts";
import { insertion } from "../../src/ot/operation.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a session whose user's role changes", () => {
  it("AC-3: edits under way when the right to edit ends are kept, and sent when it comes back, without a new socket", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    const ben = session("ben");
    await settle(room);
    const [roles, rejected] = [recordOf(ann, "role"), recordOf(ann, "rejected")];
    // In flight, and behind it: the room hears of the first when the role has changed already.
    ann.edit(insertion(4, " one"));
    ann.edit(insertion(8, " two"));
    room.room.setRole("ann", "viewer", "moved to readers");
    await settle(room);
    expect(roles).toEqual([{ role: "viewer", reason: "moved to readers" }]);
    expect([ann.isReadOnly, ann.isSaved, ann.text]).toEqual([true, false, "text one two"]);
    expect(ann.unsaved).toEqual([4, " one two"]);
    expect(() => ann.edit(insertion(0, "x"))).toThrow(ReadOnlyError);
    ben.edit(insertion(0, "more "));
    await settle(room);
    expect([ann.text, ann.unsaved]).toEqual(["more text one two", [9, " one two"]]);
    expect(room.text).toBe("more text");

    const saved = ann.saved();
    room.room.setRole("ann", "editor", "back");
    await settle(room);
    await saved;
    expect([room.text, ann.text, ben.text]).toEqual(Array(3).fill("more text one two"));
    expect(ann.unsaved).toBeUndefined();
    expect(rejected).toEqual([]);
    expect(network.sockets).toHaveLength(2);
  });

  it("AC-3: they are kept over a reconnect as a viewer, too, and are the same frame in the end", async () => {
    const { room, network, session } = setUp("a text that is longer than what is missed");
    let role: "viewer" | "owner" = "owner";
    network.grant = () => ({ role });
    const ann = session("ann");
    await settle(room);
    network.sockets[0]?.drop();
    ann.edit(insertion(0, "kept "));
    role = "viewer";
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect([ann.role, ann.isReadOnly, ann.unsaved]).toEqual(["viewer", true, ["kept "]]);
    expect(network.sockets[1]?.sent.filter((frame) => frame.includes("submit"))).toEqual([]);
    room.room.setRole("ann", "editor", "");
    await settle(room);
    expect(network.sockets[1]?.sent.at(-1)).toBe('{"submit":[1,1,["kept "]]}');
    expect([room.text.startsWith("kept a text"), ann.isSaved]).toEqual([true, true]);
  });

  it("AC-5: the token is renewed in place before it ends, as often as it takes to get one", async () => {
    const { room, network, session } = setUp("text");
    const token = vi.fn<() => string>(() => "ann");
    const ann = session("ann", { token });
    await settle(room);
    token.mockImplementationOnce(() => {
      throw new Error("offline");
    });
    room.alarm();
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    expect(token).toHaveBeenCalledTimes(3);
    expect(network.sockets[0]?.sent.at(-1)).toBe('{"type":"auth","token":"ann"}');
    expect(network.sockets[0]?.peer.session.grant.expiresAt).toBe(Math.floor(room.now / 1_000) + 600);
    room.alarm();
    await settle(room);
    ann.edit(insertion(0, "still here "));
    await settle(room);
    expect([room.text, network.sockets.length]).toEqual(["still here text", 1]);
  });

  it("AC-2: whoever is revoked does not come back, and can still read and copy what was not saved", async () => {
    const { room, network, session } = setUp("text");
    const ann = session("ann");
    await settle(room);
    ann.edit(insertion(4, "!"));
    room.room.revoke({ userId: "ann" }, "removed");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
    expect(ann.connection.state).toBe("ended");
    expect([ann.text, ann.unsaved]).toEqual(["text!", [4, "!"]]);
  });
});
