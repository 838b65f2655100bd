import { mapSelection } from "../ot/selection.ts";
import { Text } from "../ot/text.ts";
import type { Hello } from "../protocol/client-frames.ts";
import { encodeItem, longForm } from "../protocol/frame-form.ts";
import type { PresenceFrame, PresenceItem } from "../protocol/presence.ts";
import type { ActorInfo, Item, Welcome } from "../protocol/server-frames.ts";
import type { Feed } from "./fanout-api.ts";
import type { Grant } from "./room-api.ts";

/** Operations kept for viewers who come back; those who miss more get the text. */
const recentOperations = 4_096;

/** What a viewer is told of itself: its number, 0 if it never wrote, and its newest `seq`. */
export interface ViewerSelf {
  actor: number;
  lastSeq: number;
  grant: Pick<Grant, "role" | "expiresAt" | "hidesHistory">;
}

/** A fan-out: it asks for no end of tokens, and each viewer's is told by the fan-out that serves it. */
const fanoutSelf: ViewerSelf = { actor: 0, lastSeq: 0, grant: { role: "viewer", expiresAt: 0 } };

/** A room's text and who is there, as a fan-out follows them to answer `hello` by itself. Without a runtime. */
export class Mirror {
  readonly #origin: Welcome;
  readonly #text: Text;
  /** Items as JSON, the last being of `version`. */
  #recent: string[] = [];
  readonly #actors: Map<number, ActorInfo>;
  readonly #presence: Map<number, PresenceItem>;
  #version: number;

  constructor(welcome: Welcome, text: string) {
    this.#origin = welcome;
    this.#text = Text.from(text);
    this.#version = welcome.version;
    this.#actors = new Map(welcome.actors.map((info) => [info.actor, info]));
    this.#presence = new Map(welcome.presence.map((item) => [item.actor, item]));
    if (welcome.operations) this.#recent = welcome.operations.items.map((item) => encodeItem(longForm, item));
  }

  get version(): number {
    return this.#version;
  }

  get epoch(): string {
    return this.#origin.epoch;
  }

  get horizon(): number {
    return this.#origin.horizon;
  }

  hash(): number {
    return this.#text.hash();
  }

  get actors(): ActorInfo[] {
    return [...this.#actors.values()];
  }

  get presence(): ReadonlyMap<number, PresenceItem> {
    return this.#presence;
  }

  /** Accepted operations, the first being of the next version. */
  apply(items: readonly Item[]): void {
    for (const item of items) {
      const { op, actor } = item;
      this.#text.apply(op);
      this.#version += 1;
      this.#recent.push(encodeItem(longForm, item));
      for (const [owner, shown] of this.#presence) {
        const by = owner === actor ? "owner" : "other";
        const selections = shown.selections.map((selection) => mapSelection(selection, op, by));
        this.#presence.set(owner, { ...shown, selections });
      }
    }
    if (this.#recent.length > 2 * recentOperations) this.#recent = this.#recent.slice(-recentOperations);
  }

  learn(actors: readonly ActorInfo[]): void {
    for (const info of actors) this.#actors.set(info.actor, info);
  }

  show({ items }: PresenceFrame): void {
    for (const item of items) {
      if ("gone" in item) this.#presence.delete(item.actor);
      else this.#presence.set(item.actor, item);
    }
  }

  /** The items after `version`, as JSON; undefined if they are not kept or not there yet. */
  since(version: number): string[] | undefined {
    const missed = this.#version - version;
    if (missed < 0 || missed > this.#recent.length) return undefined;
    return missed === 0 ? [] : this.#recent.slice(-missed);
  }

  /** What a fan-out below begins with, whose viewers have the version `since`: the operations after it if they are kept. */
  feed(since: number | undefined): Pick<Feed, "welcome" | "text"> {
    const missed = since === undefined ? undefined : this.since(since);
    if (since === undefined || !missed) {
      return { welcome: this.welcome({ type: "hello", clientId: "" }, fanoutSelf) };
    }
    const hello: Hello = { type: "hello", clientId: "", since };
    return { welcome: this.welcome(hello, fanoutSelf, missed), text: this.#text.toString() };
  }

  /** The answer to `hello`: with `missed` if they are given, else with what is shorter. */
  welcome(hello: Hello, self: ViewerSelf, missed?: readonly string[]): string {
    const { grant } = self;
    const text = this.#text.toString();
    const isOurs = hello.epoch === undefined || hello.epoch === this.epoch;
    let items = missed ?? (hello.since === undefined || !isOurs ? undefined : this.since(hello.since));
    if (!missed && items && items.reduce((sum, item) => sum + item.length, 0) > text.length + 28)
      items = undefined;
    if (grant.hidesHistory) items = undefined;
    const welcome: Welcome = {
      type: "welcome",
      protocol: this.#origin.protocol,
      ...(hello.short && { short: true }),
      version: this.#version,
      epoch: this.epoch,
      ...(items && hello.since !== undefined
        ? { operations: { from: hello.since + 1, items: items.map((item): Item => JSON.parse(item)) } }
        : { text }),
      hash: this.hash(),
      role: grant.role,
      actor: self.actor,
      actors: this.actors.filter(({ actor }) => actor !== self.actor),
      presence: [...this.#presence.values()].filter(({ actor }) => actor !== self.actor),
      last_seq: self.lastSeq,
      horizon: this.#origin.horizon,
      expires_at: grant.expiresAt,
      limits: this.#origin.limits,
    };
    return JSON.stringify(welcome);
  }
}
