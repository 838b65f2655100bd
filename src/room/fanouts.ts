import { limits } from "../protocol/limits.ts";
import type { Feed, ViewerFanoutApi } from "./fanout-api.ts";
import { FanoutPeer } from "./fanout-peer.ts";
import type { Peer, Session } from "./peer.ts";
import type { Room } from "./room.ts";
import type { RoomResult } from "./room-api.ts";

export interface FanoutsPorts {
  room: Room;
  /** Where it is kept which fan-outs are subscribed. */
  storage: Pick<SyncKvStorage, "list" | "put" | "delete">;
  fanout(shard: number): ViewerFanoutApi;
  later(run: () => void, ms: number): void;
  report(error: unknown): void;
}

const prefix = "fanout:";

/** A room's fan-outs: which there are, where the next viewer goes, and what concerns all of them. */
export class Fanouts {
  readonly #ports: FanoutsPorts;
  readonly #peers = new Map<number, FanoutPeer>();
  /** Shards that viewers were sent to, and that have not attached yet. */
  readonly #expected = new Map<number, number>();

  constructor(ports: FanoutsPorts) {
    this.#ports = ports;
    for (const [key, session] of ports.storage.list<Session>({ prefix })) {
      const shard = Number(key.slice(prefix.length));
      const peer = this.#peerOf(shard, session);
      this.#peers.set(shard, peer);
      ports.room.join(peer);
    }
  }

  /** The fan-out for one more viewer: the first that has room. `full` is one that was found to have none. */
  route(full?: number): number {
    if (full !== undefined) this.#count(full, limits.fanoutViewers);
    let shard = 0;
    while (
      this.#viewersOf(shard) >= limits.fanoutViewers ||
      // Whoever was led astray once is not led to where the number is not known, as after a sleep of the room.
      (full !== undefined && this.#peers.get(shard)?.viewers === 0)
    ) {
      shard += 1;
    }
    this.#count(shard, this.#viewersOf(shard) + 1);
    return shard;
  }

  attach(shard: number, { viewers, since }: { viewers: number; since?: number }): RoomResult<Feed> {
    const { room } = this.#ports;
    const text = room.requests.read();
    if (!text.ok) return text;
    const peer = this.#peerOf(shard, { grant: fanoutGrant(shard), fanout: shard });
    peer.viewers = viewers;
    room.join(peer);
    // The log is asked for whatever the length: a fan-out's viewers have the text already.
    const hello = { type: "hello", client_id: `fanout-${shard}`, since, last_seq: since && 0 };
    const welcome = peer.answerOf(() => room.receive(peer, JSON.stringify(hello)));
    if (peer.session.actor === undefined || welcome === undefined) {
      room.leave(peer);
      return { ok: false, code: "unavailable", detail: "the fan-out could not be subscribed" };
    }
    // The one that it replaces was closed by its hello.
    this.#peers.set(shard, peer);
    this.#expected.delete(shard);
    return {
      ok: true,
      welcome,
      ...(since !== undefined && { text: text.content }),
      changes: room.accessChanges,
    };
  }

  /** Asks all of them. Throws if one cannot be asked. */
  all<T>(ask: (fanout: ViewerFanoutApi) => Promise<T>): Promise<T[]> {
    const shards = new Set([...this.#peers.keys(), ...this.#expected.keys()]);
    return Promise.all([...shards].map((shard) => ask(this.#ports.fanout(shard))));
  }

  #viewersOf(shard: number): number {
    return (this.#peers.get(shard)?.viewers ?? 0) + (this.#expected.get(shard) ?? 0);
  }

  #count(shard: number, viewers: number): void {
    const peer = this.#peers.get(shard);
    if (peer) peer.viewers = viewers;
    else this.#expected.set(shard, viewers);
  }

  #peerOf(shard: number, session: Session): FanoutPeer {
    const { storage, later, report, fanout, room } = this.#ports;
    const key = `${prefix}${shard}`;
    return new FanoutPeer(
      {
        deliver: (frames) => fanout(shard).deliver(frames),
        later,
        report,
        save: (changed) => storage.put(key, changed),
        gone: (peer: FanoutPeer & Peer) => {
          room.leave(peer);
          if (this.#peers.get(shard) !== peer) return;
          this.#peers.delete(shard);
          storage.delete(key);
        },
      },
      session,
    );
  }
}

/** Of nobody: a fan-out is a subscriber that never writes, and each viewer's own grant is held by the fan-out. */
const fanoutGrant = (shard: number): Session["grant"] => ({
  userId: `fanout:${shard}`,
  name: "",
  kind: "program",
  role: "viewer",
  sessionId: "",
  // The last second that a Date can tell.
  expiresAt: 8_640_000_000_000,
  decidedAt: 0,
});
