// Tabs that die at any moment, on a disk that is as far as it is, in a network that comes and goes. SEED=… for other runs.
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DocumentSession } from "../../src/client/document-session.ts";
import { keepOffline } from "../../src/client/offline/keep-offline.ts";
import { MemoryOutboxStore, type OutboxStore } from "../../src/client/offline/outbox-store.ts";
import { insertion } from "../../src/ot/operation.ts";
import { readFrame } from "../support/read-frame.ts";
import { RoomHarness } from "../support/room-harness.ts";
import { type NetworkSocket, networkTo } from "../support/room-network.ts";
import { settle } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const seed = Number(process.env.SEED ?? 20_261_123);

type Change = Parameters<OutboxStore["write"]>[0];

/** A disk: what is written lands when it turns, or, if its writer dies before, perhaps. */
class Disk {
  readonly store = new MemoryOutboxStore();
  readonly locks = new Set<string>();
  #queue: { tab: object; change: Change; landed: () => void }[] = [];

  write(tab: object, change: Change): Promise<void> {
    return new Promise((landed) => this.#queue.push({ tab, change: structuredClone(change), landed }));
  }

  async turn(count = Number.POSITIVE_INFINITY): Promise<void> {
    for (const { change, landed } of this.#queue.splice(0, count)) {
      await this.store.write(change);
      landed();
    }
  }

  /** The first `lands` of its writes land, and it does not hear of it. */
  async died(tab: object, lands: number): Promise<void> {
    const own = this.#queue.filter((each) => each.tab === tab);
    this.#queue = this.#queue.filter((each) => each.tab !== tab);
    for (const { change } of own.slice(0, lands)) await this.store.write(change);
  }

  /** Characters that are kept. */
  kept(): string {
    return [...this.store.rows]
      .filter(([key]) => key.endsWith("/state"))
      .flatMap(([, row]) => {
        const { operation, buffer, setAside } = row as {
          operation: unknown[];
          buffer: unknown[];
          setAside: { text?: string }[];
        };
        return [...operation, ...buffer, ...setAside.map(({ text }) => text)].filter(
          (part) => typeof part === "string",
        );
      })
      .join("");
  }
}

/** A tab of Ann's: a session, and its hold on the disk, on locks and on sockets, all of which end with it. */
class Tab {
  readonly session: DocumentSession;
  readonly sockets: NetworkSocket[] = [];
  isAlive = true;
  typed = "";
  readonly #disk: Disk;
  readonly #locks = new Set<string>();

  constructor(disk: Disk, network: ReturnType<typeof networkTo>) {
    this.#disk = disk;
    const tab = this;
    const store: OutboxStore = {
      read: (prefix) => disk.store.read(prefix),
      write: (change) => (tab.isAlive ? disk.write(tab, change) : new Promise(() => {})),
    };
    const tryLock = async (name: string) => {
      if (!tab.isAlive) return new Promise<undefined>(() => {});
      if (disk.locks.has(name)) return undefined;
      disk.locks.add(name);
      tab.#locks.add(name);
      return () => disk.locks.delete(name);
    };
    this.session = new DocumentSession({
      url: "http://materi.test",
      documentId: "d",
      token: () => (tab.isAlive ? "ann" : new Promise(() => {})),
      transports: ["socket"],
      retry: { first: 50, most: 400 },
      offline: keepOffline(store, { tryLock }),
      WebSocket: class {
        constructor(url: string, protocols: string[]) {
          const socket = new network.WebSocket(url, protocols) as unknown as NetworkSocket;
          tab.sockets.push(socket);
          // biome-ignore lint/correctness/noConstructorReturn: stands in for the platform's class
          return socket;
        }
      } as unknown as typeof network.WebSocket,
    });
  }

  async die(lands: number): Promise<void> {
    this.isAlive = false;
    for (const socket of this.sockets) {
      socket.loseAnswers = true;
      socket.emit = () => {};
      socket.drop();
    }
    await this.#disk.died(this, lands);
    for (const lock of this.#locks) this.#disk.locks.delete(lock);
  }
}

type Command =
  | ["type", tab: number, place: number]
  | ["other types", place: number]
  | ["disk", writes: number]
  | ["settle"]
  | ["pass", ms: number]
  | ["drop", tab: number]
  | ["lose acks", tab: number]
  | ["network", up: boolean]
  | ["die", tab: number, lands: number]
  | ["close", tab: number]
  | ["open"];

const tab = fc.nat({ max: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant("type" as const), tab, fc.nat({ max: 99 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("other types" as const), fc.nat({ max: 99 })) },
  { weight: 8, arbitrary: fc.tuple(fc.constant("disk" as const), fc.integer({ min: 1, max: 3 })) },
  { weight: 8, arbitrary: fc.constant<Command>(["settle"]) },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant("pass" as const),
      fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 15_000 })),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("drop" as const), tab) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("lose acks" as const), tab) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("network" as const), fc.boolean()) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("die" as const), tab, fc.nat({ max: 2 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("close" as const), tab) },
  { weight: 4, arbitrary: fc.constant<Command>(["open"]) },
);

