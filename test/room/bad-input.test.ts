import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const submit = (fields: object) => ({ type: "submit", seq: 1, base: 1, op: ["x"], ...fields });
const insert = (fields: object) => ({ op_type: "insert", position: 0, content: "x", ...fields });

/** What a socket may send to a document "Hi 😀!" at version 1, and the code of its refusal. */
const refused: [what: string, frame: object | string | ArrayBuffer, code: string][] = [
  ["not JSON", "{", "invalid_frame"],
  ["nothing", "", "invalid_frame"],
  ["a number", "42", "invalid_frame"],
  ["null", "null", "invalid_frame"],
  ["a list", "[]", "invalid_frame"],
  ["an object that says nothing", {}, "invalid_frame"],
  ["only a prototype", '{"__proto__":{"type":"submit"}}', "invalid_frame"],
  ["deep nesting", `${"[".repeat(100_000)}`, "invalid_frame"],
  ["a binary frame", new ArrayBuffer(8), "invalid_frame"],
  [
    "a frame beyond the limit",
    `{"type":"submit","pad":"${"x".repeat(limits.frameUnits)}"}`,
    "payload_too_large",
  ],
  ["hello without a client id", { type: "hello" }, "invalid_frame"],
  ["hello with a client id of spaces", { type: "hello", client_id: "   " }, "invalid_frame"],
  ["hello with a negative version", { type: "hello", client_id: "a", since: -1 }, "invalid_frame"],
  ["hello with half a version", { type: "hello", client_id: "a", since: 0.5 }, "invalid_frame"],
  ["seq 0", submit({ seq: 0 }), "invalid_frame"],
  ["seq as text", submit({ seq: "1" }), "invalid_frame"],
  ["seq beyond safe integers", submit({ seq: 2 ** 53 }), "invalid_frame"],
  ["no base", submit({ base: undefined }), "invalid_frame"],
  ["a negative base", submit({ base: -1 }), "invalid_frame"],
  ["a base from the future", submit({ base: 2 }), "base_ahead"],
  ["a seq that skips one", submit({ seq: 2 }), "seq_gap"],
  ["no operation", submit({ op: undefined }), "invalid_operation"],
  ["an operation of a wrong type", submit({ op: "x" }), "invalid_operation"],
  ["a part of a wrong type", submit({ op: [null] }), "invalid_operation"],
  ["a part that is zero", submit({ op: [0, "x"] }), "invalid_operation"],
  ["half a part", submit({ op: [0.5, "x"] }), "invalid_operation"],
  ["two retains in a row", submit({ op: [1, 1, "x"] }), "invalid_operation"],
  ["an insert behind a delete", submit({ op: [-1, "x"] }), "invalid_operation"],
  ["a retain at the end", submit({ op: ["x", 1] }), "invalid_operation"],
  ["a lone surrogate", '{"type":"submit","seq":1,"base":1,"op":["\\ud800"]}', "invalid_operation"],
  ["an insert past the end", submit({ op: [7, "x"] }), "out_of_range"],
  ["a delete past the end", submit({ op: [5, -2] }), "out_of_range"],
  ["an insert within a surrogate pair", submit({ op: [4, "x"] }), "splits_surrogate"],
  ["a delete of half a surrogate pair", submit({ op: [3, -1] }), "splits_surrogate"],
  ["an over-long insert", submit({ op: ["x".repeat(limits.insertUnits + 1)] }), "operation_too_large"],
  [
    "too many parts",
    submit({ op: Array.from({ length: 10_001 }, (_, i) => (i % 2 ? "x" : 1)) }),
    "operation_too_large",
  ],
  ["the seed's unknown operation", insert({ op_type: "frobnicate" }), "invalid_operation"],
  ["the seed's op_type of a wrong type", insert({ op_type: 7 }), "invalid_operation"],
  ["the seed's negative position", insert({ position: -1 }), "invalid_operation"],
  ["the seed's position as text", insert({ position: "0" }), "invalid_operation"],
  ["the seed's insert of nothing", insert({ content: "" }), "invalid_operation"],
  ["the seed's insert of a number", insert({ content: 5 }), "invalid_operation"],
  ["the seed's lone surrogate", '{"op_type":"insert","position":0,"content":"\\udc00"}', "invalid_operation"],
  [
    "the seed's over-long insert",
    insert({ content: "x".repeat(limits.insertUnits + 1) }),
    "operation_too_large",
  ],
  ["the seed's delete of nothing", { op_type: "delete", position: 0 }, "invalid_operation"],
  [
    "the seed's delete of less than nothing",
    { op_type: "delete", position: 0, length: -1 },
    "invalid_operation",
  ],
  ["the seed's replace by nothing", { op_type: "replace", position: 0, length: 1 }, "invalid_operation"],
  ["the seed's edit in another's name", insert({ user_id: "eve" }), "user_mismatch"],
  ["the seed's position past the end, with a base", insert({ position: 7, base_version: 1 }), "out_of_range"],
  ["the seed's base from the future", insert({ base_version: 2 }), "base_ahead"],
  ["the seed's base as text", insert({ base_version: "1" }), "invalid_frame"],
  ["the seed's insert within a surrogate pair", insert({ position: 4 }), "splits_surrogate"],
];

