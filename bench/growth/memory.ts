import { setTimeout as sleep } from "node:timers/promises";
import { openEditors } from "../editors/ours.ts";
import { type FilledService, filledService } from "../filled/service.ts";
import type { Figures, Workload } from "../workload.ts";

const units = 1_000_000;
const operations = 1_000_000;
const sockets = 100;
/** As many open at once; all together would fill memory with a text for each, which says nothing of what a room keeps. */
const together = 10;

/** At the beginning, which the empty text has, too. */
const typing = () => ["x"];

const megabytes = (bytes: number): number => bytes / 2 ** 20;

/** What the process has once all that is garbage was collected. */
async function settledBytes({ server }: FilledService): Promise<number> {
  for (let times = 0; times < 3; times++) {
    const answer = await fetch(`${server.url}/collect`);
    if (!answer.ok) throw new Error(await answer.text());
    await sleep(300);
  }
  return server.residentBytes();
}

/** Of a process that has begun anew: with an empty room, then also with the large one and one editor, then with all of them. */
async function measure(service: FilledService, empty: string, large: string): Promise<Figures> {
  const { server, owner } = service;
  await server.restart();
  await owner.documents.get(empty);
  const first = await openEditors(server.url, owner, empty, 1, typing);
  await edit(first.editors);
  for (const editor of first.editors) editor.close();
  const before = await settledBytes(service);
  const opened = [await openEditors(server.url, owner, large, 1, typing)];
  const alone = await settledBytes(service);
  for (let count = 1; count < sockets; count += together)
    opened.push(await openEditors(server.url, owner, large, Math.min(together, sockets - count), typing));
  const editors = opened.flatMap((session) => session.editors);
  await edit(editors);
  for (const { verify } of opened) await verify();
  const after = await settledBytes(service);
  for (const editor of editors) editor.close();
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
    const service = await filledService(bench, "--expose-gc");
    const empty = await service.document("");
    const large = await service.document("-".repeat(units), { steady: operations });
    return [{ name: "Materi", measure: () => measure(service, empty.id, large.id) }];
  },
};
