import type { Bench } from "../workload.ts";
import type { YjsService } from "./yjs-socket.ts";

/** y-partyserver in a Durable Object. */
export async function yPartyserver(bench: Bench): Promise<YjsService> {
  const server = await bench.server("bench/peers/y-partyserver-worker.ts");
  return {
    name: "y-partyserver",
    url: (document) => `${server.url.replace("http", "ws")}/parties/rooms/${document}`,
    prefix: () => new Uint8Array(),
    // It sends every update to everybody, its author among them, once it is applied. It is stored later.
    acknowledges: "by echo",
  };
}
