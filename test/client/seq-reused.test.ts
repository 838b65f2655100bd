import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("RM-3: two that write under one client id lose nothing: the room tells them apart, and the later takes another id", async () => {
  const { room, network, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  const rejected = recordOf(ann, "rejected");
  const acknowledged = recordOf(ann, "acknowledged");
  // A clone of hers, as a duplicated tab is, whose hello the network held back from closing the first.
  const socket = network.sockets[0]!;
  const clone = room.open("ann");
  clone.session = { ...socket.peer.session };
  room.send(clone, { type: "submit", seq: 1, base: 1, op: ["clone "] });
  ann.edit(insertion(4, " of Ann"));
  ann.edit(insertion(11, "'s"));
  await settle(room);
  await vi.advanceTimersByTimeAsync(200);
  await settle(room);
  expect(room.text).toBe("clone text of Ann's");
  expect([ann.text, ann.isSaved, ann.version]).toEqual([room.text, true, room.version]);
  expect(ann.clientId).not.toBe("ann-1");
  expect(rejected).toEqual([]);
  expect(acknowledged.map(({ seq }) => seq)).toEqual([1]);
  ann.edit(insertion(0, "> "));
  await settle(room);
  expect(room.text).toBe("> clone text of Ann's");
});

it("RM-3: what a clone wrote while one was away is not taken for one's own", async () => {
  const { room, network, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  network.sockets[0]!.drop();
  const clone = room.open("ann", "ann-1");
  room.ask(clone, { type: "submit", seq: 1, base: 1, op: ["clone "] });
  ann.edit(insertion(4, " of Ann"));
  await vi.advanceTimersByTimeAsync(500);
  await settle(room);
  await vi.advanceTimersByTimeAsync(500);
  await settle(room);
  expect(room.text).toBe("clone text of Ann");
  expect([ann.text, ann.isSaved]).toEqual([room.text, true]);
});
