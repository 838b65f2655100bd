import { expect, it } from "vitest";
import { deletion, insertion, replacement } from "../../src/ot/operation.ts";
import { ProtocolError, Replica } from "../../src/ot/replica.ts";
import { OperationError } from "../../src/ot/text.ts";

function replica(text: string, version = 7): Replica {
  return new Replica({ version, text });
}

it("sends one submission at a time and composes the rest", () => {
  const own = replica("");
  expect(own.edit(insertion(0, "a"))).toEqual({ seq: 1, base: 7, operation: ["a"] });
  expect(own.edit(insertion(1, "b"))).toBeNull();
  expect(own.edit(insertion(2, "c"))).toBeNull();
  expect(own.state).toMatchObject({ kind: "awaiting_with_buffer", buffer: [1, "bc"] });
  expect(own.acknowledge(1, 8)).toEqual({ seq: 2, base: 8, operation: [1, "bc"] });
  expect(own.acknowledge(2, 9)).toBeNull();
  expect(own.state).toEqual({ kind: "synchronized" });
  expect([own.text.toString(), own.version]).toEqual(["abc", 9]);
});

it("RM-3: a frame once sent never changes, whatever is typed or received", () => {
  const own = replica("xyz");
  const sent = own.edit(insertion(1, "a"));
  const frame = JSON.stringify(sent);
  own.edit(insertion(2, "b"));
  own.receive(insertion(0, "--"));
  own.receive(deletion(2, 1));
  expect(JSON.stringify(own.pending())).toBe(frame);
  expect(own.pending()).toBe(sent);
  expect(Object.isFrozen(sent)).toBe(true);
  expect(own.state).toMatchObject({ operation: [2, "a"], buffer: [3, "b"] });
});

it("OT-3: what was accepted first stands first, on the author's side too", () => {
  const own = replica("");
  own.edit(insertion(0, "later"));
  expect(own.receive(insertion(0, "first "))).toEqual(["first "]);
  expect(own.text.toString()).toBe("first later");
});

it("receive gives the operation as the local view needs it", () => {
  const own = replica("abcdef");
  own.edit(insertion(0, "12"));
  own.edit(deletion(2, 1));
  expect(own.receive(replacement(3, 2, "X"))).toEqual([4, "X", -2]);
  expect(own.text.toString()).toBe("12bcXf");
});

it("a buffer that has come to nothing is not sent", () => {
  const own = replica("");
  own.edit(insertion(0, "a"));
  own.edit(insertion(1, "b"));
  own.edit(deletion(1, 1));
  expect(own.state.kind).toBe("awaiting");
  expect(own.acknowledge(1, 8)).toBeNull();
});

it("an edit that changes nothing is not sent", () => {
  const own = replica("a");
  expect(own.edit(insertion(0, ""))).toBeNull();
  expect(own.state.kind).toBe("synchronized");
});

it("repeated acknowledgements do nothing", () => {
  const own = replica("");
  own.edit(insertion(0, "a"));
  own.acknowledge(1, 8);
  own.edit(insertion(1, "b"));
  expect(own.acknowledge(1, 8)).toBeNull();
  expect(own.pending()).toMatchObject({ seq: 2 });
  own.acknowledge(2, 9);
  expect(own.acknowledge(2, 9)).toBeNull();
  expect(own.version).toBe(9);
});

it.each([
  ["of something never sent", 2, 8],
  ["of the version after the next", 1, 9],
  ["of an old version", 1, 7],
])("an acknowledgement %s is a ProtocolError and changes nothing", (_, seq, version) => {
  const own = replica("");
  const sent = own.edit(insertion(0, "a"));
  expect(() => own.acknowledge(seq, version)).toThrow(ProtocolError);
  expect([own.version, own.pending()]).toEqual([7, sent]);
});

it("reject takes the refused operation out and keeps what was typed after it", () => {
  const own = replica("hello world");
  own.edit(replacement(0, 5, "goodbye"));
  own.edit(insertion(13, "!"));
  own.receive(insertion(11, "s"));
  expect(own.text.toString()).toBe("goodbye worlds!");
  expect(own.reject(1)).toEqual({
    operation: ["hello", -7],
    next: { seq: 1, base: 8, operation: [12, "!"] },
  });
  expect(own.text.toString()).toBe("hello worlds!");
});

it("reject of what is not in flight does nothing", () => {
  const own = replica("");
  expect(own.reject(1)).toBeNull();
  own.edit(insertion(0, "a"));
  expect(own.reject(2)).toBeNull();
  expect(own.reject(1)).toEqual({ operation: [-1], next: null });
  expect(own.edit(insertion(0, "b"))).toEqual({ seq: 1, base: 7, operation: ["b"] });
});

it("a buffer that only undid the refused operation is gone with it", () => {
  const own = replica("");
  own.edit(insertion(0, "ab"));
  own.edit(deletion(0, 2));
  expect(own.reject(1)).toEqual({ operation: [], next: null });
  expect([own.text.toString(), own.state.kind]).toEqual(["", "synchronized"]);
});

it("counts on from the last seq that the client has used", () => {
  const own = new Replica({ version: 3, text: "", clientSeq: 41 });
  expect(own.edit(insertion(0, "a"))).toMatchObject({ seq: 42 });
  expect(own.seq).toBe(42);
});

it("what does not fit is refused, and nothing is changed", () => {
  const own = replica("a😀");
  expect(() => own.edit(insertion(2, "x"))).toThrow(OperationError);
  expect([own.state.kind, own.seq]).toEqual(["synchronized", 0]);
  own.edit(insertion(0, "b"));
  expect(() => own.edit(insertion(9, "x"))).toThrow(OperationError);
  expect(() => own.receive(deletion(0, 9))).toThrow(OperationError);
  expect(own.state.kind).toBe("awaiting");
  expect([own.text.toString(), own.version]).toEqual(["ba😀", 7]);
});
