import { setTimeout as sleep } from "node:timers/promises";
import { Doc, encodeStateAsUpdate } from "yjs";
import type { Server } from "../../test/support/server.ts";
import type { Edit, Recording } from "../trace/recording.ts";
import type { Contender } from "../workload.ts";
import { newDocument } from "./new-document.ts";
import { textIn, textName, type YjsService, YjsSocket } from "./yjs-socket.ts";

/** Milliseconds until what was written is surely stored: the service waits two seconds for more. */
const untilStored = 4_000;

/** How long somebody new waits for the text after the service was started again. */
export function yjsColdOpen(service: YjsService, server: Server, { edits, text }: Recording): Contender {
  let written: Promise<string> | undefined;
  return {
    name: service.name,
    async measure() {
      written ??= write(service, edits);
      const name = await written;
      await server.restart();
      const start = performance.now();
      const reader = await YjsSocket.open(service, name);
      const document = new Doc();
      reader.applyTo(document, 0);
      const opened = textIn(document);
      const ms = performance.now() - start;
      const bytes = reader.bytes().received;
      reader.close();
      if (opened !== text) throw new Error(`${service.name} has another text than the trace`);
      return { ms, bytes, "× the text": bytes / Buffer.byteLength(text) };
    },
  };
}

/** The name of a document that was typed edit by edit. Its server gets it at once: it has no more of it than a document of Yjs's. */
async function write(service: YjsService, edits: readonly Edit[]): Promise<string> {
  const document = new Doc();
  const text = document.getText(textName);
  for (const [position, deleted, inserted] of edits) {
    document.transact(() => {
      if (deleted > 0) text.delete(position, deleted);
      if (inserted) text.insert(position, inserted);
    });
  }
  const name = newDocument();
  const writer = await YjsSocket.open(service, name, document.clientID);
  await new Promise<void>((done) => {
    writer.onAcknowledged = done;
    writer.edit(encodeStateAsUpdate(document));
  });
  await sleep(untilStored);
  writer.close();
  return name;
}
