import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../test/support/ot-random.ts";
import { openEditors } from "../editors/ours.ts";
import { type FilledService, filledService } from "../filled/service.ts";
import { type Edit, recording, textAfter } from "../trace/recording.ts";
import type { Bench, Figures, Workload } from "../workload.ts";
import { openAsBrowser, type } from "./typist.ts";

/** Of a recording of somebody who has typed that much, the next keys: numbers in frames are as long as they are in practice. */
const typedBefore = ({ isSmoke }: Bench) => (isSmoke ? 100 : 20_000);

/** Keys of one typist, a second. */
const perSecond = 8;

/** What the project's client and the service send of a typist to somebody who looks on. */
async function bytesPerKey(
  service: FilledService,
  { caret, gatherMs, bench }: { caret: boolean; gatherMs: number; bench: Bench },
): Promise<Figures> {
  const before = typedBefore(bench);
  const { edits } = recording("automerge-paper", before + Math.ceil(perSecond * 4 * bench.seconds));
  const next = edits.slice(before);
  const { id } = await service.document("", { edits: JSON.stringify(edits.slice(0, before)) });
  const observer = await openAsBrowser(service.owner, id);
  const typist = await openAsBrowser(service.owner, id, gatherMs);
  await type(typist.session, next, { perSecond, caret, random: new Random(20_261_123) });
  await observer.session.reached(typist.session.version);
  // What follows a key, a caret or a check, is of it.
  await sleep(200);
  const [{ sent }, { received }] = [typist.bytes(), observer.bytes()];
  if (observer.session.text !== textAfter(edits))
    throw new Error("the observer has another text than was typed");
  observer.session.close();
  typist.session.close();
  const shown = caret ? " with a caret" : "";
  return {
    [`bytes up per key${shown}`]: sent / next.length,
    [`bytes down per key${shown}`]: received / next.length,
  };
}

const rowsWritten = async ({ owner }: FilledService, id: string): Promise<number> =>
  (await owner.documents.stats(id)).rows_written;

/** Seconds of typing that say what lasts: in fewer, an alarm or a commit more or less is a row in fifty. */
const lastingSeconds = ({ isSmoke, seconds }: Bench) => (isSmoke ? 8 * seconds : Math.max(10, 8 * seconds));

/** Seconds after which ten who begin to type are known to the room, and it has found their pace. */
const beginningSeconds = 2;

/**
 * Rows that a room has written, as it counts itself, of ten who type: what it takes that they begin (a row for each of them, commits while there is no
 * pace yet), and what lasts. All of them type until the end.
 */
async function rowsPerEdit(service: FilledService, seconds: number): Promise<Figures> {
  const { id } = await service.document("-".repeat(5_000));
  let isTyping = true;
  let typed = 0;
  const state = async () => ({ edits: typed, rows: await rowsWritten(service, id) });
  const typists = await Promise.all(
    Array.from({ length: 10 }, async (_, n) => ({ n, ...(await openAsBrowser(service.owner, id)) })),
  );
  const opened = await state();
  const typing = typists.map(({ session, n }) => {
    const random = new Random(n + 1);
    const edits = function* (): Generator<Edit> {
      for (; isTyping; typed++) yield [random.int(session.length), 0, "x"];
    };
    return type(session, edits(), { perSecond: 5, caret: false, random });
  });
  await sleep(beginningSeconds * 1_000);
  const begun = await state();
  await sleep(seconds * 1_000);
  const ended = await state();
  isTyping = false;
  await Promise.all(typing);
  const { content, version } = await service.owner.documents.get(id);
  await Promise.all(typists.map(({ session }) => session.reached(version)));
  for (const { session } of typists) {
    if (session.text !== content) throw new Error("a typist has another text than the service");
    session.close();
  }
  return {
    "rows per edit": (ended.rows - begun.rows) / (ended.edits - begun.edits),
    [`rows in the first ${beginningSeconds} s`]: begun.rows - opened.rows,
  };
}

/** The same of ten who each edit again as soon as the edit before is acknowledged. */
async function rowsInClosedLoop(service: FilledService, seconds: number): Promise<Figures> {
  const { id } = await service.document("-".repeat(5_000));
  const { editors, verify } = await openEditors({ ...service, id, count: 10 });
  const before = await rowsWritten(service, id);
  for (const editor of editors) editor.start(1);
  await sleep(seconds * 1_000);
  for (const editor of editors) editor.stop();
  await Promise.all(editors.map((editor) => editor.idle()));
  const rows = (await rowsWritten(service, id)) - before;
  await verify();
  for (const editor of editors) editor.close();
  const edits = editors.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return { "rows per edit in a closed loop": rows / edits };
}

export const typingWorkloads: readonly Workload[] = [
  {
    id: "typing-bytes",
    name: `bytes of a typist, ${perSecond} keys a second, the project's client`,
    isQuick: true,
    rounds: 1,
    targets: [
      { figure: "bytes up per key", atMost: 20 },
      { figure: "bytes down per key", atMost: 20 },
    ],
    async contenders(bench) {
      const service = await filledService(bench);
      const measure = async (gatherMs: number) => {
        const figures = [false, true].map((caret) => bytesPerKey(service, { caret, gatherMs, bench }));
        return Object.assign({}, ...(await Promise.all(figures)));
      };
      return [
        { name: "Materi, gatherMs 300", measure: () => measure(300) },
        { name: "Materi", measure: () => measure(0) },
      ];
    },
  },
  {
    id: "typing-rows",
    name: "rows written, 10 editors who type 5 keys a second each",
    isQuick: true,
    rounds: 1,
    targets: [{ figure: "rows per edit", atMost: 0.1 }],
    async contenders(bench) {
      const service = await filledService(bench);
      const measure = async () => ({
        ...(await rowsPerEdit(service, lastingSeconds(bench))),
        ...(await rowsInClosedLoop(service, bench.seconds)),
      });
      return [{ name: "Materi", measure }];
    },
  },
];
