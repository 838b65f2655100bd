import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { DocumentSession } from "../../src/client/document-session.ts";
import type { MateriClient } from "../../src/client/materi-client.ts";
import { replacement } from "../../src/ot/operation.ts";
import type { Random } from "../../test/support/ot-random.ts";
import type { Edit } from "../trace/recording.ts";
import { asBrowser, countBytes } from "../trace/service.ts";

/** The project's client on a document, with the bytes of its socket since the document was there. */
export async function openAsBrowser(client: MateriClient, id: string, gatherMs = 0) {
  let socket: WebSocket | undefined;
  class BrowserSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, asBrowser);
      socket = this;
    }
  }
  const session = client.open(id, {
    gatherMs,
    WebSocket: BrowserSocket as unknown as typeof globalThis.WebSocket,
  });
  await session.ready();
  if (!socket) throw new Error("the session has no socket");
  return { session, bytes: countBytes(socket) };
}

/** Types, at so many keys a second in the mean, never two at once; `caret`: shown to the others after each key, as editors do. */
export async function type(
  session: DocumentSession,
  edits: Iterable<Edit>,
  { perSecond, caret, random }: { perSecond: number; caret: boolean; random: Random },
): Promise<void> {
  for (const [position, deleted, inserted] of edits) {
    const meanMs = 1_000 / perSecond;
    await sleep(0.5 * meanMs + random.int(meanMs));
    session.edit(replacement(position, deleted, inserted));
    const head = position + inserted.length;
    if (caret) session.setPresence([[head, head]]);
  }
  await session.saved();
}
