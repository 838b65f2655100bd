import { closeReason } from "../protocol/close-codes.ts";
import type { FrameDebugging } from "./frame-debugging.ts";
import type { Peer, Session } from "./peer.ts";
import type { RoomMeter } from "./room-meter.ts";

/** How a session lies in the socket's attachment (at most 16 KiB, kept over hibernation). Versioned: code changes, sockets stay. */
interface Attachment {
  v: 2;
  session: Session;
}

/** Of a Durable Object's state, what tells of its sockets. */
type SocketContext = Pick<DurableObjectState, "getWebSocketAutoResponseTimestamp" | "getTags">;

/** Units that are sent before it is asked whether a ping has come since. */
const askedFrom = 65_536;

/** Who hears of every frame. */
interface Observers {
  meter: RoomMeter;
  debugging: FrameDebugging;
}

/** A hibernatable WebSocket as the room's peer. */
export class SocketPeer implements Peer {
  readonly #socket: WebSocket;
  readonly #context: SocketContext;
  readonly #observers: Observers;
  #session: Session;
  #closed = false;
  #unproven = 0;
  #lastPing: number | undefined;

  private constructor(socket: WebSocket, context: SocketContext, observers: Observers, session: Session) {
    this.#socket = socket;
    this.#context = context;
    this.#observers = observers;
    this.#session = session;
  }

  /** A socket that was just accepted. */
  static open(socket: WebSocket, context: SocketContext, observers: Observers, session: Session): SocketPeer {
    const peer = new SocketPeer(socket, context, observers, session);
    peer.saveSession(session);
    return peer;
  }

  /** A socket that was there before the object woke; undefined if its attachment is not one that this code wrote. */
  static restore(socket: WebSocket, context: SocketContext, observers: Observers): SocketPeer | undefined {
    const attachment = socket.deserializeAttachment() as Attachment | null;
    return attachment?.v === 2 ? new SocketPeer(socket, context, observers, attachment.session) : undefined;
  }

  get session(): Session {
    return this.#session;
  }

  get pingedAt(): number | undefined {
    return this.#context.getWebSocketAutoResponseTimestamp(this.#socket)?.getTime();
  }

  /** Not in every version of workerd. */
  get bufferedBytes(): number | undefined {
    return (this.#socket as { bufferedAmount?: number }).bufferedAmount;
  }

  get unprovenUnits(): number {
    // Every frame asks, and the platform's answer costs more than the sum of all else here.
    if (this.#unproven < askedFrom) return this.#unproven;
    const { pingedAt } = this;
    if (pingedAt !== this.#lastPing) {
      this.#lastPing = pingedAt;
      this.#unproven = 0;
    }
    return this.#unproven;
  }

  /** A message of it has come. */
  heard(message: string | ArrayBuffer): void {
    const { meter, debugging } = this.#observers;
    meter.received(message);
    if (debugging.until !== undefined) debugging.received(this.#name, this.#session, message);
    this.#unproven = 0;
  }

  /** The id of the request that opened it (`accept`). */
  get #name(): string {
    return this.#context.getTags(this.#socket)[0] ?? "";
  }

  saveSession(session: Session): void {
    if (!this.#closed) this.#socket.serializeAttachment({ v: 2, session } satisfies Attachment);
    // Not before: what could not be kept must not be believed.
    this.#session = session;
  }

  send(frame: string): void {
    // Without a look at `readyState`, which costs a twentieth of the send.
    try {
      this.#socket.send(frame);
      const { meter, debugging } = this.#observers;
      meter.sent(frame);
      if (debugging.until !== undefined) debugging.sent(this.#name, this.#session, frame);
      this.#unproven += frame.length;
    } catch {
      // It is closed; the client resumes by version.
    }
  }

  close(code: number, reason: string): void {
    // Until the client has closed, too, the platform would bring the socket back at the next wake.
    this.#closed = true;
    this.#socket.serializeAttachment(null);
    try {
      this.#socket.close(code, closeReason(reason));
    } catch {
      // It was closed already.
    }
  }
}
