import { join } from "node:path";
import type { Bench } from "../workload.ts";
import { type NodeServer, startNode } from "./node-server.ts";

/** ShareDB in Node. */
export const shareDb = (bench: Bench): Promise<NodeServer> =>
  bench.service("sharedb", (folder) => startNode(join(import.meta.dirname, "sharedb-server.ts"), folder));
