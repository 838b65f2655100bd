import type { Grant } from "../../src/room/room-api.ts";
import { personGrant, RecordedPeer, type RoomHarness } from "./room-harness.ts";
import { readServerMessage } from "./server-message.ts";

/** What a test may do to the network between sessions and a room. */
export interface Network {
  /** A `WebSocket` class whose sockets end in the room; give it to a `DocumentSession`. */
  WebSocket: new (
    url: string,
    protocols: string[],
  ) => WebSocket;
  /** Where sockets lead that are opened from now on. */
  room: RoomHarness;
  /** Every socket that was opened, in order. */
  sockets: NetworkSocket[];
  /** While false, opening a socket hangs. */
  answers: boolean;
  /** What a socket that opens now is granted beyond the usual. */
  grant: () => Partial<Grant>;
}

/** A socket within this process: frames arrive in the next microtask. */
export class NetworkSocket {
  readonly url: string;
  readonly protocols: string[];
  readonly peer: RecordedPeer;
  readonly #room: RoomHarness;
  readonly #listeners = new Map<string, (event: object) => void>();
  /** Frames from the room that are lost instead of delivered. */
  loseAnswers = false;
  closed = false;
  pings = 0;
  readonly sent: string[] = [];

  constructor(room: RoomHarness, url: string, protocols: string[], grant: Partial<Grant>) {
    this.#room = room;
    this.url = url;
    this.protocols = protocols;
    // The token names the user: authentication is not what is tested here.
    const userId = protocols[1]?.replace(/^bearer\./, "") ?? "";
    this.peer = new RecordedPeer({ ...personGrant(userId), ...grant });
    this.peer.send = (frame) => {
      readServerMessage(frame);
      if (!this.loseAnswers && !this.closed) this.emit("message", { data: frame });
    };
    this.peer.close = (code) => this.drop(code);
  }

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  emit(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event);
  }

  open(): void {
    this.#room.peers.push(this.peer);
    this.#room.room.join(this.peer);
    this.emit("open");
  }

  send(frame: string): void {
    if (frame === "ping") {
      this.#ping();
      return;
    }
    this.sent.push(frame);
    queueMicrotask(() => {
      if (!this.closed) this.#room.send(this.peer, frame);
    });
  }

  /** The platform answers it, and the room never hears of it. */
  #ping(): void {
    this.pings += 1;
    queueMicrotask(() => {
      if (this.closed) return;
      this.peer.pingedAt = this.#room.now;
      if (!this.loseAnswers) this.emit("message", { data: "pong" });
    });
  }

  close(): void {
    this.drop(1000);
  }

  /** The connection ends, for both sides. */
  drop(code = 1006): void {
    if (this.closed) return;
    this.closed = true;
    this.#room.room.leave(this.peer);
    this.#room.peers.splice(this.#room.peers.indexOf(this.peer) >>> 0, 1);
    this.emit("close", { code, reason: "" });
  }
}

/** A network that leads to one room. */
export function networkTo(room: RoomHarness): Network {
  const network: Network = {
    room,
    sockets: [],
    answers: true,
    grant: () => ({}),
    WebSocket: class {
      constructor(url: string, protocols: string[]) {
        const socket = new NetworkSocket(network.room, url, protocols, network.grant());
        network.sockets.push(socket);
        queueMicrotask(() => {
          if (network.answers && !socket.closed) socket.open();
        });
        // biome-ignore lint/correctness/noConstructorReturn: stands in for the platform's class
        return socket;
      }
    } as unknown as Network["WebSocket"],
  };
  return network;
}
