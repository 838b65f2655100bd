import type { Refused } from "../protocol/client-frames.ts";
import { type FrameForm, formOf } from "../protocol/frame-form.ts";
import { limits } from "../protocol/limits.ts";
import { encodeError, encodeSeedAnswer } from "../protocol/server-frames.ts";
import { type Actor, type Logged, toldLatencyMs } from "./operation-log.ts";
import type { Peer } from "./peer.ts";

/** A frame for one peer, due after the first `after` entries of the batch. */
interface Answer {
  after: number;
  frame: string;
  /** The peer made the last of those entries itself: it has no need of it. */
  own: boolean;
  /** What to say instead if the batch cannot be committed: written then, as it hardly ever is. */
  ifLost?: Pick<Refused, "seq" | "seed">;
}

export const notStored = {
  code: "unavailable",
  detail: "the operation could not be stored; send it again",
} as const;

/**
 * What was accepted since the last flush, and the frames that wait for its commit (law RM-2). Each entry is encoded
 * once in each form that somebody has, and a peer that takes no part in the batch gets the same one frame as all such
 * peers of its form.
 */
export class Batch {
  /** The version of the first entry. */
  readonly from: number;
  readonly entries: Logged[] = [];
  readonly operationsJson: string[] = [];
  /** Who wrote in it. */
  readonly actors = new Set<Actor>();
  /** The entries in the forms that were asked for. */
  readonly #items = new Map<FrameForm, readonly string[]>();
  /** When the room heard of each, milliseconds since the epoch; in order. */
  readonly #heardAt: number[] = [];
  readonly #answers = new Map<Peer, Answer[]>();

  constructor(from: number) {
    this.from = from;
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  add(entry: Logged, actor: Actor, heardAt: number): void {
    this.entries.push(entry);
    this.#heardAt.push(heardAt);
    this.actors.add(actor);
    this.operationsJson.push(JSON.stringify(entry.operation));
  }

  /** The entries, with how long they waited for a commit at this time. */
  entriesAt(at: number): readonly Logged[] {
    if (at - (this.#heardAt[0] ?? at) < toldLatencyMs) return this.entries;
    return this.entries.map((entry, index) => {
      const waited = at - this.#heardAt[index]!;
      return waited < toldLatencyMs ? entry : { ...entry, latencyMs: 2 ** Math.floor(Math.log2(waited)) };
    });
  }

  /** The submission just added is acknowledged to `peer`, after everything below it and, but for `#isAnsweredByAll`, without an echo. */
  acknowledge(peer: Peer, seq: number): void {
    const version = this.from + this.entries.length - 1;
    const frame = formOf(peer.session).ack(seq, version);
    this.#answer(peer, { frame, own: true, ifLost: { seq } });
  }

  /** The seed's edit just added has succeeded. */
  answerSeedEdit(peer: Peer): void {
    const version = this.from + this.entries.length - 1;
    this.#answer(peer, { frame: encodeSeedAnswer(version), own: false, ifLost: { seed: true } });
  }

  /** Any other frame, in its place among the answers to this peer. */
  tell(peer: Peer, frame: string): void {
    this.#answer(peer, { frame, own: false });
  }

  #answer(peer: Peer, answer: Omit<Answer, "after">): void {
    const answers = this.#answers.get(peer);
    const placed: Answer = { after: this.entries.length, ...answer };
    if (answers) answers.push(placed);
    else this.#answers.set(peer, [placed]);
  }

  /** Sends everything: to be called once the batch is committed. */
  deliver(subscribers: Iterable<Peer>): void {
    const everything = new Map<FrameForm, string>();
    for (const peer of subscribers) {
      const answers = this.#answers.get(peer);
      const form = formOf(peer.session);
      if (answers && !(peer.session.short && this.#isAnsweredByAll(answers))) {
        this.#deliverTo(peer, form, answers);
        continue;
      }
      let frame = everything.get(form);
      if (frame === undefined) {
        frame = form.operations(this.from, this.#itemsIn(form));
        everything.set(form, frame);
      }
      peer.send(frame);
    }
    // Who never said hello gets the answers to its own frames alone (law WR-2).
    for (const [peer, answers] of this.#answers) {
      if (peer.session.actor) continue;
      for (const { frame } of answers) peer.send(frame);
    }
  }

  /**
   * Whether a peer that asked for the short form is answered by the frame that everybody gets, its own operations with it: the same string
   * for all costs less than what is cut for one, as long as little comes back.
   */
  #isAnsweredByAll(answers: readonly Answer[]): boolean {
    if (answers.length === this.entries.length) return false;
    let units = 0;
    for (const { own, after } of answers) {
      if (!own) return false;
      units += this.operationsJson[after - 1]?.length ?? 0;
    }
    return units <= limits.echoUnits;
  }

  #itemsIn(form: FrameForm): readonly string[] {
    let items = this.#items.get(form);
    if (!items) {
      items = this.entries.map(({ actor, seq }, at) => form.item(this.operationsJson[at]!, actor, seq));
      this.#items.set(form, items);
    }
    return items;
  }

  #deliverTo(peer: Peer, form: FrameForm, answers: readonly Answer[]): void {
    let delivered = 0;
    const deliverUpTo = (end: number) => {
      if (end > delivered) {
        peer.send(form.operations(this.from + delivered, this.#itemsIn(form).slice(delivered, end)));
      }
    };
    for (const { after, own, frame } of answers) {
      deliverUpTo(own ? after - 1 : after);
      delivered = after;
      peer.send(frame);
    }
    deliverUpTo(this.entries.length);
  }

  /** The batch is lost: nobody saw any of it, and those who wait for an answer may send again. */
  refuse(): void {
    for (const [peer, answers] of this.#answers) {
      for (const { ifLost, frame } of answers)
        peer.send(ifLost ? encodeError({ ...ifLost, ...notStored }) : frame);
    }
  }
}
