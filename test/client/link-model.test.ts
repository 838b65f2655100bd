// The connection's state machine under a network that does whatever it likes, at whatever time. SEED=… for other runs.
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Channel, Link } from "../../src/client/session/link.ts";
import { closeCodes } from "../../src/protocol/close-codes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const seed = Number(process.env.SEED ?? 20_261_123);

type Event =
  | ["token", "given" | "failed" | "none"]
  | ["open"]
  | ["welcome"]
  | ["close", number]
  | ["lost"]
  | ["hurry"]
  | ["rejoin"]
  | ["pass", number];

const codes = [1006, 1000, ...Object.values(closeCodes).map(({ code }) => code)];
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant("token" as const),
      fc.constantFrom("given" as const, "given", "given", "failed", "none"),
    ),
  },
  { weight: 4, arbitrary: fc.constant<Event>(["open"]) },
  { weight: 4, arbitrary: fc.constant<Event>(["welcome"]) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("close" as const), fc.constantFrom(...codes)) },
  { weight: 1, arbitrary: fc.constantFrom<Event>(["lost"], ["hurry"], ["rejoin"]) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("pass" as const), fc.nat({ max: 40_000 })) },
);

class TestChannel implements Channel {
  readonly listeners = new Map<string, (event: never) => void>();
  isOpen = false;
  isClosed = false;
  readonly transport: string;
  constructor(transport: string) {
    this.transport = transport;
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    const before = this.listeners.get(type);
    this.listeners.set(type, (event) => {
      before?.(event);
      listener(event);
    });
  }
  send(): void {
    expect(this.isOpen && !this.isClosed).toBe(true);
  }
  close(): void {
    this.isClosed = true;
  }
  emit(type: string, event: object = {}): void {
    this.listeners.get(type)?.(event as never);
  }
}

/** A link, and the hands that play its application and its network. */
function world() {
  const channels: TestChannel[] = [];
  const states: string[] = [];
  let asked = 0;
  let answer: { resolve: (token: string) => void; reject: (error: unknown) => void } | undefined;
  const open = (transport: string) => () => {
    const channel = new TestChannel(transport);
    channels.push(channel);
    return channel;
  };
  const link: Link = new Link({
    token: () => {
      asked += 1;
      return new Promise((resolve, reject) => {
        answer = { resolve, reject };
      });
    },
    transports: { socket: () => open("socket"), events: async () => open("events") },
    delays: { first: 250, most: 10_000 },
    opened: () => link.send("hello"),
    received: () => {},
    moved: ({ state }) => states.push(state),
  });
  const current = () => channels.findLast(({ isClosed }) => !isClosed);
  const play = async ([name, value]: Event): Promise<void> => {
    const channel = current();
    if (name === "token") {
      if (value === "given") answer?.resolve("token");
      else answer?.reject(Object.assign(new Error("no token"), { isTransient: value !== "none" }));
      answer = undefined;
    } else if (name === "open" && channel && !channel.isOpen) {
      channel.isOpen = true;
      channel.emit("open");
    } else if (name === "welcome") link.welcomed();
    else if (name === "close" && channel) {
      channel.isClosed = true;
      channel.emit("close", { code: value, reason: "" });
    } else if (name === "lost") link.lost();
    else if (name === "hurry") link.hurry();
    else if (name === "rejoin") link.rejoin();
    await vi.advanceTimersByTimeAsync(name === "pass" ? (value as number) : 0);
  };
  return { link, channels, states, play, asked: () => asked };
}

it("waits nowhere for ever, has one open channel, comes back to life, and after its end does nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
      const { link, channels, states, play, asked } = world();
      void link.connect();
      for (const each of events) {
        await play(each);
        const open = channels.filter(({ isClosed, isOpen }) => isOpen && !isClosed);
        expect(open.length, JSON.stringify(events)).toBeLessThanOrEqual(1);
        if (link.connection.state === "ended") break;
      }
      if (link.connection.state !== "ended") {
        // Nothing answers any more: no state but `live`, which the heartbeat watches, lasts for longer than 30 s.
        for (let times = 0; times < 5 && link.connection.state !== "live"; times++) {
          const before = states.length;
          await vi.advanceTimersByTimeAsync(30_001);
          expect(states.length).toBeGreaterThan(before);
        }
        // Nor does it ask in a hurry: the timeouts of one try are 20 s at least, or it waits for the application.
        const askedBefore = asked();
        await vi.advanceTimersByTimeAsync(600_000);
        expect(asked() - askedBefore).toBeLessThanOrEqual(40);
        // Everything answers again.
        for (let times = 0; times < 10 && link.connection.state !== "live"; times++) {
          await play(["pass", 10_001]);
          for (const each of [["token", "given"], ["open"], ["welcome"]] as Event[]) await play(each);
        }
        expect(link.connection.state).toBe("live");
        link.end("closed", "closed");
      }
      const { length } = states;
      const { length: opened } = channels;
      for (const each of [["token", "given"], ["open"], ["pass", 100_000]] as Event[]) await play(each);
      expect([states.length, channels.length, vi.getTimerCount()]).toEqual([length, opened, 0]);
      expect(channels.filter(({ isClosed, isOpen }) => isOpen && !isClosed)).toEqual([]);
    }),
    { seed, numRuns: 400 },
  );
});

it("does not go on with a token that is not taken: one other is tried", async () => {
  const { link, play, asked } = world();
  void link.connect();
  for (let times = 0; times < 9; times++) {
    for (const each of [["token", "given"], ["open"], ["close", 4401], ["pass", 20_000]] as Event[])
      await play(each);
  }
  expect(asked()).toBe(2);
  expect(link.connection).toMatchObject({ state: "ended", code: "unauthenticated" });
});

it("ends where the application says that there is no token", async () => {
  const { link, play } = world();
  void link.connect();
  await play(["token", "none"]);
  expect(link.connection).toMatchObject({ state: "ended", code: "unauthenticated" });
});

it("goes by events where sockets do not open, and over to a socket when one does", async () => {
  const { link, channels, play } = world();
  void link.connect();
  const failing: Event[] = [
    ["token", "given"],
    ["close", 1006],
    ["pass", 20_000],
  ];
  for (const each of [...failing, ...failing]) await play(each);
  for (const each of [["token", "given"], ["open"], ["welcome"]] as Event[]) await play(each);
  expect(channels.map(({ transport }) => transport)).toEqual(["socket", "socket", "events"]);
  expect(link.connection.state).toBe("live");
  const socket = new TestChannel("socket");
  socket.isOpen = true;
  channels.push(socket);
  channels[2]?.emit("socket", { socket });
  expect(channels.map(({ transport, isClosed }) => `${transport} ${isClosed}`).slice(2)).toEqual([
    "events true",
    "socket false",
  ]);
  await play(["welcome"]);
  expect(link.connection.state).toBe("live");
});
