import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { openSocket } from "../../src/documents/room-socket.ts";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { Grant } from "../../src/room/room-api.ts";
import { type Frame, grantOf, newRoom, openRoomSocket, TestSocket } from "./socket.ts";

export const fanoutOf = (room: string, shard = 0) => env.FANOUTS.getByName(`${room}:${shard}`);

/** A viewer's socket as the Worker leads it to its place. */
export async function openViewer(
  room: string,
  name: string,
  changes: Partial<Grant> = {},
): Promise<TestSocket> {
  const grant = JSON.stringify(grantOf(name, { role: "viewer", ...changes }));
  const headers = { upgrade: "websocket", "x-materi-grant": grant };
  return new TestSocket(await openSocket(env, room, new Request("https://room/", { headers })));
}

/** A viewer's copy of the text, which insists on every version in its turn. */
export class Viewer {
  readonly room: string;
  readonly name: string;
  readonly others: Frame[] = [];
  socket: TestSocket;
  text = Text.from("");
  version = 0;
  /** All that it was sent of texts. */
  seen = "";
  epoch: string | undefined;
  /** How often it was closed, and came back. */
  returns = 0;

  constructor(room: string, name: string, socket: TestSocket) {
    this.room = room;
    this.name = name;
    this.socket = socket;
  }

  static async join(room: string, name: string): Promise<Viewer> {
    const viewer = new Viewer(room, name, await openViewer(room, name));
    await viewer.hello({});
    return viewer;
  }

  async hello(fields: object): Promise<Frame> {
    const welcome = await this.socket.ask({ type: "hello", client_id: `${this.name}-1`, ...fields });
    expect(welcome).toMatchObject({ type: "welcome", role: "viewer" });
    if (welcome.text !== undefined) this.text = Text.from(welcome.text);
    else this.#apply(welcome.operations);
    this.version = welcome.version;
    this.epoch = welcome.epoch;
    expect(welcome.hash).toBe(this.text.hash());
    return welcome;
  }

  /** As a client does whose connection was lost. */
  async comeBack(): Promise<Frame> {
    this.returns += 1;
    this.socket = await openViewer(this.room, this.name);
    return this.hello({ since: this.version, epoch: this.epoch });
  }

  #apply({ from, items }: { from: number; items: { op: Operation }[] }): void {
    expect(from).toBe(this.version + 1);
    for (const { op } of items) {
      this.text.apply(op);
      this.seen += JSON.stringify(op);
    }
    this.version += items.length;
  }

  /** Reads until the viewer has this version; comes back when it is closed and may. */
  async reach(version: number): Promise<void> {
    while (this.version < version) {
      const frame = await this.socket.next();
      if (frame.type === "operations") this.#apply(frame);
      else if (frame.closed === 1006 || frame.closed === 4503) await this.comeBack();
      else this.others.push(frame);
    }
  }

  /** Reads until a frame that the test asks for, which is not one of operations. */
  async until(isIt: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.socket.next();
      if (frame.type === "operations") this.#apply(frame);
      else if (isIt(frame)) return frame;
    }
  }
}

/** A room with a writer, its direct places taken, and these many viewers behind fan-outs. */
export async function setUpAudience(viewers: number) {
  const room = await newRoom("text");
  const stub = () => env.ROOMS.getByName(room);
  const openWriter = async () => {
    const socket = await openRoomSocket(room, grantOf("ann"));
    await socket.ask({ type: "hello", client_id: "ann-1" });
    return socket;
  };
  let ann = await openWriter();
  const direct: TestSocket[] = [];
  for (let index = 0; index < limits.directViewers; index++) {
    const socket = await openViewer(room, `direct-${index}`);
    await socket.ask({ type: "hello", client_id: "d" });
    direct.push(socket);
  }
  const audience: Viewer[] = [];
  for (let index = 0; index < viewers; index++) audience.push(await Viewer.join(room, `viewer-${index}`));
  let version = 1;
  let seq = 0;
  const write = async (text = `<${version}>`): Promise<number> => {
    seq += 1;
    ann.send({ type: "submit", seq, base: version, op: [text] });
    for (let frame = await ann.next(); frame.type !== "ack"; frame = await ann.next()) {
      // Its socket died with the room, and the submission had not come.
      if (frame.closed) {
        ann = await openWriter();
        ann.send({ type: "submit", seq, base: version, op: [text] });
      }
    }
    version += 1;
    return version;
  };
  const content = async () => {
    const read = await stub().read();
    return read.ok ? read.content : read.code;
  };
  const expectAll = async (everybody = audience) => {
    const { version: newest } = (await stub().read()) as { version: number };
    await Promise.all(everybody.map((viewer) => viewer.reach(newest)));
    const text = await content();
    for (const viewer of everybody) expect(viewer.text.toString()).toBe(text);
  };
  return {
    room,
    stub,
    direct,
    get ann() {
      return ann;
    },
    audience,
    write,
    content,
    expectAll,
  };
}
