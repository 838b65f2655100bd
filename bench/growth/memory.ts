import { setTimeout as sleep } from "node:timers/promises";
import { guestTokens, openEditors } from "../editors/ours.ts";
import type { History } from "../filled/filled-room.ts";
import { type FilledService, filledService } from "../filled/service.ts";
import type { Figures, Workload } from "../workload.ts";

const units = 1_000_000;
const operations = 1_000_000;
const sockets = 100;
/** At the beginning, which the empty text has, too. */
const typing = () => ["x"];

const megabytes = (bytes: number): number => bytes / 2 ** 20;

/**
 * V8 collects before much has gathered, and every time everything. What is counted is the whole process, its pages that V8 and tcmalloc keep
 * for later among them, but not garbage: in it are Miniflare's isolates for D1 and the like, too, which on Cloudflare are elsewhere. Left to
 * themselves they hardly ever collect what is old, 70 kB for a call to D1 and 140 kB for a socket that is let in, which is none of the room's.
 */
const flags = "--expose-gc --max-semi-space-size=1 --gc-global";

/** What the process has once all that is garbage was collected. */
async function settledBytes({ server }: FilledService): Promise<number> {
  for (let times = 0; times < 3; times++) {
    const answer = await fetch(`${server.url}/collect`);
    if (!answer.ok) throw new Error(await answer.text());
    await sleep(300);
  }
  return server.residentBytes();
}

interface Document {
  id: string;
  tokens: readonly string[];
}

/**
 * Of a process that has begun anew: when all have been at an empty document and left, so that everything was compiled; then with the large
 * one and one editor; then with all of them.
 */
async function measure(service: FilledService, empty: Document, large: Document): Promise<Figures> {
  await service.server.restart(flags);
  const come = (to: Document, count: number) => openEditors({ ...service, ...to, count, typing });
  const first = await come(empty, sockets);
  await edit(first.editors);
  await first.verify();
  for (const editor of first.editors) editor.close();
  const before = await settledBytes(service);
  const single = await come(large, 1);
  await edit(single.editors);
  const alone = await settledBytes(service);
  for (const editor of single.editors) editor.close();
  const all = await come(large, sockets);
  await edit(all.editors);
  await all.verify();
  const after = await settledBytes(service);
  for (const editor of all.editors) editor.close();
  return {
    "MB above an empty room": megabytes(after - before),
    "MB of them for all sockets but one": megabytes(after - alone),
    "MB with an empty room": megabytes(before),
  };
}

/** An edit, or a few, of each. */
async function edit(editors: Awaited<ReturnType<typeof openEditors>>["editors"]): Promise<void> {
  for (const editor of editors) editor.start(1);
  for (const editor of editors) editor.stop();
  await Promise.all(editors.map((editor) => editor.idle()));
}

export const roomMemory: Workload = {
  id: "room-memory",
  name: `memory of a room: 1 MB of text, 1,000,000 operations, ${sockets} sockets`,
  isQuick: false,
  targets: [{ figure: "MB above an empty room", atMost: 32 }],
  async contenders(bench) {
    // Flags of its own, so that nobody shares it; a history is not filled in with those that it is measured with.
    const service = await filledService(bench, "--expose-gc");
    const made = async (content: string, history?: History): Promise<Document> => {
      const { id } = await service.document(content, history);
      return { id, tokens: await guestTokens(service.url, service.owner, id) };
    };
    const empty = await made("");
    const large = await made("-".repeat(units), { steady: operations });
    return [{ name: "Materi", measure: () => measure(service, empty, large) }];
  },
};
