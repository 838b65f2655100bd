import type { Peers } from "../peers.ts";
import { hocuspocus } from "./hocuspocus.ts";
import { shareDb } from "./sharedb.ts";
import { shareDbEditors } from "./sharedb-editor.ts";
import { shareDbTrace } from "./sharedb-trace.ts";
import { yPartyserver, yPartyserverColdOpens } from "./y-partyserver.ts";
import { yjsEditors } from "./yjs-editor.ts";
import { yjsTrace } from "./yjs-trace.ts";

export const peers: Peers = {
  editors: async (bench) => [
    yjsEditors(await yPartyserver(bench)),
    shareDbEditors(await shareDb(bench)),
    yjsEditors(await hocuspocus(bench)),
  ],
  traces: async (bench) => [
    yjsTrace(await yPartyserver(bench)),
    shareDbTrace(await shareDb(bench)),
    yjsTrace(await hocuspocus(bench)),
  ],
  // ShareDB's and Hocuspocus' servers decline.
  compressedTraces: async (bench) => [yjsTrace(await yPartyserver(bench, true))],
  coldOpens: yPartyserverColdOpens,
};
