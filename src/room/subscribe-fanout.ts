import type { Feed } from "./fanout-api.ts";
import type { Fanouts } from "./fanouts.ts";
import type { Room } from "./room.ts";
import type { RoomResult } from "./room-api.ts";

/** Makes a fan-out a subscriber of the room, as any client becomes one: by a hello. */
export function subscribeFanout(
  room: Room,
  fanouts: Fanouts,
  shard: number,
  { viewers, since }: { viewers: number; since?: number },
): RoomResult<Feed> {
  const text = room.requests.read();
  if (!text.ok) return text;
  const peer = fanouts.peerFor(shard, viewers);
  room.join(peer);
  // The log is asked for whatever the length: a fan-out's viewers have the text already.
  const hello = { type: "hello", client_id: `fanout-${shard}`, since, last_seq: since && 0 };
  const welcome = peer.answerOf(() => room.receive(peer, JSON.stringify(hello)));
  if (peer.session.actor === undefined || welcome === undefined) {
    room.leave(peer);
    return { ok: false, code: "unavailable", detail: "the fan-out could not be subscribed" };
  }
  fanouts.subscribe(peer);
  return {
    ok: true,
    welcome,
    ...(since !== undefined && { text: text.content }),
    changes: room.accessChanges,
  };
}
