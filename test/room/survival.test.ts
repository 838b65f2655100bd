import { describe, expect, it } from "vitest";
import { closeCodes, isRetryable } from "../../src/protocol/close-codes.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { OperationLog } from "../../src/room/operation-log.ts";
import type { Peer, Session } from "../../src/room/peer.ts";
import { Room } from "../../src/room/room.ts";
import type { RoomPorts } from "../../src/room/room-ports.ts";
import { personGrant } from "../support/room-harness.ts";
import { readServerMessage } from "../support/server-message.ts";
import type { Frame } from "../support/socket.ts";

/** Throws on the `at`-th call of the port's method after it was armed. */
class Fault {
  readonly port: string;
  readonly at: number;
  armed = false;
  calls = 0;
  /** Whether the call has its effect before it throws. */
  readonly late: boolean;

  constructor(port: string, at: number, late = false) {
    this.port = port;
    this.at = at;
    this.late = late;
  }

  get struck(): boolean {
    return this.calls >= this.at;
  }

  /** `target` with the fault in the one method that it is of. */
  in<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value = Reflect.get(object, key, object);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const strikes = this.armed && this.port === `${name}.${String(key)}` && ++this.calls === this.at;
          if (strikes && !this.late) throw new Error(`injected into ${this.port}`);
          const result = value.apply(object, args);
          if (strikes) throw new Error(`injected behind ${this.port}`);
          return result;
        };
      },
    });
  }
}

/** A client's end: what it received, and the text that this makes. */
class Client implements Peer {
  session: Session;
  pingedAt: number | undefined;
  bufferedBytes: number | undefined;
  unprovenUnits = 0;
  closed: number | undefined;
  frames: Frame[] = [];

  constructor(user: string) {
    this.session = { grant: personGrant(user) };
  }

  saveSession(session: Session): void {
    this.session = session;
  }

  send(frame: string): void {
    expect(this.closed, "nothing is sent to a closed socket").toBeUndefined();
    this.frames.push(readServerMessage(frame));
  }

  close(code: number): void {
    this.closed = code;
  }

  /** The version that its stream has come to; throws where the stream has a gap. */
  get version(): number | undefined {
    let version: number | undefined;
    for (const frame of this.frames) {
      if (frame.type === "welcome") version = frame.version;
      else if (version === undefined) continue;
      else if (frame.type === "operations") {
        expect(frame.from).toBe(version + 1);
        version += frame.items.length;
      } else if (frame.type === "ack" && frame.version > version) {
        expect(frame.version).toBe(version + 1);
        version += 1;
      }
    }
    return version;
  }
}

interface Scene {
  room: Room;
  log: OperationLog;
  ann: Client;
  ben: Client;
  reported: unknown[];
  /** Lets everything run that was put off. */
  settle(): Promise<void>;
  wake(): void;
}

const hello = (clientId: string) => JSON.stringify({ type: "hello", client_id: clientId });
const big = "x".repeat(70_000);

/** Ann and Ben in a room that has slept: a snapshot, and operations before it and after it. */
async function scene(fault: Fault): Promise<Scene> {
  const memory = new MemoryOperationLog();
  const log = fault.in("log", memory);
  const reported: unknown[] = [];
  let later: (() => void)[] = [];
  const ports: RoomPorts = fault.in("ports", {
    log,
    now: () => 1_000_000,
    later: (run: () => void) => void later.push(run),
    report: (error: unknown) => void reported.push(error),
    diverged: () => {},
    wakeBy: () => {},
    authorize: async (_token: string, userId: string) => ({
      ok: true as const,
      grant: { ...personGrant(userId), expiresAt: 3_000 },
    }),
  });
  const clients = { ann: new Client("ann"), ben: new Client("ben") };
  const peers = [fault.in("ann", clients.ann), fault.in("ben", clients.ben)] as const;
  const newRoom = () => {
    const room = new Room(ports);
    for (const peer of peers) if ((peer as Client).closed === undefined) room.join(peer);
    return room;
  };
  const made: Scene = {
    room: newRoom(),
    log: memory,
    ...clients,
    reported,
    async settle() {
      for (let turn = 0; turn < 10; turn++) {
        await Promise.resolve();
        for (const run of later.splice(0)) run();
      }
    },
    wake() {
      later = [];
      made.room = newRoom();
    },
  };
  const [ann, ben] = peers;
  made.room.requests.create({ content: "text", author: { userId: "creator", kind: "person" } });
  made.room.receive(ann, hello("ann-1"));
  made.room.receive(ben, hello("ben-1"));
  made.room.receive(ann, '{"type":"submit","seq":1,"base":1,"op":["1"]}');
  await made.settle();
  made.room.receive(ann, '{"type":"submit","seq":2,"base":2,"op":["2"]}');
  made.room.receive(ben, JSON.stringify({ type: "submit", seq: 1, base: 2, op: [5, big] }));
  await made.settle();
  made.room.receive(ben, '{"type":"presence","version":4,"selections":[[0,1]]}');
  await made.settle();
  made.wake();
  Object.assign(made, { send: (message: string) => made.room.receive(ann, message) });
  return made;
}

