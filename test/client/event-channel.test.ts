// The service's side is played here, for what it does only when something is wrong; test/system/blocked-sockets.test.ts has
// the real one.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventChannel } from "../../src/client/session/event-channel.ts";
import type { Channel } from "../../src/client/session/link.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hello = { type: "hello", client_id: "ann-1", since: 3, epoch: "e", last_seq: 2 };
const submit = { type: "submit", seq: 2, base: 3, op: ["x"] };

/** Lets promises settle. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A stream of events that the test writes. */
function stream() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (begun) => {
      controller = begun;
    },
  });
  const encoder = new TextEncoder();
  return {
    answer: () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    write: (text: string) => controller.enqueue(encoder.encode(text)),
    end: () => controller.close(),
  };
}

/** A channel whose requests `answer` answers; `heard` is what its listeners are told, in order. */
function setUp(
  answer: (request: { url: URL; init: RequestInit }) => Response | Promise<Response>,
  openSocket?: () => Channel,
) {
  const requests: { url: URL; init: RequestInit }[] = [];
  const heard: unknown[] = [];
  const fetcher = async (url: string, init: RequestInit) => {
    const request = { url: new URL(url), init };
    requests.push(request);
    return answer(request);
  };
  const url = "https://materi.test/api/v1/documents/d";
  const channel = new EventChannel(url, "token", fetcher as typeof fetch, openSocket);
  channel.addEventListener("open", () => heard.push("open"));
  channel.addEventListener("message", ({ data }: { data: string }) =>
    heard.push(data === "pong" ? data : JSON.parse(data)),
  );
  channel.addEventListener("close", ({ code }: { code: number }) => heard.push(code));
  channel.addEventListener("socket", ({ socket }: { socket: unknown }) => heard.push(socket));
  const send = async (frame: object | "ping") => {
    channel.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    await settle();
  };
  return { channel, requests, heard, send };
}

const problem = (status: number, error: string, headers: Record<string, string> = {}) =>
  Response.json({ error, detail: "because" }, { status, headers });

describe("the stream of events", () => {
  it("is asked for what hello says, by a header that bears the token, and gives whole frames however they are cut", async () => {
    const events = stream();
    const { requests, heard, send } = setUp(() => events.answer());
    await send(hello);
    const [{ url, init }] = requests as [(typeof requests)[0]];
    expect(url.pathname).toBe("/api/v1/documents/d/events");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: "ann-1",
      since: "3",
      epoch: "e",
      last_seq: "2",
    });
    expect(url.href).not.toContain("token");
    expect(init.headers).toMatchObject({ authorization: "Bearer token", accept: "text/event-stream" });
    for (const part of ['event: frame\ndata: {"a"', ':"😀"}\n', "\n: a comment\n\ndata: {}\n\n"]) {
      events.write(part);
      await settle();
    }
    expect(heard).toEqual(["open", { a: "😀" }, {}]);
  });

  it("that ends without a word is a connection that broke; one with a word closes as it says", async () => {
    const [first, second] = [stream(), stream()];
    const one = setUp(() => first.answer());
    await one.send(hello);
    first.end();
    await settle();
    expect(one.heard).toEqual(["open", 1006]);
    const two = setUp(() => second.answer());
    await two.send(hello);
    second.write('event: close\ndata: {"code":4408,"reason":"too slow"}\n\ndata: {"late":1}\n\n');
    await settle();
    expect(two.heard).toEqual(["open", 4408]);
    // Nothing is heard after the end.
    two.channel.close();
    expect(two.heard).toHaveLength(2);
  });

  it.each([
    [401, 4401],
    [403, 4403],
    [404, 4410],
    [429, 4429],
    [503, 1006],
  ])("that is refused with %i closes with %i", async (status, code) => {
    const { heard, send } = setUp(() => problem(status, "refused"));
    await send(hello);
    expect(heard).toEqual(["open", code]);
  });

  it("that cannot be reached is a connection that broke", async () => {
    const { heard, send } = setUp(() => Promise.reject(new TypeError("network")));
    await send(hello);
    expect(heard).toEqual(["open", 1006]);
  });

  it("is begun anew by another hello, and what the first one still brings is not heard", async () => {
    const [first, second] = [stream(), stream()];
    const streams = [first, second];
    const { requests, heard, send } = setUp(() => streams.shift()!.answer());
    await send(hello);
    await send({ type: "hello", client_id: "ann-1" });
    expect(requests[0]!.init.signal!.aborted).toBe(true);
    expect([...requests[1]!.url.searchParams.keys()]).toEqual(["client_id"]);
    first.write('data: {"of":"first"}\n\n');
    second.write('data: {"of":"second"}\n\n');
    await settle();
    expect(heard).toEqual(["open", { of: "second" }]);
  });

  it("answers pings by itself, as long as it brings something", async () => {
    const events = stream();
    const { heard, send } = setUp(() => events.answer());
    await send("ping");
    await send(hello);
    events.write(": alive\n\n");
    await settle();
    await send("ping");
    expect(heard).toEqual(["open", "pong"]);
    await vi.advanceTimersByTimeAsync(30_000);
    await send("ping");
    expect(heard).toHaveLength(2);
  });

  it("keeps the token that it was opened with: a new one needs another stream", async () => {
    const { heard, send } = setUp(() => stream().answer());
    await send(hello);
    await send({ type: "presence", version: 3, selections: [] });
    await send({ type: "auth", token: "new" });
    expect(heard).toEqual(["open", 4421]);
  });
});

