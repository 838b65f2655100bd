import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Grant } from "../../src/room/room-api.ts";
import { readServerMessage } from "./server-message.ts";

/** A frame as a test reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every shape
export type Frame = any;

/** The client's end of a socket: what came in can be awaited one by one, in order. */
export class TestSocket {
  readonly #socket: WebSocket;
  readonly #received: (Frame | { closed: number })[] = [];
  #awaiting: ((frame: Frame) => void) | undefined;

  constructor(response: Response) {
    const { webSocket } = response;
    if (!webSocket) throw new Error(`no socket: HTTP ${response.status}`);
    this.#socket = webSocket;
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) => this.#deliver(read(data as string)));
    webSocket.addEventListener("close", ({ code }) => this.#deliver({ closed: code }));
  }

  /** Sends an object as JSON, and a string or bytes as they are. */
  send(frame: object | string | ArrayBuffer): void {
    const asIs = typeof frame === "string" || frame instanceof ArrayBuffer;
    this.#socket.send(asIs ? frame : JSON.stringify(frame));
  }

  /** The next frame that was not read yet; `{ closed: code }` when the socket closed. */
  async next(): Promise<Frame> {
    const ready = this.#received.shift();
    if (ready) return ready;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no frame came within 30 s")), 30_000);
      this.#awaiting = (frame) => {
        clearTimeout(timer);
        resolve(frame);
      };
    });
  }

  /** Sends a frame and reads the next. */
  async ask(frame: object | string | ArrayBuffer): Promise<Frame> {
    this.send(frame);
    return this.next();
  }

  /** Submits an operation, and passes over what others did until the room has taken it. */
  async submitted(submission: { seq: number; base: number; op: unknown[] }): Promise<Frame> {
    this.send({ type: "submit", ...submission });
    let frame = await this.next();
    while (frame.type === "actors" || frame.type === "operations") frame = await this.next();
    return frame;
  }

  /** What came and was not read, once the room has answered everything sent so far. */
  async drain(): Promise<Frame[]> {
    // Frames come in order, so all before the answer to this one are here when it comes.
    this.send({ type: "submit", seq: -1 });
    const frames: Frame[] = [];
    for (let frame = await this.next(); !isMarker(frame); frame = await this.next()) frames.push(frame);
    return frames;
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  #deliver(frame: Frame): void {
    const awaiting = this.#awaiting;
    this.#awaiting = undefined;
    if (awaiting) awaiting(frame);
    else this.#received.push(frame);
  }
}

/** Frames are JSON; the answer to `ping` is a word. */
const read = (data: string): Frame => (data === "pong" ? data : readServerMessage(data));

const isMarker = (frame: Frame): boolean =>
  frame.type === "error" && frame.detail === "`seq` is an integer from 1";

/** A socket through the service's own door. */
export async function openSocket(documentId: string, token: string): Promise<TestSocket> {
  return new TestSocket(
    await exports.default.fetch(`https://materi.test/ws/documents/${documentId}`, {
      headers: { upgrade: "websocket", authorization: `Bearer ${token}` },
    }),
  );
}

export const grantOf = (userId: string, changes: Partial<Grant> = {}): Grant => ({
  userId,
  name: userId,
  kind: "person",
  role: "owner",
  sessionId: `${userId}-session`,
  expiresAt: Math.floor(Date.now() / 1000) + 600,
  decidedAt: Date.now(),
  ...changes,
});

/** Has a room announce its edits now: it sleeps, and its alarm rings. */
export async function announced(stub: DurableObjectStub): Promise<void> {
  await evictDurableObject(stub, { webSockets: "hibernate" });
  await runDurableObjectAlarm(stub);
}

/** A new room without the service around it, empty or with a text. */
export async function newRoom(content = ""): Promise<string> {
  const id = crypto.randomUUID();
  const created = await env.ROOMS.getByName(id).create({
    content,
    author: { userId: "creator", kind: "person" },
  });
  if (!created.ok) throw new Error(created.code);
  return id;
}

/** A socket to a room, with a grant as the Worker would give it. */
export async function openRoomSocket(roomId: string, grant: Grant = grantOf("ann")): Promise<TestSocket> {
  const response = await env.ROOMS.getByName(roomId).fetch("https://room/", {
    headers: { upgrade: "websocket", "x-materi-grant": JSON.stringify(grant) },
  });
  return new TestSocket(response);
}
