import type { Peer, Session } from "./peer.ts";

/**
 * A peer that one may speak to anywhere: what its socket throws stays here (law RM-6). A socket that missed a frame has
 * a gap in its stream of versions, so nothing more is sent to it, and `onBroken` has to close it: it comes back and resumes.
 */
export class GuardedPeer implements Peer {
  readonly #peer: Peer;
  readonly #onBroken: (peer: GuardedPeer, error: unknown) => void;
  #isBroken = false;

  constructor(peer: Peer, onBroken: (peer: GuardedPeer, error: unknown) => void) {
    this.#peer = peer;
    this.#onBroken = onBroken;
  }

  get session(): Session {
    return this.#peer.session;
  }

  get pingedAt(): number | undefined {
    return this.#peer.pingedAt;
  }

  get bufferedBytes(): number | undefined {
    return this.#peer.bufferedBytes;
  }

  get unprovenUnits(): number {
    return this.#peer.unprovenUnits;
  }

  saveSession(session: Session): void {
    this.#peer.saveSession(session);
  }

  /** The socket that it stands for. */
  get socket(): Peer {
    return this.#peer;
  }

  send(frame: string): void {
    if (this.#isBroken) return;
    try {
      this.#peer.send(frame);
    } catch (error) {
      this.#isBroken = true;
      this.#onBroken(this, error);
    }
  }

  close(code: number, reason: string): void {
    this.#isBroken = true;
    try {
      this.#peer.close(code, reason);
    } catch {
      // Nothing is sent to it any more, whatever becomes of the socket.
    }
  }
}
