import { WebSocket } from "ws";
import type { Bench } from "../workload.ts";
import { type Audience, type AudienceService, openAll } from "./audience.ts";

/** LIMIT(c) of bench/editors: one object with all the sockets, which stores and broadcasts what comes. */
export async function limit(bench: Bench): Promise<AudienceService> {
  const server = await bench.server("bench/editors/limit-worker.ts");
  return {
    name: "LIMIT(c)",
    async open(viewers) {
      const url = `${server.url.replace("http", "ws")}/gathered/${crypto.randomUUID()}`;
      const sockets = await openAll(viewers + 1, () => opened(url));
      return new LimitAudience(sockets);
    },
  };
}

async function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

class LimitAudience implements Audience {
  delivered = 0;
  readonly waits: number[] = [];
  readonly ackWaits: number[] = [];
  readonly #sockets: readonly WebSocket[];
  readonly #sentAt: number[] = [];

  /** The first of them writes. */
  constructor(sockets: readonly WebSocket[]) {
    this.#sockets = sockets;
    // Its own edits come back to it.
    sockets[0]?.on("message", (data) => {
      for (const { n } of JSON.parse(String(data)) as { n: number }[])
        this.ackWaits.push(performance.now() - (this.#sentAt[n] ?? 0));
    });
    for (const viewer of sockets.slice(1)) this.#watch(viewer);
  }

  edit(): void {
    const n = this.#sentAt.push(performance.now()) - 1;
    this.#sockets[0]?.send(JSON.stringify({ from: 0, n, at: 1_234, text: "x" }));
  }

  #watch(viewer: WebSocket): void {
    let next = 0;
    viewer.on("message", (data) => {
      for (const { n } of JSON.parse(String(data)) as { n: number }[]) {
        if (n !== next) throw new Error(`edit ${n} came in the place of ${next}`);
        next += 1;
        this.delivered += 1;
        this.waits.push(performance.now() - (this.#sentAt[n] ?? 0));
      }
    });
  }

  /** What comes is looked at as it comes. */
  async verify(): Promise<void> {}

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}
