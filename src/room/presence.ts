import type { Accepted, Authority } from "../ot/authority.ts";
import { mapSelection, type Selection } from "../ot/selection.ts";
import type { Text } from "../ot/text.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { encodePresence, type PresenceItem, type PresenceUpdate } from "../protocol/presence.ts";
import type { AlarmTask } from "./alarm-clock.ts";
import type { LoadedRoom } from "./loaded-room.ts";
import type { Peer } from "./peer.ts";
import { presenceColor } from "./presence-color.ts";

/** What a socket shows to the others: its newest update. Kept in the session, so that it outlives hibernation. */
export interface ShownPresence {
  /** The version that the positions are of; what was accepted after it is mapped in when it is needed. */
  readonly version: number;
  readonly selections: readonly Selection[];
  readonly color: string;
  /** When it was heard of, milliseconds since the epoch. */
  readonly at: number;
}

/** What presence needs of its room. */
export interface PresencePorts {
  now(): number;
  /** Has `deliver` called after so many milliseconds, in a turn of its own. */
  deliverAfter(ms: number): void;
  subscribers(): Iterable<Peer>;
  /** Has the alarm ring at this time or before. */
  wakeBy(at: number): void;
}

/** Operations after which everybody is mapped, so that a newcomer never waits for more than these. */
const mapEvery = 1_024;

/**
 * Items in one frame: in a crowd everybody is shown less often, and what a socket is sent stays bounded. Two thousand that
 * leave together are gone within 2 s (law PR-3).
 */
const frameItems = 64;

/**
 * Who looks at what, without a runtime.
 *
 * Law PR-1: presence takes no version, is in no log and has no acknowledgement; only the newest state counts, and it is
 * gone with its socket. Law PR-2: what anybody is sent are positions in the committed text at the frame's version.
 */
export class Presence {
  readonly #ports: PresencePorts;
  readonly #shown = new Map<Peer, ShownPresence>();
  /** What the others have not been told yet, by actor; undefined: it is gone. */
  readonly #changed = new Map<number, Peer | undefined>();
  /** When a peer that shows something last sent a frame, as far as memory goes. */
  readonly #heardAt = new WeakMap<Peer, number>();
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #willWake = false;
  #mappedAt = 0;

  constructor(ports: PresencePorts) {
    this.#ports = ports;
  }

  /** Takes back what a socket showed before the room slept. */
  join(peer: Peer): void {
    if (peer.session.presence) this.#shown.set(peer, peer.session.presence);
  }

  /** The peer is closed, or becomes another: the others are told within one frame. */
  leave(peer: Peer): void {
    const { actor } = peer.session;
    if (this.#shown.delete(peer) && actor) this.#change(actor.actor, undefined);
  }

  /** The peer stays, and shows itself no longer. */
  #hide(peer: Peer): void {
    this.leave(peer);
    const { presence, ...session } = peer.session;
    if (presence) peer.saveSession(session);
  }

  /** Every frame of a peer is a sign of life. */
  heard(peer: Peer): void {
    this.#heardAt.set(peer, this.#ports.now());
  }

