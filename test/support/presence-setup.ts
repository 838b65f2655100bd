import type { Selection } from "../../src/ot/selection.ts";
import { type RecordedPeer, RoomHarness } from "./room-harness.ts";

/** The frame in which a client shows these selections. */
export const show = (version: number, ...selections: Selection[]) => ({
  type: "presence",
  version,
  selections,
});

/** A room "Hello world" at version 1, with two that have said hello: Ann is actor 2 and Ben is actor 3. */
export function setUpPresence(content = "Hello world") {
  const room = new RoomHarness(content);
  const ann = room.open("ann", "ann-1");
  const ben = room.open("ben", "ben-1");
  return { room, ann, ben };
}

/** The presence frames that a peer was sent since it was last asked. */
export const presenceOf = (peer: RecordedPeer) => peer.take().filter((frame) => frame.type === "presence");
