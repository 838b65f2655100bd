import type { ClientOptions } from "ws";
import { WebSocket } from "ws";
import { encodeHello } from "../../src/protocol/client-frames.ts";
import type { Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { filledService } from "../filled/service.ts";
import { peersOf } from "../peers.ts";
import type { Bench, Contender, Figures, Workload } from "../workload.ts";
import { recording } from "./recording.ts";
import { asBrowser, countBytes, uncompressed } from "./service.ts";

/** From the first packet of somebody new until they have the text: it was not in memory, nor was anything else of the service. */
async function open(url: string, id: string, token: string, connecting: ClientOptions) {
  const start = performance.now();
  const socket = new WebSocket(
    `${url.replace("http", "ws")}/ws/documents/${id}`,
    [subprotocol, `bearer.${token}`],
    connecting,
  );
  let bytes = () => ({ received: 0 });
  const welcome = await new Promise<Welcome>((done, failed) => {
    socket.once("open", () => {
      bytes = countBytes(socket);
      socket.send(encodeHello({ clientId: crypto.randomUUID() }));
    });
    socket.once("message", (data) => done(JSON.parse(String(data))));
    socket.once("error", failed);
  });
  const ms = performance.now() - start;
  const { received } = bytes();
  socket.terminate();
  return { text: welcome.text, ms, bytes: received };
}

async function contenders(bench: Bench): Promise<Contender[]> {
  const trace = recording("automerge-paper");
  const { server, owner, document } = await filledService(bench);
  const { id, databaseBytes } = await document("", { edits: JSON.stringify(trace.edits) });
  const measure = async (connecting: ClientOptions): Promise<Figures> => {
    const token = await owner.token();
    await server.restart();
    const { text, ms, bytes } = await open(server.url, id, token, connecting);
    if (text !== trace.text) throw new Error("the service has another text than the trace");
    return {
      ms,
      bytes,
      "× the text": bytes / Buffer.byteLength(text),
      "bytes of the database per edit": databaseBytes / trace.edits.length,
    };
  };
  return [
    { name: "Materi, compressed", measure: () => measure(asBrowser) },
    { name: "Materi", measure: () => measure(uncompressed) },
    ...(await (await peersOf(bench)).coldOpens(bench, trace)),
  ];
}

export const coldOpen: Workload = {
  id: "cold-open",
  name: "cold open after 259,778 edits",
  isQuick: false,
  targets: [
    { figure: "ms", of: "y-partyserver", atMost: 0.15 },
    { figure: "× the text", atMost: 1.01 },
  ],
  contenders,
};