/** RM-3 over reloads: what was sent as (client id, seq) is the same each time, but for what was made anew at a later version. */
function framesThatChanged(sockets: readonly NetworkSocket[]): string[] {
  const first = new Map<string, string>();
  const changed: string[] = [];
  for (const { sent } of sockets) {
    let client = "";
    for (const message of sent) {
      const frame = readFrame(message);
      if (frame.type === "hello") client = frame.client_id;
      if (frame.type !== "submit") continue;
      const name = `${client} ${frame.seq}`;
      const before = first.get(name);
      if (before !== undefined && before !== message && frame.base <= JSON.parse(before).base)
        changed.push(`${name}: ${before}, ${message}`);
      first.set(name, message);
    }
  }
  return changed;
}

async function play(commands: readonly Command[]): Promise<void> {
  const room = new RoomHarness(".");
  const network = networkTo(room);
  const disk = new Disk();
  const other = new DocumentSession({
    url: "http://materi.test",
    documentId: "d",
    token: () => "ben",
    transports: ["socket"],
    WebSocket: network.WebSocket,
  });
  const tabs: Tab[] = [];
  let letter = 0x4e00;
  let typed = "";
  /** Typed in a tab that died before it was on the disk. */
  const mayBeLost = new Set<string>();
  const alive = () => tabs.filter(({ isAlive }) => isAlive);
  const type = (session: DocumentSession, place: number) => {
    const character = String.fromCharCode(letter++);
    typed += character;
    session.edit(insertion(Math.floor((session.length * place) / 100), character));
    return character;
  };
  const canType = ({ session }: Tab) => session.role !== undefined && !session.isReadOnly;
  const run = async ([name, a, b]: Command): Promise<void> => {
    const living = alive();
    const one = typeof a === "number" && living.length > 0 ? living[a % living.length] : undefined;
    if (name === "type" && one && canType(one)) one.typed += type(one.session, b as number);
    else if (name === "other types" && other.role) type(other, a as number);
    else if (name === "disk") await disk.turn(a as number);
    else if (name === "settle") await settle(room);
    else if (name === "pass") await vi.advanceTimersByTimeAsync(a as number);
    else if (name === "drop") one?.sockets.at(-1)?.drop();
    else if (name === "lose acks" && one) for (const socket of one.sockets) socket.loseAnswers = true;
    else if (name === "network") network.answers = a as boolean;
    else if (name === "open" && living.length < 3) tabs.push(new Tab(disk, network));
    else if (name === "die" && one) {
      await one.die(b as number);
      const safe = disk.kept() + room.text;
      for (const character of one.typed) if (!safe.includes(character)) mayBeLost.add(character);
    } else if (name === "close" && one) {
      one.session.close();
      // A page that is left in order writes what it has begun to write.
      for (let times = 0; times < 5; times++) {
        await disk.turn();
        await settle(room);
      }
      await one.die(0);
    }
  };
  for (const each of commands) await run(each);

  network.answers = true;
  for (const { sockets } of tabs) for (const socket of sockets) if (socket.loseAnswers) socket.drop();
  if (alive().length === 0) tabs.push(new Tab(disk, network));
  for (let times = 0; times < 30; times++) {
    await disk.turn();
    await settle(room);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  // Tabs that were alive claimed what was there when they came; what died since waits for the next.
  tabs.push(new Tab(disk, network));
  for (let times = 0; times < 30; times++) {
    await disk.turn();
    await settle(room);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const aside = alive().flatMap(({ session }) =>
    session.setAside.map((each) => ("text" in each ? each.text : "")),
  );
  const all = room.text + aside.join("");
  const lost = [...typed].filter((character) => !all.includes(character) && !mayBeLost.has(character));
  const doubled = [...typed].filter((character) => all.split(character).length > 2);
  expect({ lost, doubled, changed: framesThatChanged(network.sockets) }).toEqual({
    lost: [],
    doubled: [],
    changed: [],
  });
  for (const { session } of alive()) {
    expect(session.text).toBe(room.text);
    expect(session.status.kind).toBe(session.setAside.length > 0 ? "rejected" : "saved");
  }
  if (aside.length === 0) expect([...disk.store.rows.keys()]).toEqual([]);
  for (const { session } of alive()) session.close();
  other.close();
}

it("CL-1, CL-2, RM-3: what was kept or acknowledged is in the text once, whatever dies when", {
  timeout: 300_000,
}, async () => {
  const runs = Number(process.env.RUNS ?? 100);
  await fc.assert(fc.asyncProperty(fc.noBias(fc.array(command, { maxLength: 80, size: "max" })), play), {
    seed,
    numRuns: runs,
    endOnFailure: process.env.SHRINK === undefined,
  });
});
