import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench, Contender, Figures, Target, Workload } from "../workload.ts";
import type { Measured } from "./measure.ts";

/** Of a measurement: what the time of one operation is told as. */
type Telling = (measured: Measured[]) => Figures;

interface Library {
  name: string;
  /** The file in engines. */
  engine: string;
  task: string;
}

const libraries = {
  materi: { name: "Materi", engine: "materi" },
  otText: { name: "ot-text-unicode", engine: "ot-text-unicode" },
  rope: { name: "rope + ot-text-unicode", engine: "rope" },
  codeMirror: { name: "@codemirror/state", engine: "codemirror" },
  yjs: { name: "Yjs", engine: "yjs" },
  loro: { name: "Loro", engine: "loro" },
};

/** They come with the project itself; the others with bench/package.json. */
const installed = ["materi", "materi-from-log", "materi-from-frames", "ot-text-unicode", "codemirror"];

const editsPerSecond: Telling = ([measured]) => ({
  "edits/s": 1e6 / (measured?.median ?? Number.NaN),
  "edits/s the first time": 1e6 / (measured?.first ?? Number.NaN),
});

const microseconds: Telling = ([measured]) => ({
  µs: measured?.median ?? Number.NaN,
  "µs the first time": measured?.first ?? Number.NaN,
});

const bySize: Telling = (measured) =>
  Object.fromEntries(measured.map(({ size, median }) => [`${size}`, median]));

/** Each in a process of its own, on the core of this one, which waits meanwhile. */
async function measure(
  { engine, task }: Library,
  sizes: readonly number[],
  seconds: number,
): Promise<Measured[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "measure.ts"), task, engine, ...[seconds, ...sizes].map(String)],
    { timeout: 500_000 },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Measured);
}

function inProcess(
  workload: Pick<Workload, "id" | "name" | "growth"> & { isQuick?: boolean; targets?: readonly Target[] },
  telling: Telling,
  sizes: readonly number[],
  contenders: readonly Library[],
  /** Of the run's seconds, for all sizes together. */
  share = 1 / 4,
): Workload {
  return {
    isQuick: false,
    targets: [],
    ...workload,
    contenders: async ({ peers, seconds }: Bench): Promise<Contender[]> =>
      contenders
        .filter(({ engine }) => peers || installed.includes(engine))
        .map((library) => ({
          name: library.name,
          measure: async () => telling(await measure(library, sizes, (share * seconds) / sizes.length)),
        })),
  };
}

const { materi, otText, rope, codeMirror, yjs, loro } = libraries;
const doing = (task: string, ...chosen: Omit<Library, "task">[]): Library[] =>
  chosen.map((library) => ({ task, ...library }));

/** A recorded session; `others` are those who would take longer than a minute for it. */
const session = (trace: string, others: Library[]): Workload =>
  inProcess(
    {
      id: `ot-trace-${trace}`,
      name: `${trace} in process, from what travels to the text`,
      targets: [
        { figure: "edits/s", atLeast: 1_000_000 },
        { figure: "edits/s", of: "rope + ot-text-unicode", atLeast: 0.5 },
      ],
    },
    editsPerSecond,
    [0],
    [
      ...doing(`receive-${trace}`, materi, rope),
      { ...rope, task: `apply-${trace}`, name: "rope + ot-text-unicode, from memory" },
      { ...materi, task: `apply-${trace}`, name: "Materi, from memory" },
      { engine: "materi-from-frames", task: `receive-${trace}`, name: "Materi, from frames" },
      ...doing(`receive-${trace}`, codeMirror, yjs),
      ...others,
    ],
    // One run takes as long as all that others do in theirs.
    1,
  );

export const otWorkloads: readonly Workload[] = [
  session("automerge-paper", []),
  session("seph-blog1", doing("receive-seph-blog1", otText, loro)),
  inProcess(
    { id: "ot-parse", name: "an operation from JSON, checked" },
    microseconds,
    [0],
    // On a rope, for the sake of the comparison at the end: what is measured is the same.
    doing("parse-automerge-paper", materi, { ...rope, name: otText.name }, codeMirror),
  ),
  inProcess(
    {
      id: "ot-transform-1000",
      name: "one operation over 1,000 concurrent ones",
      isQuick: true,
      targets: [{ figure: "µs", of: "ot-text-unicode", atMost: 0.25 }],
    },
    microseconds,
    [1_000],
    [
      ...doing("transform", materi, otText, codeMirror, yjs, loro),
      { name: "Materi, out of the log", engine: "materi-from-log", task: "transform" },
    ],
  ),
  inProcess(
    {
      id: "ot-growth-text",
      name: "an insertion somewhere in the text, from memory",
      growth: { of: "UTF-16 units of text", figure: "µs for an operation" },
    },
    bySize,
    [1_000, 10_000, 100_000, 1_000_000],
    doing("apply", materi, rope, otText, codeMirror, yjs, loro),
  ),
  inProcess(
    {
      id: "ot-growth-transform",
      name: "one operation over concurrent ones",
      growth: { of: "concurrent operations", figure: "µs for an operation" },
    },
    bySize,
    [1, 10, 100, 1_000, 10_000],
    doing("transform", materi, otText, codeMirror, yjs),
  ),
  inProcess(
    {
      id: "ot-growth-compose",
      name: "insertions all over a text, made one operation",
      growth: { of: "operations composed", figure: "µs for an operation" },
    },
    bySize,
    [1, 10, 100, 1_000, 10_000],
    doing("compose", materi, otText, codeMirror),
  ),
];