  /** Takes the update as the peer's newest, or says why not. However many come, the others get the newest at a time. */
  receive(
    room: LoadedRoom,
    peer: Peer,
    { version, selections, color }: PresenceUpdate,
  ): { code: ErrorCode; detail: string } | undefined {
    const { actor, grant } = peer.session;
    if (!actor) return { code: "hello_required", detail: "say hello first" };
    const refusal = presenceRefusal(version, room.committedVersion, room.authority.horizon);
    if (refusal) return refusal;
    if (selections === null) {
      this.#hide(peer);
    } else {
      const at = this.#ports.now();
      this.#shown.set(peer, { version, selections, color: color ?? presenceColor(grant.userId), at });
      this.#change(actor.actor, peer);
      if (this.#isWatched) this.#ports.wakeBy(at + limits.silenceSeconds * 1000);
    }
    return undefined;
  }

  /** Those whom the newcomer sees; to be called with everything committed. */
  itemsFor(room: LoadedRoom, newcomer: number): PresenceItem[] {
    const since = readOnce(room.authority);
    return [...this.#shown.keys()]
      .filter(({ session }) => session.actor?.actor !== newcomer)
      .map((peer) => this.#item(room, peer, since));
  }

  /** Sends what changed, if it is time; to be called with everything committed and delivered. */
  deliver(room: LoadedRoom): void {
    if (room.authority.version - this.#mappedAt >= mapEvery) {
      const since = readOnce(room.authority);
      for (const peer of this.#shown.keys()) this.#map(room, peer, since);
      this.#mappedAt = room.authority.version;
    }
    if (this.#changed.size === 0) return;
    const now = this.#ports.now();
    if (now < this.#deliveredAt + limits.presenceMs) {
      this.#wake();
      return;
    }
    this.#deliveredAt = now;
    // In the order in which they changed first, so that nobody is passed over.
    const changed = new Map([...this.#changed].slice(0, frameItems));
    for (const actor of changed.keys()) this.#changed.delete(actor);
    if (this.#changed.size > 0) this.#wake();
    const since = readOnce(room.authority);
    const items = [...changed].map(([actor, peer]) => ({
      actor,
      json: JSON.stringify(peer ? this.#item(room, peer, since) : { actor, gone: true }),
    }));
    const encode = (some: typeof items) =>
      encodePresence(
        room.authority.version,
        some.map(({ json }) => json),
      );
    const everything = encode(items);
    for (const peer of this.#ports.subscribers()) {
      const own = peer.session.actor?.actor;
      if (own === undefined || !changed.has(own)) peer.send(everything);
      else if (items.length > 1) peer.send(encode(items.filter(({ actor }) => actor !== own)));
    }
  }

  /** The turn that was asked for by `wake` has come. */
  woken(room: LoadedRoom | undefined): void {
    this.#willWake = false;
    if (room) this.deliver(room);
  }

  #change(actor: number, peer: Peer | undefined): void {
    this.#changed.set(actor, peer);
    this.#wake();
  }

  #wake(): void {
    if (this.#willWake) return;
    this.#willWake = true;
    this.#ports.deliverAfter(Math.max(0, this.#deliveredAt + limits.presenceMs - this.#ports.now()));
  }

  #item(room: LoadedRoom, peer: Peer, since: Since): PresenceItem {
    const { selections, color } = this.#map(room, peer, since);
    const { grant, actor } = peer.session;
    return {
      actor: actor!.actor,
      user_id: grant.userId,
      name: grant.name,
      kind: grant.kind,
      color,
      selections,
    };
  }

  /** Brings what the peer shows to the newest version, and keeps it with the socket. */
  #map({ authority }: LoadedRoom, peer: Peer, since: Since): ShownPresence {
    const shown = this.#shown.get(peer)!;
    if (shown === peer.session.presence && shown.version === authority.version) return shown;
    const selections = mapped(shown, peer.session.actor!.actor, authority, since);
    const presence = { ...shown, version: authority.version, selections };
    this.#shown.set(peer, presence);
    peer.saveSession({ ...peer.session, presence });
    return presence;
  }

  // ── Signs of life ──────────────────────────────────────────────────────────────────────────────────────────────

  /** When the peer last gave one, milliseconds since the epoch. */
  #aliveAt(peer: Peer): number {
    const { presence, since } = peer.session;
    const known = [peer.pingedAt, this.#heardAt.get(peer), this.#shown.get(peer)?.at, presence?.at, since];
    return Math.max(0, ...known.filter((at) => at !== undefined));
  }

  /** Whether a client that has pinged before has stopped: its connection is likely dead. */
  isSilent(peer: Peer): boolean {
    return peer.pingedAt !== undefined && this.#isOverdue(peer);
  }

  #isOverdue(peer: Peer): boolean {
    return this.#ports.now() >= this.#aliveAt(peer) + limits.silenceSeconds * 1000;
  }

  /** Whether there is anybody to whom somebody could be shown. */
  get #isWatched(): boolean {
    let subscribers = 0;
    for (const _ of this.#ports.subscribers()) {
      subscribers += 1;
      if (subscribers > 1) return true;
    }
    return false;
  }

  /** Somebody was subscribed: who was shown to nobody so far may have been silent for long. */
  watch(): void {
    const due = this.sweep.dueAt();
    if (due !== undefined) this.#ports.wakeBy(due);
  }

  /**
   * Takes away what the silent show (law PR-3); only as long as anybody is shown to somebody, so that a lonely room sleeps
   * on. Their sockets stay: a tab in the background may only be slow.
   */
  readonly sweep: AlarmTask = {
    name: "presence",
    dueAt: () => {
      if (this.#shown.size === 0 || !this.#isWatched) return undefined;
      const aliveAt = [...this.#shown.keys()].map((peer) => this.#aliveAt(peer));
      return aliveAt.reduce((first, at) => Math.min(first, at)) + limits.silenceSeconds * 1000;
    },
    run: () => {
      for (const peer of [...this.#shown.keys()]) if (this.#isOverdue(peer)) this.#hide(peer);
    },
  };
}

/** Why a presence cannot be of this version; undefined if it can. */
export function presenceRefusal(
  version: number,
  newest: number,
  horizon: number,
): { code: ErrorCode; detail: string } | undefined {
  if (version > newest) return { code: "base_ahead", detail: `The newest version is ${newest}.` };
  const oldest = Math.max(horizon, newest - limits.presenceLag);
  if (version >= oldest) return undefined;
  return { code: "too_old", detail: `the oldest version that a presence can be of is ${oldest}` };
}

/** What was accepted after a version. */
type Since = (version: number) => readonly Accepted[];

/** Reads what was accepted after a version once for all who are at it, as most are. */
function readOnce(authority: Authority): Since {
  const read = new Map<number, readonly Accepted[]>();
  return (version) => {
    const known = read.get(version) ?? authority.since(version);
    read.set(version, known);
    return known;
  };
}

function mapped(
  { version, selections }: ShownPresence,
  owner: number,
  authority: Authority,
  since: Since,
): readonly Selection[] {
  // The log was cut meanwhile: somebody is there, and where is not known.
  if (version < authority.horizon || version > authority.version) return [];
  let current = selections;
  let walked = 0;
  for (const { actor, operation } of since(version)) {
    // As with a submission, what moving it costs has an end: then they are there without a cursor, until they move.
    walked += operation.length * selections.length;
    if (walked > limits.transformParts) return [];
    const by = actor === owner ? "owner" : "other";
    current = current.map((selection) => mapSelection(selection, operation, by));
  }
  return current.map(([anchor, head]) => [placeIn(authority.text, anchor), placeIn(authority.text, head)]);
}

/** The nearest place at or before `position`: past the end means the end, and no caret stands within a surrogate pair. */
function placeIn(text: Text, position: number): number {
  if (position >= text.length) return text.length;
  const unit = text.slice(position, position + 1).charCodeAt(0);
  return (unit & 0xfc00) === 0xdc00 ? position - 1 : position;
}