describe("RM-6: a bad frame gets one typed error and harms nobody else", () => {
  it("each is refused by its code, changes nothing, and the socket lives", async () => {
    const room = await newRoom("Hi 😀!");
    const bystander = await openRoomSocket(room, grantOf("bystander"));
    await bystander.ask({ type: "hello", client_id: "bystander-1" });
    const socket = await openRoomSocket(room, grantOf("ann"));
    await socket.ask({ type: "hello", client_id: "ann-1" });
    for (const [what, frame, code] of refused) {
      const answer = await socket.ask(frame);
      expect(answer, what).toMatchObject({
        type: "error",
        code,
        retryable: false,
        detail: expect.any(String),
      });
      const isSeed = typeof frame === "object" ? "op_type" in frame : frame.includes("op_type");
      expect(answer.success, what).toBe(isSeed ? false : undefined);
    }
    expect(await bystander.drain()).toEqual([]);
    expect(await env.ROOMS.getByName(room).read()).toEqual({ ok: true, version: 1, content: "Hi 😀!" });

    expect(await socket.ask(submit({ op: [5, "?"] }))).toMatchObject({ type: "ack", seq: 1, version: 2 });
    expect(await bystander.drain()).toMatchObject([{ type: "actors" }, { type: "operations", from: 2 }]);
  });

  it("WR-3: every limit is announced in welcome and has its typed refusal", async () => {
    const socket = await openRoomSocket(await newRoom("x".repeat(limits.textUnits)));
    const { limits: announced } = await socket.ask({ type: "hello", client_id: "ann-1" });
    // Of time, not of a frame. What is beyond presence_lag is refused in presence.test.ts.
    const { presence_lag, presence_ms, ping_seconds, silence_seconds, ...bounds } = announced;
    expect([presence_lag, presence_ms, ping_seconds, silence_seconds]).toEqual([4_096, 50, 10, 30]);
    const beyond: Record<keyof typeof bounds, [frame: object, code: string]> = {
      frame_units: [{ type: "submit", pad: "x".repeat(announced.frame_units) }, "payload_too_large"],
      insert_units: [submit({ op: ["x".repeat(announced.insert_units + 1)] }), "operation_too_large"],
      operation_parts: [
        submit({ op: Array.from({ length: announced.operation_parts + 1 }, (_, i) => (i % 2 ? "x" : 1)) }),
        "operation_too_large",
      ],
      text_units: [submit({ op: ["x"] }), "document_too_large"],
      selections: [
        { type: "presence", version: 1, selections: Array(announced.selections + 1).fill([0, 0]) },
        "payload_too_large",
      ],
    };
    expect(Object.keys(beyond).sort()).toEqual(Object.keys(bounds).sort());
    for (const [limit, [frame, code]] of Object.entries(beyond)) {
      expect(await socket.ask(frame), limit).toMatchObject({ type: "error", code });
    }
  });

  it("a submission before hello is refused with its seq", async () => {
    const socket = await openRoomSocket(await newRoom());
    expect(await socket.ask(submit({ base: 0 }))).toMatchObject({
      type: "error",
      code: "hello_required",
      seq: 1,
    });
  });

  it("a viewer's edits are refused, in both forms", async () => {
    const room = await newRoom("text");
    const viewer = await openRoomSocket(room, grantOf("vic", { role: "viewer" }));
    expect(await viewer.ask({ type: "hello", client_id: "v" })).toMatchObject({
      role: "viewer",
      text: "text",
    });
    expect(await viewer.ask(submit({}))).toMatchObject({ code: "forbidden", seq: 1 });
    expect(await viewer.ask(insert({}))).toMatchObject({ code: "forbidden", success: false });
  });

  it("a document at its largest refuses to grow, and still shrinks", async () => {
    const room = await newRoom("x".repeat(limits.textUnits));
    const socket = await openRoomSocket(room);
    expect(await socket.ask(insert({}))).toMatchObject({ code: "document_too_large", success: false });
    expect(await socket.ask({ op_type: "delete", position: 0, length: 5 })).toMatchObject({ success: true });
    expect(await socket.ask(insert({}))).toMatchObject({ success: true });
  });

  it("the closing handshake is answered, whatever code the client gives", async () => {
    for (const code of [1000, 3000, 4999]) {
      const socket = await openRoomSocket(await newRoom());
      socket.close(code);
      expect(await socket.next()).toEqual({ closed: code });
    }
  });
});
