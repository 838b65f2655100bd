import { describe, expect, it } from "vitest";
import { RoomHarness } from "../support/room-harness.ts";

/** How the log tells each operation after `version` came to be. */
const origins = ({ log }: RoomHarness, version: number) =>
  [...log.flushes(version)].flatMap(({ entries }) =>
    entries.map(({ transforms, latencyMs }) => ({ transforms, latencyMs })),
  );

describe("how an operation came to be", () => {
  it("OT-2: over how many it was transformed, one by one: those since its base", () => {
    const harness = new RoomHarness("text");
    const ann = harness.open("ann", "ann-1");
    const bob = harness.open("bob", "bob-1");
    for (const seq of [1, 2, 3]) harness.ask(ann, { type: "submit", seq, base: seq, op: ["a"] });
    harness.ask(bob, { type: "submit", seq: 1, base: 2, op: ["b"] });
    harness.ask(bob, { type: "submit", seq: 2, base: 5, op: ["b"] });
    expect(origins(harness, 1).map(({ transforms }) => transforms)).toEqual([
      undefined,
      undefined,
      undefined,
      2,
      undefined,
    ]);
  });

  it("how long it waited for its commit, where that was 8 ms or more, as a power of two", () => {
    const harness = new RoomHarness();
    const ann = harness.open("ann", "ann-1");
    const bob = harness.open("bob", "bob-1");
    harness.send(ann, { type: "submit", seq: 1, base: 0, op: ["a"] });
    harness.now += 93;
    harness.send(bob, { type: "submit", seq: 1, base: 1, op: ["b"] });
    harness.pass(7);
    expect(origins(harness, 0).map(({ latencyMs }) => latencyMs)).toEqual([64, undefined]);
    harness.send(ann, { type: "submit", seq: 2, base: 2, op: ["a"] });
    harness.pass(8);
    expect(origins(harness, 2)).toEqual([{ transforms: undefined, latencyMs: 8 }]);
  });

  it("stays what it was when the history is redacted", () => {
    const harness = new RoomHarness("secret");
    const ann = harness.open("ann", "ann-1");
    harness.ask(ann, { type: "submit", seq: 1, base: 1, op: ["a"] });
    const bob = harness.open("bob", "bob-1");
    harness.send(bob, { type: "submit", seq: 1, base: 1, op: ["b"] });
    harness.pass(20);
    const author = { userId: "creator", kind: "person" } as const;
    const before = origins(harness, 0);
    expect(before[2]).toEqual({ transforms: 1, latencyMs: 16 });
    expect(harness.room.requests.redact({ span: { version: 1, from: 0, to: 6 }, author }).ok).toBe(true);
    expect(origins(harness, 0).slice(0, 3)).toEqual(before);
  });
});