describe("a submission by POST", () => {
  /** What a submission whose answer is this one comes to. */
  async function outcome(answer: () => Response | Promise<Response>) {
    const events = stream();
    const { requests, heard, send } = setUp(({ init }) =>
      init.method === "POST" ? answer() : events.answer(),
    );
    await send(hello);
    await send(submit);
    const { url, init } = requests[1]!;
    expect(url.pathname).toBe("/api/v1/documents/d/operations");
    expect(JSON.parse(init.body as string)).toEqual({ client_id: "ann-1", seq: 2, base: 3, op: ["x"] });
    return heard.slice(1);
  }

  it("that is taken is told by the stream alone", async () => {
    expect(await outcome(() => Response.json({ version: 4 }))).toEqual([]);
  });

  it("FL-1: that comes too fast is told when to come again", async () => {
    const slow = (headers: Record<string, string>) => outcome(() => problem(429, "rate_limited", headers));
    expect(await slow({ "retry-after": "7" })).toEqual([{ type: "slow_down", seq: 2, retry_ms: 7_000 }]);
    expect(await slow({})).toEqual([{ type: "slow_down", seq: 2, retry_ms: 1_000 }]);
  });

  it("that is refused is told by the frame that a socket would bring", async () => {
    const error = { type: "error", seq: 2, detail: "because" };
    expect(await outcome(() => problem(422, "out_of_range"))).toEqual([
      { ...error, code: "out_of_range", retryable: false },
    ]);
    expect(await outcome(() => problem(503, "unavailable"))).toEqual([
      { ...error, code: "unavailable", retryable: true },
    ]);
    expect(await outcome(() => problem(401, "invalid_token"))).toEqual([4401]);
  });

  it("RM-3: that got no answer, or one that is none of the service's, is to be sent again", async () => {
    const again = [{ type: "error", code: "unavailable", seq: 2, retryable: true }];
    expect(await outcome(() => Promise.reject(new TypeError("network")))).toMatchObject(again);
    expect(await outcome(() => new Response("<h1>Bad gateway</h1>", { status: 502 }))).toMatchObject(again);
  });
});

describe("a socket in place of the stream", () => {
  /** Sockets that the test opens and closes. */
  class Socket implements Channel {
    readonly listeners = new Map<string, (event: never) => void>();
    closed = false;
    addEventListener(type: string, listener: (event: never) => void): void {
      this.listeners.set(type, listener);
    }
    emit(type: string): void {
      this.listeners.get(type)?.({} as never);
    }
    send(): void {}
    close(): void {
      this.closed = true;
    }
  }

  function setUpSockets() {
    const sockets: Socket[] = [];
    const made = setUp(
      () => stream().answer(),
      () => {
        const socket = new Socket();
        sockets.push(socket);
        return socket;
      },
    );
    return { ...made, sockets };
  }

  it("is tried every minute, and offered when it opens", async () => {
    const { heard, sockets } = setUpSockets();
    await vi.advanceTimersByTimeAsync(60_000);
    sockets[0]!.emit("close");
    await vi.advanceTimersByTimeAsync(59_000);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    sockets[1]!.emit("open");
    expect(heard).toEqual(["open", sockets[1]]);
    // What becomes of it then is the link's.
    sockets[1]!.emit("close");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sockets).toHaveLength(2);
  });

  it("is not tried any more when the stream is closed; one that opens then is closed", async () => {
    const early = setUpSockets();
    early.channel.close();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(early.sockets).toEqual([]);
    const late = setUpSockets();
    await vi.advanceTimersByTimeAsync(60_000);
    late.channel.close();
    late.sockets[0]!.emit("open");
    expect([late.sockets[0]!.closed, late.heard]).toEqual([true, ["open", 1000]]);
    const failed = setUpSockets();
    await vi.advanceTimersByTimeAsync(60_000);
    failed.channel.close();
    failed.sockets[0]!.emit("close");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(failed.sockets).toHaveLength(1);
  });
});
