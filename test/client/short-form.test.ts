import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** From here on the service is one from before there was a short form: a field that it does not know it ignores. */
function growOld({ room }: ReturnType<typeof setUp>): void {
  const { send } = room;
  room.send = (peer, frame) => {
    const message = typeof frame === "string" ? frame : JSON.stringify(frame);
    if (/^\{"(submit|ops|ack)"/.test(message)) throw new Error(`no old service understands ${message}`);
    return send.call(room, peer, message.replace(',"short":true', ""));
  };
}

describe("the short form", () => {
  it("a keystroke takes some 40 bytes up and down, one at a time", async () => {
    const { room, network, session } = setUp("x".repeat(20_000));
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    const received: string[] = [];
    const [, bens] = network.sockets;
    const emit = bens!.emit.bind(bens);
    bens!.emit = (type, event = {}) => {
      if ("data" in event) received.push(event.data as string);
      emit(type, event);
    };
    for (let at = 12_345; at < 12_348; at++) {
      ann.edit(insertion(at, "a"));
      await settle(room);
    }
    expect(ben.text).toBe(room.text);
    expect(network.sockets[0]?.sent.at(-1)).toBe('{"submit":[3,3,[12347,"a"]]}');
    expect(received.at(-1)).toBe('{"ops":[4,[2,3,[12347,"a"]]]}');
  });

  it("WR-1: with a service that does not know it, the library speaks the long form", async () => {
    const setup = setUp("text");
    growOld(setup);
    const { room, session } = setup;
    const [ann, ben] = [session("ann"), session("ben")];
    await settle(room);
    ann.edit(insertion(4, " of Ann"));
    ben.edit(insertion(0, "Ben's "));
    await settle(room);
    expect([ann.text, ben.text]).toEqual([room.text, room.text]);
    expect(ann.isSaved && ben.isSaved).toBe(true);
  });

  it("RM-3: what was sent in the short form, and may have arrived, goes to an old service as the same submission", async () => {
    const setup = setUp("text");
    const { room, network, session } = setup;
    const ann = session("ann");
    await settle(room);
    const acknowledged = recordOf(ann, "acknowledged");
    const [first] = network.sockets;
    first!.loseAnswers = true;
    ann.edit(insertion(0, "once "));
    await settle(room);
    expect(first?.sent.at(-1)).toBe('{"submit":[1,1,["once "]]}');
    growOld(setup);
    first?.drop();
    await vi.advanceTimersByTimeAsync(200);
    await settle(room);
    ann.edit(insertion(5, "more "));
    await settle(room);
    expect(room.text).toBe("once more text");
    expect(ann.text).toBe(room.text);
    expect(acknowledged.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});
