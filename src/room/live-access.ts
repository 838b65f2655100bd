import { type CloseCode, closeCodes } from "../protocol/close-codes.ts";
import { encodeRole, type Role } from "../protocol/frames.ts";
import type { Peer } from "./peer.ts";
import type { Grant } from "./room-api.ts";

/** What somebody may no longer do, or may do now: `role` undefined where they may nothing. */
interface Change {
  /** Milliseconds since the epoch. */
  at: number;
  role?: Role;
  reason: string;
}

/** Whose access changes: of a person in this document, or of one sign-in. */
export type Whose = { userId: string } | { sessionId: string };

/**
 * Milliseconds for which a change is remembered for grants that were decided before it and arrive after it. A grant is
 * on its way from the Worker for far less.
 */
const changeMemory = 60_000;

export interface LiveAccessPorts {
  /** The sockets of the room. */
  peers: Iterable<Peer>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Closes a socket, which the room then no longer hears. */
  end(peer: Peer, code: CloseCode, reason: string): void;
}

/**
 * What the room's open sockets may do, from moment to moment. A socket's grant is the one place that says it: changed
 * here, in the attachment, it holds for the socket's next frame and outlives hibernation (law AC-1).
 */
export class LiveAccess {
  readonly #ports: LiveAccessPorts;
  /** By `keyOf`. Only a cache: it closes the gap between a decision in the Worker and its arrival here. */
  readonly #changes = new Map<string, Change>();

  constructor(ports: LiveAccessPorts) {
    this.#ports = ports;
  }

  /** Gives every socket of the person this role, and tells those that said hello. Answers how many sockets changed. */
  setRole(userId: string, role: Role, reason: string): number {
    this.#remember({ userId }, { at: this.#ports.now(), role, reason });
    let changed = 0;
    for (const peer of this.#ports.peers) {
      if (peer.session.grant.userId === userId && changeRole(peer, role, reason)) changed += 1;
    }
    return changed;
  }

  /** Closes every socket of the person, or of the sign-in, for good. Answers how many. */
  revoke(whose: Whose, reason: string): number {
    this.#remember(whose, { at: this.#ports.now(), reason });
    const revoked = [...this.#ports.peers].filter(({ session: { grant } }) =>
      "userId" in whose ? grant.userId === whose.userId : grant.sessionId === whose.sessionId,
    );
    for (const peer of revoked) this.#ports.end(peer, closeCodes.revoked, reason);
    return revoked.length;
  }

  /**
   * A socket with a new grant. Changes that were made after the Worker decided on it are applied to it (law AC-2).
   * False if the socket had to be closed.
   */
  admit(peer: Peer): boolean {
    const { userId, sessionId, decidedAt } = peer.session.grant;
    for (const key of [keyOf({ userId }), keyOf({ sessionId })]) {
      const change = this.#changes.get(key);
      if (!change || change.at <= decidedAt) continue;
      if (!change.role) {
        this.#ports.end(peer, closeCodes.revoked, change.reason);
        return false;
      }
      changeRole(peer, change.role, change.reason);
    }
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

/** Law WR-2: a socket that never said hello has the new role, too, but is not told. */
function changeRole(peer: Peer, role: Role, reason: string): boolean {
  const { grant } = peer.session;
  if (grant.role === role) return false;
  peer.saveSession({ ...peer.session, grant: { ...grant, role } satisfies Grant });
  if (peer.session.actor) peer.send(encodeRole(role, reason));
  return true;
}
