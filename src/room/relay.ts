import { encodeOperations, longForm } from "../protocol/frame-form.ts";
import type { PresenceFrame } from "../protocol/presence.ts";
import { encodePresence } from "../protocol/presence.ts";
import {
  type Actors,
  encodeActors,
  type Item,
  type OperationList,
  type Operations,
  type Welcome,
} from "../protocol/server-frames.ts";
import type { Feed } from "./fanout-api.ts";
import { Mirror } from "./mirror.ts";
import type { Head } from "./peer.ts";
import type { RoomResult } from "./room-api.ts";

/** A frame of the room, as far as passing it on needs to know it. */
type RoomFrame = Operations | Actors | PresenceFrame | { type: string; version?: number; hash?: number };

export interface RelayPorts {
  /** Subscribes to the one above; `since` is where the answer is to begin. */
  attach(since: number | undefined): Promise<RoomResult<Feed>>;
  /** To all who follow: viewers who said hello, and the fan-outs below. `operations` is what the frame tells, if it is some. */
  broadcast(frame: string, operations?: OperationList): void;
  /** Those who follow are somewhere else now. */
  moved(): void;
  /** Those who follow cannot be led on: they are to begin anew. */
  restart(): void;
  /** The fan-outs below are to attach anew. */
  renewBelow(): void;
  /** The document is gone. */
  deleted(): void;
  adopt(changes: Feed["changes"]): void;
  report(error: unknown): void;
}

/**
 * The stream of a room, as a fan-out follows it and passes it on. All who follow have the same version, `head`. The text
 * is fetched, and followed from there on, when somebody has to be welcomed; until then frames pass without it.
 *
 * Law FO-1: those who follow get the versions one by one. What does not follow on theirs is fetched from above first.
 */
export class Relay {
  readonly #ports: RelayPorts;
  /** Undefined: it is not known, and nobody here said hello. */
  #head: Head | undefined;
  /** The text at `head`. As long as it is there, the fan-out is subscribed. */
  #mirror: Mirror | undefined;
  #attaching: Promise<void> | undefined;
  /** Counts how often what was fetched had to be forgotten. */
  #generation = 0;

  constructor(ports: RelayPorts) {
    this.#ports = ports;
  }

  get mirror(): Mirror | undefined {
    return this.#mirror;
  }

