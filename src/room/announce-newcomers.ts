import { encodeActors } from "../protocol/server-frames.ts";
import type { Batch } from "./batch.ts";
import type { LoadedRoom } from "./loaded-room.ts";
import type { Peer } from "./peer.ts";
import { actorInfo } from "./welcome.ts";

/** A number is told before the first frame that bears it, to everybody but its bearer, who has it from the welcome. */
export function announceNewcomers(room: LoadedRoom, batch: Batch, subscribers: Iterable<Peer>): void {
  const newcomers = [...batch.actors].filter(({ actor }) => !room.announced.has(actor));
  if (newcomers.length === 0) return;
  for (const newcomer of newcomers) room.announced.set(newcomer.actor, newcomer);
  const frame = encodeActors(newcomers.map(actorInfo));
  for (const peer of subscribers) {
    const others = newcomers.filter(({ actor }) => actor !== peer.session.actor?.actor);
    if (others.length === newcomers.length) peer.send(frame);
    else if (others.length > 0) peer.send(encodeActors(others.map(actorInfo)));
  }
}
