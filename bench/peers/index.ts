import type { Peers } from "../peers.ts";
import { hocuspocus } from "./hocuspocus.ts";
import { shareDb } from "./sharedb.ts";
import { shareDbEditors } from "./sharedb-editor.ts";
import { yPartyserver } from "./y-partyserver.ts";
import { yjsEditors } from "./yjs-editor.ts";

export const peers: Peers = {
  editors: async (bench) => [
    yjsEditors(await yPartyserver(bench)),
    shareDbEditors(await shareDb(bench)),
    yjsEditors(await hocuspocus(bench)),
  ],
};
