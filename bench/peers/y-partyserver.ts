import type { Recording } from "../trace/recording.ts";
import type { Bench, Contender } from "../workload.ts";
import { yjsColdOpen } from "./yjs-cold-open.ts";
import type { YjsService } from "./yjs-socket.ts";

const worker = "bench/peers/y-partyserver-worker.ts";

/** y-partyserver in a Durable Object. */
export async function yPartyserver(bench: Bench, isCompressed = false): Promise<YjsService> {
  const server = await bench.server(worker);
  return {
    name: isCompressed ? "y-partyserver, compressed" : "y-partyserver",
    url: (document) => `${server.url.replace("http", "ws")}/ws/parties/rooms/${document}`,
    prefix: () => new Uint8Array(),
    // It sends every update to everybody, its author among them, once it is applied. It is stored later.
    acknowledges: "by echo",
    isCompressed,
  };
}

export async function yPartyserverColdOpens(bench: Bench, recording: Recording): Promise<Contender[]> {
  const server = await bench.server(worker);
  const services = [await yPartyserver(bench, true), await yPartyserver(bench)];
  return services.map((service) => yjsColdOpen(service, server, recording));
}
