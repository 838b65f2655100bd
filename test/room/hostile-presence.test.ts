import { describe, expect, it } from "vitest";
import type { Selection } from "../../src/ot/selection.ts";
import { limits } from "../../src/protocol/limits.ts";
import { presenceOf, setUpPresence, show } from "../support/presence-setup.ts";

describe("RM-6: a bad presence is refused by its code and harms nobody", () => {
  const bad: [what: string, frame: object, code: string][] = [
    ["no version", { type: "presence", selections: [] }, "invalid_frame"],
    ["a version as text", { ...show(1), version: "1" }, "invalid_frame"],
    ["a negative version", show(-1), "invalid_frame"],
    ["a version that is not there yet", show(2), "base_ahead"],
    ["no selections", { type: "presence", version: 1 }, "invalid_frame"],
    ["selections of a wrong type", { ...show(1), selections: "[[0,0]]" }, "invalid_frame"],
    ["a selection of one", { ...show(1), selections: [[0]] }, "invalid_frame"],
    ["a selection of three", { ...show(1), selections: [[0, 1, 2]] }, "invalid_frame"],
    ["a negative position", show(1, [-1, 0]), "invalid_frame"],
    ["half a position", show(1, [0.5, 0]), "invalid_frame"],
    ["a position beyond safe integers", show(1, [2 ** 53, 0]), "invalid_frame"],
    ["an object for a selection", { ...show(1), selections: [{ 0: 0, 1: 0, length: 2 }] }, "invalid_frame"],
    [
      "10,000 selections",
      show(1, ...Array.from({ length: 10_000 }, (): Selection => [0, 0])),
      "payload_too_large",
    ],
    ["a colour that is a name", { ...show(1), color: "red" }, "invalid_frame"],
    ["a colour that is markup", { ...show(1), color: "#fff;background:url(//x)" }, "invalid_frame"],
  ];

  it("each of them", () => {
    const { room, ann, ben } = setUpPresence();
    for (const [what, frame, code] of bad) {
      expect(room.ask(ann, frame), what).toMatchObject([{ type: "error", code, retryable: false }]);
    }
    expect(ben.take()).toEqual([]);
    expect(room.reported).toEqual([]);
    room.ask(ann, show(1, [0, 0]));
    expect(presenceOf(ben)).toHaveLength(1);
  });

  it("taking a presence through crafted operations costs bounded time: it is left without a cursor", () => {
    const { room, ann, ben } = setUpPresence("x".repeat(limits.operationParts));
    const op = Array.from({ length: limits.operationParts }, (_, n) => (n % 2 === 0 ? 1 : "y"));
    const costly = Math.ceil(limits.transformParts / limits.operationParts / limits.selections) + 1;
    for (let seq = 1; seq <= costly; seq++) room.ask(ben, { type: "submit", seq, base: seq, op });
    ben.take();
    room.ask(ann, show(1, ...Array.from({ length: limits.selections }, (): Selection => [7, 7])));
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [] }] }]);
    room.pass(limits.presenceMs);
    room.ask(ann, show(room.version, [7, 7]));
    expect(presenceOf(ben)).toMatchObject([{ items: [{ actor: 2, selections: [[7, 7]] }] }]);
  });

  it("before hello", () => {
    const { room } = setUpPresence();
    expect(room.ask(room.open("eve"), show(1, [0, 0]))).toMatchObject([{ code: "hello_required" }]);
  });

  it("of an uncommitted version: nobody can have seen it (RM-2)", () => {
    const { room, ann, ben } = setUpPresence();
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["x"] });
    room.send(ann, show(2, [0, 0]));
    room.turn();
    expect(ann.take()).toContainEqual(expect.objectContaining({ type: "error", code: "base_ahead" }));
  });

  it("of a version that is too old to be mapped at a bounded price", () => {
    const { room, ann, ben } = setUpPresence();
    for (let seq = 1; seq <= limits.presenceLag; seq++) {
      room.send(ben, { type: "submit", seq, base: seq, op: ["x"] });
    }
    room.turn();
    ann.take();
    expect(room.ask(ann, show(1, [0, 0]))).toMatchObject([]);
    room.ask(ben, { type: "submit", seq: limits.presenceLag + 1, base: limits.presenceLag + 1, op: ["x"] });
    ann.take();
    expect(room.ask(ann, show(1, [0, 0]))).toMatchObject([{ code: "too_old" }]);
  });
});