/** What Ann sends when the fault is armed. */
const frames: Record<string, string[]> = {
  hello: [hello("ann-1")],
  "hello as another": [hello("ann-2")],
  "hello with a version": ['{"type":"hello","client_id":"ann-1","since":1,"last_seq":2}'],
  submit: ['{"type":"submit","seq":3,"base":4,"op":["!"]}'],
  "submit from before the snapshot": ['{"type":"submit","seq":3,"base":1,"op":["!"]}'],
  "submit again": ['{"type":"submit","seq":2,"base":2,"op":["2"]}'],
  "submit again what is long ago": ['{"type":"submit","seq":1,"base":1,"op":["1"]}'],
  "two submits in a turn": [
    '{"type":"submit","seq":3,"base":4,"op":["!"]}',
    '{"type":"submit","seq":4,"base":5,"op":["!"]}',
  ],
  "the same submit twice in a turn": Array(2).fill('{"type":"submit","seq":3,"base":4,"op":["!"]}'),
  "the seed's edit": ['{"op_type":"insert","position":0,"content":"!"}'],
  presence: ['{"type":"presence","version":4,"selections":[[1,2]]}'],
  "hello on another socket": [`again ${hello("ann-1")}`],
  auth: ['{"type":"auth","token":"a token"}'],
  "a bad frame": ["{"],
  "an unknown frame": ['{"type":"later"}'],
};

const ports = ["load", "append", "flushes", "find"]
  .map((method) => `log.${method}`)
  .concat(["now", "later", "wakeBy", "authorize"].map((method) => `ports.${method}`))
  .concat(["ann.send", "ben.send", "ann.saveSession", "ann.close"]);

/** What the frames of a case may have added to the text: as many as it has submissions of its own, each once. */
const marks = (text: string): number => text.split("!").length - 1;

async function holds(fault: Fault, sent: string[]): Promise<boolean> {
  const made = await scene(fault);
  const { ann, ben } = made;
  ann.frames = ann.frames.filter(({ type }) => type === "welcome").slice(0, 1);
  const start = ann.frames.length;
  // From here on their streams begin at version 4.
  ann.frames = [{ ...ann.frames[0], version: 4 }];
  ben.frames = [{ ...ben.frames[0], version: 4 }];
  expect(start).toBe(1);

  fault.armed = true;
  const { send } = made as unknown as { send(message: string): void };
  for (const message of sent) {
    if (!message.startsWith("again ")) send(message);
    else {
      const other = new Client("ann");
      made.room.join(other);
      made.room.receive(other, message.slice(6));
      expect(other.frames.length > 0 || other.closed !== undefined).toBe(true);
    }
  }
  await made.settle();
  fault.armed = false;
  const where = `${fault.port}, call ${fault.at}${fault.late ? ", late" : ""}: ${sent.join(" ")}`;

  // Every frame that asks for one has its answer, unless the socket was closed so that its client comes back.
  const answered = ann.frames
    .slice(1)
    .filter(({ type }) => !["operations", "actors", "presence", "role"].includes(type));
  const silent = sent.every((message) => /^again|"type":"(presence|later)"/.test(message));
  if (ann.closed === undefined && !silent) expect(answered.length, where).toBeGreaterThanOrEqual(sent.length);
  for (const { closed } of [ann, ben])
    if (closed !== undefined && closed !== closeCodes.superseded.code)
      expect(isRetryable(closed), where).toBe(true);
  for (const frame of answered) {
    // The second of two in a turn fails with the first.
    if (frame.type === "error" && !["invalid_frame", "seq_gap", "base_ahead"].includes(frame.code))
      expect(frame, where).toMatchObject({ retryable: true });
  }

  // The room goes on, from what is stored.
  const again = new Client("ann");
  made.room.join(again);
  const submits = sent.filter((message) => message.includes('"submit"'));
  made.room.receive(again, hello("ann-1"));
  for (const message of new Set(submits)) made.room.receive(again, message);
  await made.settle();
  expect(again.frames[0], where).toMatchObject({ type: "welcome", actor: 2 });
  const acks = again.frames.filter(({ type }) => type === "ack");
  expect(acks.length, where).toBe(new Set(submits).size);
  const stored = made.log.load();
  const read = made.room.requests.read();
  if (!read.ok || !stored) throw new Error(`${where}: the room cannot be read`);
  expect(read.version, where).toBe(stored.snapshot.version + stored.tail.length);
  // Exactly once: also what was answered by an error, and sent again.
  const own = [...new Set(submits)].filter((message) => message.includes("!")).length;
  if (submits.length > 0) expect(marks(read.content), where).toBe(own);
  else expect(marks(read.content), where).toBeLessThanOrEqual(1);

  // Whoever is still there has heard everything.
  if (ben.closed === undefined) expect(ben.version, where).toBe(read.version);
  expect(again.version, where).toBe(read.version);
  if (fault.struck && fault.port !== "ports.report")
    expect(made.reported.length > 0 || fault.port.endsWith(".close"), where).toBe(true);
  return fault.struck;
}

describe("RM-6: a throw anywhere gives an answer, and a room that is as if the frame had come once or not at all", () => {
  for (const port of ports) {
    it(`a throw in ${port}`, async () => {
      let struck = 0;
      for (const sent of Object.values(frames)) {
        for (const late of [false, true]) {
          for (const at of [1, 2, 3]) if (await holds(new Fault(port, at, late), sent)) struck += 1;
        }
      }
      // A port that no frame reaches would make this test one that cannot fail.
      expect(struck, `${port} was never called`).toBeGreaterThan(0);
    });
  }
});
