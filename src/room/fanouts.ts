import { limits } from "../protocol/limits.ts";
import type { AlarmTask } from "./alarm-clock.ts";
import type { ViewerFanoutApi } from "./fanout-api.ts";
import { FanoutPeer, type FanoutSession } from "./fanout-peer.ts";
import { childrenOf, nextChild, type Place } from "./fanout-tree.ts";
import type { Session } from "./peer.ts";

export interface FanoutsPorts {
  /** Of the one that they hang below. */
  place: Place;
  /** Where it is kept which of them are subscribed. */
  storage: Pick<SyncKvStorage, "list" | "put" | "delete">;
  fanout(shard: number): ViewerFanoutApi;
  /** Milliseconds for which frames are gathered before they are sent. */
  gatherMs: number;
  later(run: () => void, ms: number): void;
  now(): number;
  /** Has the alarm ring at this time or before. */
  wakeBy(at: number): void;
  /** One was subscribed before the object woke, and one is subscribed no longer. */
  joined?(peer: FanoutPeer): void;
  left?(peer: FanoutPeer): void;
  report(error: unknown): void;
}

const prefix = "fanout:";

/**
 * The fan-outs right below a room, or below a fan-out: which there are, where the next viewer goes, and what concerns all of them.
 *
 * Law FO-2: what was not delivered when the object died is made up for. While there is something to deliver, an alarm stands
 * `fanoutSettleMs` after it; who then wakes without any socket, as only after a death, has all of them attach anew.
 */
export class Fanouts implements AlarmTask {
  readonly name = "fan-outs";
  readonly #ports: FanoutsPorts;
  readonly #peers = new Map<number, FanoutPeer>();
  /** Viewers who were sent to a fan-out that has not attached yet. */
  readonly #expected = new Map<number, number>();
  /** When to look whether everything was delivered. */
  #settleAt: number | undefined;

  constructor(ports: FanoutsPorts) {
    this.#ports = ports;
    for (const [key, session] of ports.storage.list<FanoutSession>({ prefix })) {
      const shard = Number(key.slice(prefix.length));
      const peer = this.#peer(shard, session);
      this.#peers.set(shard, peer);
      ports.joined?.(peer);
      peer.retry();
    }
  }

  /** Viewers below, as far as they were told. */
  get viewers(): number {
    let viewers = 0;
    for (const peer of this.#peers.values()) viewers += peer.viewers;
    return viewers;
  }

  get isEmpty(): boolean {
    return this.#peers.size === 0;
  }

  /** The fan-out for one more viewer. */
  route(): number {
    const shards = childrenOf(this.#ports.place);
    const below = shards.map((shard) => this.#peers.get(shard)?.viewers ?? this.#expected.get(shard) ?? 0);
    const child = nextChild(below);
    const shard = shards[child]!;
    const peer = this.#peers.get(shard);
    if (peer) peer.expectViewer();
    else this.#expected.set(shard, below[child]! + 1);
    return shard;
  }

  /** A peer for a fan-out that subscribes, to be handed to `subscribe` when it has what it begins with. */
  peerFor(shard: number, viewers: number): FanoutPeer {
    return this.#peer(shard, { grant: fanoutGrant(shard), fanout: { shard, viewers } });
  }

  /** Takes the place of the peer that the fan-out may have had. */
  subscribe(peer: FanoutPeer): void {
    const { shard } = peer.session.fanout;
    const before = this.#peers.get(shard);
    this.#peers.set(shard, peer);
    this.#expected.delete(shard);
    before?.close();
    peer.saveSession(peer.session);
  }

  count(shard: number, viewers: number): { subscribed: boolean } {
    const peer = this.#peers.get(shard);
    peer?.count(viewers);
    return { subscribed: peer !== undefined };
  }

  send(frame: string): void {
    for (const peer of this.#peers.values()) peer.send(frame);
  }

  /** What they have is not certain: all of them attach anew. */
  renew(): void {
    for (const peer of this.#peers.values()) peer.renew();
  }

  /**
   * The storage was put back, and what it says of who is subscribed is of before. So all that there can be are told to attach
   * anew, if they have viewers. Throws if one cannot be told.
   */
  async renewEvery(): Promise<void> {
    const { place, fanout } = this.#ports;
    await Promise.all(childrenOf(place).map((shard) => fanout(shard).deliver(undefined)));
  }

  /** The history was rewritten: nothing of it is kept below. Throws if one cannot be asked. */
  async forget(): Promise<void> {
    for (const peer of this.#peers.values()) peer.forget();
    await this.all((fanout) => fanout.forget());
  }

  /** Asks all of them. Throws if one cannot be asked. */
  all<T>(ask: (fanout: ViewerFanoutApi) => Promise<T>): Promise<T[]> {
    const shards = new Set([...this.#peers.keys(), ...this.#expected.keys()]);
    return Promise.all([...shards].map((shard) => ask(this.#ports.fanout(shard))));
  }

  /** They are gone, and storage with them. */
  reset(): void {
    this.#peers.clear();
    this.#expected.clear();
    this.#settleAt = undefined;
  }

  // ── The alarm ──────────────────────────────────────────────────────────────────────────────────────────────────

  dueAt(): number | undefined {
    return this.#settleAt;
  }

  /** Throws, and so is run again later and later, as long as some do not answer. */
  run(now: number): void {
    const unsettled = [...this.#peers.values()].filter((peer) => !peer.isSettled);
    this.#settleAt = unsettled.length === 0 ? undefined : now + limits.fanoutSettleMs;
    const failing = unsettled.filter(({ session }) => session.fanout.lost);
    for (const peer of failing) peer.retry();
    if (failing.length > 0) throw new Error(`${failing.length} fan-outs do not answer`);
  }

  #queued(): void {
    this.#settleAt = this.#ports.now() + limits.fanoutSettleMs;
    this.#ports.wakeBy(this.#settleAt);
  }

  #peer(shard: number, session: FanoutSession): FanoutPeer {
    const { storage, gatherMs, later, report, fanout, left } = this.#ports;
    const key = `${prefix}${shard}`;
    return new FanoutPeer(
      {
        deliver: (frames) => fanout(shard).deliver(frames),
        later: (run, ms) => later(run, gatherMs + ms),
        queued: () => this.#queued(),
        report,
        save: (changed) => storage.put(key, changed),
        gone: (peer) => {
          left?.(peer);
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
