import { type CloseCode, closeCodes } from "../protocol/close-codes.ts";
import {
  encodeAuthExpiring,
  encodeAuthRenewed,
  encodeError,
  encodeRole,
  type Role,
} from "../protocol/server-frames.ts";
import type { AlarmTask } from "./alarm-clock.ts";
import type { Peer } from "./peer.ts";
import type { Grant, RoomResult } from "./room-api.ts";

/** What somebody may no longer do, or may do now: `role` undefined where they may nothing. */
interface Change {
  /** Milliseconds since the epoch. */
  at: number;
  role?: Role;
  reason: string;
}

/** A change as one object tells another of it; `key` says whose. */
export interface KnownChange extends Change {
  key: string;
}

/** Whose access changes: of a person in this document, or of one sign-in. */
export type Whose = { userId: string } | { sessionId: string };

/**
 * Milliseconds for which a change is remembered for grants that were decided before it and arrive after it. A grant is
 * on its way from the Worker for far less.
 */
const changeMemory = 60_000;

/** Milliseconds before the end of a token at which the client is told, for it to renew the token. */
const announcement = 60_000;

/**
 * Announcements fall on multiples of this many milliseconds, up to that much earlier: the room wakes once for all of the
 * sockets whose tokens end within it.
 */
const announcementGrid = 10_000;

export interface LiveAccessPorts {
  /** The sockets of the room. */
  peers: ReadonlySet<Peer>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Asks for `run` at this time or before. */
  wakeBy(at: number): void;
  authorize(token: string, userId: string): Promise<RoomResult<{ grant: Grant }>>;
  report(error: unknown): void;
  /** Commits and acknowledges what was accepted: that comes before a new role is told. */
  flush(): void;
  /** Closes a socket, which the room then no longer hears. */
  end(peer: Peer, code: CloseCode, reason: string): void;
}

/**
 * What the room's open sockets may do, from moment to moment. A socket's grant is the one place that says it: changed
 * here, in the attachment, it holds for the socket's next frame and outlives hibernation (law AC-1). As a task of the
 * room's alarm clock it sees to the end of tokens.
 */
export class LiveAccess implements AlarmTask {
  readonly name = "token expiry";
  readonly #ports: LiveAccessPorts;
  /** By `keyOf`. Only a cache: it closes the gap between a decision in the Worker and its arrival here. */
  readonly #changes = new Map<string, Change>();
  /** Sockets whose new token is being verified. */
  readonly #renewing = new WeakSet<Peer>();

  constructor(ports: LiveAccessPorts) {
    this.#ports = ports;
  }

  /** Gives every socket of the person this role, and tells those that said hello. Answers how many sockets changed. */
  setRole(userId: string, role: Role, reason: string): number {
    this.#ports.flush();
    this.#remember({ userId }, { at: this.#ports.now(), role, reason });
    let changed = 0;
    for (const peer of this.#ports.peers) {
      if (peer.session.grant.userId === userId && changeRole(peer, role, reason)) changed += 1;
    }
    return changed;
  }

  /** Closes every socket of the person, or of the sign-in, for good. Answers how many. */
  revoke(whose: Whose, reason: string): number {
    this.#ports.flush();
    this.#remember(whose, { at: this.#ports.now(), reason });
    const revoked = [...this.#ports.peers].filter(({ session: { grant } }) =>
      "userId" in whose ? grant.userId === whose.userId : grant.sessionId === whose.sessionId,
    );
    for (const peer of revoked) this.#ports.end(peer, closeCodes.revoked, reason);
    return revoked.length;
  }

