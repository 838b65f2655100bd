import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const submit = (fields: object) => ({ type: "submit", seq: 1, base: 1, op: ["x"], ...fields });
const insert = (fields: object) => ({ op_type: "insert", position: 0, content: "x", ...fields });

describe("RM-6: a refusal is one typed error, and refuses nothing else", () => {
  it("WR-3: every limit is announced in welcome and has its typed refusal", async () => {
    const room = await newRoom("x".repeat(limits.textUnits));
    const socket = await openRoomSocket(room);
    const { limits: announced, version } = await socket.ask({ type: "hello", client_id: "ann-1" });
    const wide = Array.from({ length: announced.operation_parts }, (_, i) => (i % 2 ? "x" : 1));
    // Puts it so many versions back that moving it costs too much.
    const writer = await openRoomSocket(room, grantOf("ben"));
    for (let n = 0; n * wide.length <= announced.transform_parts; n++)
      writer.send(insert({ op_type: "replace", length: 1 }));
    await writer.drain();
    await socket.drain();
    // Of time, not of a frame. What is beyond presence_lag is refused in presence.test.ts.
    const { presence_lag, presence_ms, ping_seconds, silence_seconds, ...others } = announced;
    expect([presence_lag, presence_ms, ping_seconds, silence_seconds]).toEqual([4_096, 50, 10, 30]);
    // Of many frames: what is beyond them is put off in flow.test.ts.
    const { token_units, tokens_per_second, tokens_burst, ...bounds } = others;
    expect([token_units, tokens_per_second, tokens_burst]).toEqual([1_024, 10_000, 50_000]);
    const beyond: Record<keyof typeof bounds, [frame: object, code: string]> = {
      frame_units: [{ type: "submit", pad: "x".repeat(announced.frame_units) }, "payload_too_large"],
      insert_units: [submit({ op: ["x".repeat(announced.insert_units + 1)] }), "operation_too_large"],
      operation_parts: [
        submit({ op: Array.from({ length: announced.operation_parts + 1 }, (_, i) => (i % 2 ? "x" : 1)) }),
        "operation_too_large",
      ],
      transform_parts: [submit({ base: version, op: wide }), "too_old"],
      text_units: [submit({ base: version, op: ["x"] }), "document_too_large"],
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

  it("a flood of presence is coalesced: no error, no disconnect, and others are served in between", async () => {
    const room = await newRoom("Hi 😀!");
    const [ann, ben] = [
      await openRoomSocket(room, grantOf("ann")),
      await openRoomSocket(room, grantOf("ben")),
    ];
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    const sentAt = Date.now();
    for (let n = 0; n < 2_000; n++) {
      const selections = [[n % 3, n === 1_999 ? 900 : 0]];
      ann.send({ type: "presence", version: 1, selections, user_id: "eve", name: "<b>" });
    }
    ben.send(submit({ base: 1, op: ["> "] }));
    const shown = [];
    // Whose frames come first, Ann's last or Ben's, is open.
    for (let [last, isAnswered] = [0, false]; last < 6 || !isAnswered; ) {
      const frame = await ben.next();
      isAnswered ||= frame.type === "ack";
      if (frame.type !== "presence") continue;
      shown.push(frame.items[0]);
      const [[anchor, head]] = frame.items[0].selections;
      last = head;
      // The last of all; Ben's insert has moved it, if that came first.
      if (head >= 6) expect([anchor, head]).toEqual(frame.version === 1 ? [1, 6] : [3, 8]);
    }
    // Not of a time, which the machine makes long or short.
    expect(shown.length).toBeLessThan(4 + (Date.now() - sentAt) / limits.presenceMs);
    for (const { user_id, name } of shown) expect([user_id, name]).toEqual(["ann", "ann"]);
    expect((await ann.drain()).map(({ type }) => type)).toEqual(["actors", "operations"]);
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
