import type { Peer, Session } from "../room/peer.ts";
import type { Grant } from "../room/room-api.ts";

type Listener = (event: object) => void;

/** One direction of a connection: what is in it arrives in order, each after its delay. */
class Wire {
  #clearAt = 0;

  send(delay: number, deliver: () => void): void {
    this.#clearAt = Math.max(Date.now() + delay, this.#clearAt);
    setTimeout(deliver, this.#clearAt - Date.now());
  }
}

export interface SocketPorts {
  /** Milliseconds for the next frame; undefined: the connection breaks in its place. */
  delay(): number | undefined;
  join(socket: TestSocket): void;
  leave(socket: TestSocket): void;
  receive(socket: TestSocket, frame: string): void;
}

/** A connection: a session's `WebSocket` on one side, the room's peer on the other, and a network in between. */
export class TestSocket implements Peer {
  session: Session;
  pingedAt: number | undefined;
  readonly bufferedBytes = 0;
  readonly unprovenUnits = 0;
  readonly #ports: SocketPorts;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #up = new Wire();
  readonly #down = new Wire();
  #isOpen = false;
  #hasEnded = false;

  constructor(grant: Grant | undefined, ports: SocketPorts) {
    this.session = { grant: grant as Grant };
    this.#ports = ports;
    const delay = grant && ports.delay();
    if (delay === undefined) setTimeout(() => this.break(1006));
    else this.#up.send(delay, () => this.#open());
  }

  // ── The session's end ──────────────────────────────────────────────────────────────────────────────────────────

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** As WebSocket.send and WebSocket.close have it. */
  transmit(frame: string): void {
    this.#carry(this.#up, () => {
      if (frame !== "ping") return this.#ports.receive(this, frame);
      // The platform answers it.
      this.pingedAt = Date.now();
      this.send("pong");
    });
  }

  /** The connection is gone, and all that is on its way. */
  break(code: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isOpen) this.#ports.leave(this);
    this.#emit("close", { code, reason: "" });
  }

  #open(): void {
    if (this.#hasEnded) return;
    this.#isOpen = true;
    this.#ports.join(this);
    this.#emit("open", {});
  }

  #emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  #carry(wire: Wire, deliver: () => void): void {
    if (this.#hasEnded) return;
    const delay = this.#ports.delay();
    if (delay === undefined) this.break(1006);
    else
      wire.send(delay, () => {
        if (!this.#hasEnded) deliver();
      });
  }

  // ── The room's end ─────────────────────────────────────────────────────────────────────────────────────────────

  saveSession(session: Session): void {
    this.session = session;
  }

  send(frame: string): void {
    // Not within the room's own turn.
    queueMicrotask(() => this.#carry(this.#down, () => this.#emit("message", { data: frame })));
  }

  close(code: number): void {
    this.#down.send(0, () => this.break(code));
  }
}