  /** What is remembered, for those who look after sockets of the room elsewhere. */
  get changes(): KnownChange[] {
    return [...this.#changes].map(([key, change]) => ({ key, ...change }));
  }

  /** Remembers the room's changes, too; they are applied to a socket by `admit`. */
  adopt(changes: readonly KnownChange[]): void {
    for (const { key, ...change } of changes) {
      const known = this.#changes.get(key);
      if (!known || known.at < change.at) this.#changes.set(key, change);
    }
  }

  // ── Grants ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A socket with a new grant, or one that was there before the room woke. Changes that were made after the Worker decided on it are applied to it (law AC-2).
   * False if the socket had to be closed.
   */
  admit(peer: Peer): boolean {
    const { userId, sessionId, decidedAt } = peer.session.grant;
    // A session ends for good, whichever clock said so: the Worker's may be ahead of the room's.
    for (const [key, since] of [
      [keyOf({ userId }), decidedAt],
      [keyOf({ sessionId }), Number.NEGATIVE_INFINITY],
    ] as const) {
      const change = this.#changes.get(key);
      // Of one millisecond nobody knows which was first.
      if (!change || change.at < since) continue;
      if (!change.role) {
        this.#ports.end(peer, closeCodes.revoked, change.reason);
        return false;
      }
      changeRole(peer, change.role, change.reason);
    }
    this.watch(peer);
    return true;
  }

  /**
   * `auth`: a new token for an open socket. It is verified elsewhere, so this waits, and the room does not: what the
   * socket sends meanwhile is judged by what it has. One at a time, for each costs a signature and a query.
   */
  async renew(peer: Peer, token: string): Promise<void> {
    if (this.#renewing.has(peer)) {
      peer.send(encodeError({ code: "slow_down", detail: "a token of this socket is being verified" }));
      return;
    }
    this.#renewing.add(peer);
    const answer = await this.#authorize(token, peer.session.grant.userId);
    this.#renewing.delete(peer);
    // It may have closed, or been closed, meanwhile.
    if (!this.#ports.peers.has(peer)) return;
    if (answer.ok) {
      this.#replaceGrant(peer, answer.grant);
    } else if (answer.code === "not_found") {
      this.#ports.end(peer, closeCodes.revoked, "the document is not open to you any more");
    } else {
      peer.send(encodeError({ code: answer.code, detail: answer.detail }));
    }
  }

  async #authorize(token: string, userId: string): Promise<RoomResult<{ grant: Grant }>> {
    try {
      return await this.#ports.authorize(token, userId);
    } catch (error) {
      this.#ports.report(error);
      return { ok: false, code: "unavailable", detail: "the token cannot be verified now; send it again" };
    }
  }

  #replaceGrant(peer: Peer, grant: Grant): void {
    this.#ports.flush();
    // One that ends soon all the same is not announced again: its bearer has just shown that it has no better.
    const expiryAnnounced = grant.expiresAt * 1000 < this.#ports.now() + announcement;
    peer.saveSession({
      ...peer.session,
      grant: { ...grant, role: peer.session.grant.role },
      expiryAnnounced,
    });
    changeRole(peer, grant.role, "the document's members have changed");
    if (this.admit(peer)) peer.send(encodeAuthRenewed(grant.expiresAt));
  }

  // ── The end of tokens ──────────────────────────────────────────────────────────────────────────────────────────

  /** Has the room woken in time for this socket's token. */
  watch(peer: Peer): void {
    this.#ports.wakeBy(dueOf(peer));
  }

  dueAt(): number | undefined {
    let due: number | undefined;
    for (const peer of this.#ports.peers) due = Math.min(dueOf(peer), due ?? Number.POSITIVE_INFINITY);
    return due;
  }

  run(now: number): void {
    for (const peer of [...this.#ports.peers]) {
      if (dueOf(peer) > now || this.endIfExpired(peer, now)) continue;
      peer.saveSession({ ...peer.session, expiryAnnounced: true });
      peer.send(encodeAuthExpiring(peer.session.grant.expiresAt));
    }
  }

  /** Closes the socket if its token has ended; then nothing that it sent has an effect. */
  endIfExpired(peer: Peer, now: number): boolean {
    if (now < endOf(peer)) return false;
    this.#ports.end(peer, closeCodes.tokenExpired, "the access token has expired");
    return true;
  }

  #remember(whose: Whose, change: Change): void {
    for (const [key, { at }] of this.#changes) {
      if (at < change.at - changeMemory) this.#changes.delete(key);
    }
    this.#changes.set(keyOf(whose), change);
  }
}

const keyOf = (whose: Whose): string =>
  "userId" in whose ? `user ${whose.userId}` : `session ${whose.sessionId}`;

/** Milliseconds since the epoch. */
const endOf = ({ session }: Peer): number => session.grant.expiresAt * 1000;

/** When something is next to be done about the socket's token. Who never said hello is told nothing (law WR-2). */
function dueOf(peer: Peer): number {
  const { actor, expiryAnnounced } = peer.session;
  if (!actor || expiryAnnounced) return endOf(peer);
  return Math.floor((endOf(peer) - announcement) / announcementGrid) * announcementGrid;
}

/** Law WR-2: a socket that never said hello has the new role, too, but is not told. */
function changeRole(peer: Peer, persons: Role, reason: string): boolean {
  const { grant } = peer.session;
  const role = grant.readOnly ? "viewer" : persons;
  if (grant.role === role) return false;
  peer.saveSession({ ...peer.session, grant: { ...grant, role } satisfies Grant });
  if (peer.session.actor) peer.send(encodeRole(role, reason));
  return true;
}
