import { limits } from "../protocol/limits.ts";
import type { Peer } from "./peer.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What the room counts of one socket, in memory: a room that slept had the time to fill every bucket. */
interface PeerFlow {
  bucket: TokenBucket;
  /** The first submission that was put off and has not come again. */
  heldSeq?: number;
  /** Bytes, at most, of the welcomes that it asked for: they may lie unread without its being slow. */
  welcomed: number;
}

/**
 * How much a socket, and a person with all of theirs, may ask of the room, and how much of the answers may lie unread.
 * Law FL-1: whoever is too fast is told when to send the same frame again; nothing is lost by it.
 */
export class Flow {
  readonly #now: () => number;
  readonly #peers = new WeakMap<Peer, PeerFlow>();
  readonly #users = new Map<string, TokenBucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * A message of this many UTF-16 units has come. 0: it may pass; else the milliseconds after which it may be sent again,
   * Infinity if its sender has not heeded that for long and is to be closed (law FL-2).
   */
  admit(peer: Peer, units: number): number {
    const now = this.#now();
    const { bucket } = this.#of(peer, now);
    const cost = frameCost(units);
    const pause = bucket.take(cost, now) || this.#ofUser(peer.session.grant.userId, now).take(cost, now);
    if (pause === 0) return 0;
    // A refused frame is read, too. And it must not pay to knock again and again.
    const owed = bucket.owe(cost, now);
    if (owed > limits.abuseFactor * limits.socketRate.burst) return Number.POSITIVE_INFINITY;
    return pause + Math.ceil((owed / limits.socketRate.perSecond) * 1_000);
  }

  /**
   * Whether this submission has to wait for an earlier one that was put off: `seq` must not be skipped, so the room would
   * refuse it for good.
   */
  isHeld(peer: Peer, seq: number): boolean {
    const flow = this.#peers.get(peer);
    if (flow?.heldSeq === undefined || seq < flow.heldSeq) return false;
    if (seq > flow.heldSeq) return true;
    delete flow.heldSeq;
    return false;
  }

  hold(peer: Peer, seq: number): void {
    const flow = this.#of(peer, this.#now());
    flow.heldSeq = Math.min(seq, flow.heldSeq ?? seq);
  }

  /** The socket was sent a welcome of this many units, which costs what it weighs, and its submissions begin anew. */
  welcomed(peer: Peer, units: number): void {
    const now = this.#now();
    const flow = this.#of(peer, now);
    delete flow.heldSeq;
    flow.welcomed += 3 * units;
    flow.bucket.owe(frameCost(units), now);
    this.#ofUser(peer.session.grant.userId, now).owe(frameCost(units), now);
  }

  /** Law FL-3: whether more lies unread at this socket than the room keeps for it. */
  isBehind(peer: Peer): boolean {
    if (peer.bufferedBytes === undefined) return peer.unprovenUnits > limits.unprovenUnits;
    return peer.bufferedBytes > limits.unreadBytes + (this.#peers.get(peer)?.welcomed ?? 0);
  }

  #of(peer: Peer, now: number): PeerFlow {
    let flow = this.#peers.get(peer);
    if (!flow) {
      flow = { bucket: new TokenBucket(limits.socketRate, now), welcomed: 0 };
      this.#peers.set(peer, flow);
    }
    return flow;
  }

  /** It outlives the person's sockets, so that to come back does not fill it. */
  #ofUser(userId: string, now: number): TokenBucket {
    let bucket = this.#users.get(userId);
    if (!bucket) {
      for (const [other, idle] of this.#users) if (idle.isFull(now)) this.#users.delete(other);
      bucket = new TokenBucket(limits.userRate, now);
      this.#users.set(userId, bucket);
    }
    return bucket;
  }
}

/** Tokens for a frame: one, and one more for every so many units, whatever is in them. */
const frameCost = (units: number): number =>
  1 + Math.floor(Math.min(units, limits.frameUnits) / limits.tokenUnits);
