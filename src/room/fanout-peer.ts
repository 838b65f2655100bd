import { closeCodes } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import type { ViewerFanoutApi } from "./fanout-api.ts";
import { isNews } from "./fanout-tree.ts";
import type { Peer, Session } from "./peer.ts";

/** Milliseconds until frames are sent again to a fan-out that did not take them, doubled for each time, up to the longest. */
const pause = { first: 1_000, longest: 32_000 };

/** A session of which it is known that it is a fan-out's. */
export type FanoutSession = Session & Required<Pick<Session, "fanout">>;

export interface FanoutPeerPorts {
  deliver: ViewerFanoutApi["deliver"];
  /** Has `run` called after so many milliseconds, beyond the time for which frames are gathered. */
  later(run: () => void, ms: number): void;
  /** Something is to be delivered. */
  queued(): void;
  save(session: FanoutSession): void;
  /** The fan-out has no viewers any more, or another peer took its place. */
  gone(peer: FanoutPeer): void;
  report(error: unknown): void;
}

/**
 * A fan-out as a peer of the one above it: one subscriber, whatever the number of viewers behind it. One delivery is under
 * way at a time, and what comes meanwhile goes with the next: a slow fan-out costs nothing but a bounded queue. A delivery
 * that failed is tried again with the next frame, or by `retry`; until then the fan-out is stored as one that lost something.
 */
export class FanoutPeer implements Peer {
  readonly pingedAt = undefined;
  readonly bufferedBytes = undefined;
  readonly unprovenUnits = 0;
  readonly #ports: FanoutPeerPorts;
  #session: FanoutSession;
  /** The count of viewers that is stored. */
  #storedViewers: number;
  #queue: string[] = [];
  #units = 0;
  /** Something was dropped: the fan-out must attach anew. */
  #lost: boolean;
  #busy = false;
  #failures = 0;
  #closed = false;
  #answer: string | undefined;
  #asked = false;

  constructor(ports: FanoutPeerPorts, session: FanoutSession) {
    this.#ports = ports;
    this.#session = session;
    this.#storedViewers = session.fanout.viewers;
    this.#lost = session.fanout.lost === true;
  }

  get session(): FanoutSession {
    return this.#session;
  }

  get viewers(): number {
    return this.#session.fanout.viewers;
  }

  get isSettled(): boolean {
    return !this.#lost && !this.#busy && this.#queue.length === 0;
  }

  saveSession(session: Session): void {
    this.#session = { ...session, fanout: this.#session.fanout };
    this.#storedViewers = this.viewers;
    if (!this.#closed) this.#ports.save(this.#session);
  }

  #saveFanout(fanout: Partial<FanoutSession["fanout"]>): void {
    this.#session = { ...this.#session, fanout: { ...this.#session.fanout, ...fanout } };
    this.saveSession(this.#session);
  }

  /** One more viewer was sent there. */
  expectViewer(): void {
    this.#session = {
      ...this.#session,
      fanout: { ...this.#session.fanout, viewers: this.viewers + 1 },
    };
  }

  /** The fan-out told how many viewers it has. */
  count(viewers: number): void {
    if (viewers === 0) this.close();
    else if (isNews(viewers, this.#storedViewers)) this.#saveFanout({ viewers });
    else this.#session = { ...this.#session, fanout: { ...this.#session.fanout, viewers } };
  }

  /** What `ask` makes the room send at once: the answer of an RPC, not for delivery. */
  answerOf(ask: () => void): string | undefined {
    this.#asked = true;
    this.#answer = undefined;
    ask();
    this.#asked = false;
    return this.#answer;
  }

  send(frame: string): void {
    if (this.#closed) return;
    if (this.#asked) {
      this.#answer = frame;
      return;
    }
    if (!this.#lost) {
      this.#queue.push(frame);
      this.#units += frame.length;
      if (this.#units > limits.fanoutQueueUnits) this.#drop();
    }
    this.#schedule();
  }

  /** What its viewers have is not certain: it is to attach anew. */
  renew(): void {
    if (this.#closed) return;
    this.#drop();
    this.#schedule();
  }

  /** Has a delivery that failed tried again. */
  retry(): void {
    if (this.#lost) this.#schedule(0);
  }

  /** What waits to be delivered is not to be seen any more. */
  forget(): void {
    if (this.#queue.length > 0) this.renew();
  }

  /** A room that was read anew lets go of its peers, and a fan-out, unlike a socket, does not notice by itself. */
  close(code?: number): void {
    if (code === closeCodes.restarted.code) {
      this.renew();
      return;
    }
    if (this.#closed) return;
    this.#closed = true;
    this.#ports.gone(this);
  }

  #drop(): void {
    this.#lost = true;
    this.#queue = [];
    this.#units = 0;
  }

  #schedule(
    ms = this.#failures === 0 ? 0 : Math.min(pause.first * 2 ** (this.#failures - 1), pause.longest),
  ): void {
    this.#ports.queued();
    if (this.#busy) return;
    this.#busy = true;
    this.#ports.later(() => void this.#deliver(), ms);
  }

  async #deliver(): Promise<void> {
    const frames = this.#lost ? undefined : this.#queue;
    this.#lost = false;
    this.#queue = [];
    this.#units = 0;
    if (this.#closed) return;
    try {
      const { viewers } = await this.#ports.deliver(frames);
      if (this.#closed) return;
      this.#busy = false;
      this.#failures = 0;
      this.count(viewers);
      if (this.#session.fanout.lost) this.#saveFanout({ lost: false });
      if (this.#lost || this.#queue.length > 0) this.#schedule();
    } catch (error) {
      this.#busy = false;
      this.#failures += 1;
      this.#drop();
      this.#ports.report(error);
      if (!this.#session.fanout.lost) this.#saveFanout({ lost: true });
    }
  }
}