  get head(): Head | undefined {
    return this.#head;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Somebody who followed before a sleep was there, and nobody was behind. */
  remember(head: Head): void {
    if (!this.#mirror && head.version >= (this.#head?.version ?? 0)) this.#head = head;
  }

  /** Nobody follows any more, and frames do not come any more. */
  detach(): void {
    this.#head = undefined;
    this.#mirror = undefined;
  }

  /** The history was rewritten: what was fetched of it, or is just being fetched, is not kept. */
  forget(): void {
    this.#mirror = undefined;
    this.#generation += 1;
  }

  /** Frames of the one above; undefined: some may be lost. */
  async deliver(frames: readonly string[] | undefined): Promise<void> {
    // What comes now follows on what is just being answered.
    await this.#attaching?.catch(() => {});
    if (!frames) await this.attach({ isForced: true });
    else if (!this.#pass(frames)) await this.attach();
  }

  /** Passes frames on, as far as they follow (law FO-1); false if something is missing. */
  #pass(frames: readonly string[]): boolean {
    for (const frame of frames) {
      const parsed: RoomFrame = JSON.parse(frame);
      if ("from" in parsed) {
        if (!this.#passOperations(parsed, frame)) return false;
        continue;
      }
      if ("actors" in parsed) {
        this.#mirror?.learn(parsed.actors);
      } else if (this.#head && parsed.version !== undefined) {
        if (parsed.version > this.#head.version) return false;
        // It is of a time before the last attaching, which told what came of it.
        if (parsed.version < this.#head.version) continue;
        if ("items" in parsed) this.#mirror?.show(parsed);
        if ("hash" in parsed && this.#mirror && this.#mirror.hash() !== parsed.hash) {
          this.#ports.report(new Error(`the copy differs from the room's text at version ${parsed.version}`));
          // Not to be handed out.
          this.#mirror = undefined;
        }
      }
      this.#ports.broadcast(frame);
    }
    return true;
  }

  #passOperations({ from, items }: Operations, frame: string): boolean {
    if (!this.#head) {
      // Who follows is below, and sees to the order by itself.
      this.#ports.broadcast(frame);
      return true;
    }
    const next = this.#head.version + 1;
    if (from > next) return false;
    const news = items.slice(next - from);
    if (news.length === 0) return true;
    this.#mirror?.apply(news);
    const list = { from: next, items: news };
    this.#ports.broadcast(from === next ? frame : encodeOperations(longForm, list), list);
    this.#move({ version: this.#head.version + news.length, epoch: this.#head.epoch });
    return true;
  }

  #move(head: Head): void {
    this.#head = head;
    this.#ports.moved();
  }

  // ── Attaching ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A copy of the text, not older than `version`. Undefined if the document is gone. */
  async copyAt(version: number): Promise<Mirror | undefined> {
    return this.#copy(undefined, (mirror) => mirror.version >= version);
  }

  /** A copy that knows what came after `since`, if the one above can still tell. Undefined if the document is gone. */
  async copySince(since: number | undefined): Promise<Mirror | undefined> {
    return this.#copy(since, (mirror) => since === undefined || mirror.since(since) !== undefined);
  }

  async #copy(since: number | undefined, suffices: (mirror: Mirror) => boolean): Promise<Mirror | undefined> {
    if (this.#mirror && suffices(this.#mirror)) return this.#mirror;
    // One that is under way may have been answered before, or begin after what this needs.
    while (this.#attaching) await this.#attaching.catch(() => {});
    if (!this.#mirror || !suffices(this.#mirror)) await this.attach({ since });
    return this.#mirror;
  }

  /** Subscribes, and brings those who follow to the version of the one above. Throws if that does not answer. */
  attach(from: { since?: number | undefined; isForced?: boolean } = {}): Promise<void> {
    this.#attaching ??= this.#attach(from).finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attach({ since, isForced }: { since?: number | undefined; isForced?: boolean }): Promise<void> {
    let answer: RoomResult<Feed>;
    let generation: number;
    do {
      generation = this.#generation;
      const head = this.#head?.version;
      answer = await this.#ports.attach(head === undefined ? since : Math.min(head, since ?? head));
    } while (generation !== this.#generation);
    this.#begin(answer, isForced === true);
  }

  #begin(answer: RoomResult<Feed>, isForced: boolean): void {
    if (!answer.ok) {
      if (answer.code !== "not_found") throw new Error(`a fan-out was refused: ${answer.code}`);
      this.detach();
      this.#ports.deleted();
      return;
    }
    this.#ports.adopt(answer.changes);
    const welcome: Welcome = JSON.parse(answer.welcome);
    const before = this.#mirror;
    const had = this.#head;
    // One of the two has it.
    const mirror = new Mirror(welcome, (welcome.text ?? answer.text)!);
    this.#mirror = mirror;
    this.#move({ version: mirror.version, epoch: mirror.epoch });
    if (!had) {
      // Where those below are is not known.
      this.#ports.renewBelow();
      return;
    }
    const missed = had.epoch === mirror.epoch ? mirror.since(had.version) : undefined;
    if (!missed) {
      this.#ports.restart();
      return;
    }
    // Nothing was missed: this was for the sake of the text.
    if (missed.length === 0 && !before && !isForced) return;
    this.#ports.broadcast(encodeActors(mirror.actors));
    if (missed.length > 0) {
      const list = { from: had.version + 1, items: missed.map((item): Item => JSON.parse(item)) };
      this.#ports.broadcast(longForm.operations(list.from, missed), list);
    }
    const gone = [...(before?.presence.keys() ?? [])].filter((actor) => !mirror.presence.has(actor));
    const items = [
      ...welcome.presence.map((item) => JSON.stringify(item)),
      ...gone.map((actor) => JSON.stringify({ actor, gone: true })),
    ];
    if (items.length > 0) this.#ports.broadcast(encodePresence(mirror.version, items));
  }
}
