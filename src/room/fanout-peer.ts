import { limits } from "../protocol/limits.ts";
import type { ViewerFanoutApi } from "./fanout-api.ts";
import type { Peer, Session } from "./peer.ts";

export interface FanoutPorts {
  deliver: ViewerFanoutApi["deliver"];
  /** Runs something after so many milliseconds. */
  later(run: () => void, ms: number): void;
  save(session: Session): void;
  /** The fan-out has no viewers any more, or the room let go of it. */
  gone(peer: FanoutPeer): void;
  report(error: unknown): void;
}

/** Milliseconds until a delivery that failed is tried again, doubled each time, and how often, if nothing else is to be sent. */
const retry = { first: 1_000, times: 5 };

/**
 * A fan-out as a peer of its room: one subscriber, whatever the number of viewers behind it. One delivery is under way at
 * a time, and what comes meanwhile goes with the next: a fan-out that is slow costs the room nothing but a bounded queue.
 */
export class FanoutPeer implements Peer {
  readonly pingedAt = undefined;
  readonly bufferedBytes = undefined;
  readonly unprovenUnits = 0;
  /** As of the last delivery, and those whom the room has sent there since. */
  viewers = 0;
  readonly #ports: FanoutPorts;
  #session: Session;
  #queue: string[] = [];
  #units = 0;
  /** Something was dropped: the fan-out must attach anew. */
  #lost = false;
  #busy = false;
  #failures = 0;
  #closed = false;
  #answer: string | undefined;
  #asked = false;

  constructor(ports: FanoutPorts, session: Session) {
    this.#ports = ports;
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  saveSession(session: Session): void {
    this.#session = session;
    if (!this.#closed) this.#ports.save(session);
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
    this.#schedule(limits.fanoutMs);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ports.gone(this);
  }

  #drop(): void {
    this.#lost = true;
    this.#queue = [];
    this.#units = 0;
  }

  #schedule(ms: number): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#ports.later(() => void this.#deliver(), ms);
  }

  async #deliver(): Promise<void> {
    const frames = this.#lost ? undefined : this.#queue;
    this.#lost = false;
    this.#queue = [];
    this.#units = 0;
    try {
      if (this.#closed) return;
      const { viewers } = await this.#ports.deliver(frames);
      this.#failures = 0;
      this.viewers = viewers;
      if (viewers === 0) this.close();
    } catch (error) {
      this.#ports.report(error);
      this.#failures += 1;
      this.#drop();
    }
    this.#busy = false;
    if (this.#closed) return;
    if (this.#queue.length > 0) this.#schedule(limits.fanoutMs);
    else if (this.#lost && this.#failures <= retry.times) {
      this.#schedule(retry.first * 2 ** Math.max(0, this.#failures - 1));
    }
  }
}
