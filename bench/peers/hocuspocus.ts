import { join } from "node:path";
import { encode, writeVarString } from "lib0/encoding";
import type { Bench } from "../workload.ts";
import { startNode } from "./node-server.ts";
import type { YjsService } from "./yjs-socket.ts";

/** Hocuspocus in Node. */
export async function hocuspocus(bench: Bench): Promise<YjsService> {
  const { url } = await bench.service("hocuspocus", (folder) =>
    startNode(join(import.meta.dirname, "hocuspocus-server.ts"), folder),
  );
  return {
    name: "Hocuspocus",
    url: () => url,
    prefix: (document) => encode((encoder) => writeVarString(encoder, document)),
    // A SyncStatus for each update that a client sent, once it is applied. It is stored later.
    acknowledges: "by status",
    isCompressed: false,
  };
}
