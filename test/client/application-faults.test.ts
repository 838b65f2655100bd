import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("DocumentSession: what the application does wrong costs nobody an edit", () => {
  const thrower = () => {
    throw new Error("a fault of the application's");
  };

  it("a listener that throws keeps no edit from the room, and its fault is not hidden", async () => {
    const { room, session } = setUp();
    const ann = session("ann");
    await settle(room);
    ann.on("change", thrower);
    ann.edit(insertion(0, "kept"));
    await settle(room);
    expect([room.text, ann.isSaved]).toEqual(["kept", true]);
    expect(() => vi.advanceTimersByTime(0)).toThrow("a fault of the application's");
  });

  it("a listener that throws keeps no operation from the text, nor from the other listeners", async () => {
    const { room, session } = setUp();
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const heard = vi.fn();
    ann.on("change", thrower);
    ann.on("change", heard);
    ben.edit(insertion(0, "b"));
    ben.edit(insertion(1, "en"));
    await settle(room);
    expect([ann.text, ann.version]).toEqual(["ben", 2]);
    expect(heard).toHaveBeenCalledTimes(2);
    vi.clearAllTimers();
  });

  it("the text can be read as soon as the connection is live", async () => {
    const { room, session } = setUp("text");
    const ann = session("ann");
    const seen: string[] = [];
    ann.on("connection", ({ state }) => state === "live" && seen.push(ann.text));
    await settle(room);
    expect(seen).toEqual(["text"]);
  });

  it("a token that never comes is asked for again, and not used if it comes after all", async () => {
    const { room, network, session } = setUp();
    const late = Promise.withResolvers<string>();
    const token = vi
      .fn<() => string | Promise<string>>(() => "ann")
      .mockImplementationOnce(() => late.promise);
    const ann = session("ann", { token });
    await vi.advanceTimersByTimeAsync(32_000);
    await settle(room);
    late.resolve("late");
    await settle(room);
    expect(ann.connection.state).toBe("live");
    expect(network.sockets.map(({ protocols }) => protocols[1])).toEqual(["bearer.ann"]);
  });

  it("an address or a token of which no socket can be made ends the session, and says nothing of the token", async () => {
    const { session } = setUp();
    for (const options of [{ url: "not an address" }, { token: () => "a secret" }]) {
      const ann = session("ann", { ...options, WebSocket });
      await expect(ann.ready()).rejects.toThrow(/^(?!.*secret).*no socket can be opened/);
      expect(ann.connection.state).toBe("ended");
    }
  });
});
