import { join } from "node:path";
import { readTrace } from "../../scripts/replay/trace.ts";
import { Random } from "../../test/support/ot-random.ts";
import { type Edit, type Engine, type Trial, withEach } from "./engine.ts";

/** Something to be measured: of an engine that has what it takes, with the text that must come of it. */
export interface Task {
  /** What is counted: a time is divided by it. */
  readonly operations: number;
  readonly expected: string;
  trial(engine: Engine): Trial | undefined;
}

const seed = 20_261_123;

interface Session {
  readonly start: string;
  readonly edits: readonly Edit[];
  readonly end: string;
}

function recorded(name: string): Session {
  const trace = readTrace(join(import.meta.dirname, `../traces/${name}.json.gz`));
  if (/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(trace)))
    throw new Error(`${name} counts code points, which are not UTF-16 units in it`);
  const edits = trace.edits.flatMap(({ patches }) =>
    patches.map(([position, deleted, inserted]) => ({ position, deleted, inserted })),
  );
  return { start: trace.startContent, edits, end: trace.endContent };
}

/** Lines, as a text has: some libraries keep them apart. */
export const textOf = (units: number): string =>
  `${"-".repeat(79)}\n`.repeat(Math.ceil(units / 80)).slice(0, units);

/** One character each, somewhere in the text. */
function scattered(units: number, count: number): Session {
  const random = new Random(seed);
  const start = textOf(units);
  const edits = Array.from({ length: count }, (_, n) => ({
    position: random.int(units + n + 1),
    deleted: 0,
    inserted: "x",
  }));
  let end = start;
  for (const { position, inserted } of edits)
    end = `${end.slice(0, position)}${inserted}${end.slice(position)}`;
  return { start, edits, end };
}

/** Insertions that others make, one after the other, and such as were made before them: no two at one place, where libraries differ. */
function concurrent(others: number): Session & { own: Edit[] } {
  const session = scattered(100_000, others);
  const random = new Random(seed + 1);
  const own: Edit[] = [];
  const moved: { position: number; inserted: string }[] = [];
  while (own.length < concurrentOperations) {
    const first = random.int(session.start.length);
    let position = first;
    const meets = session.edits.some((other) => {
      if (other.position === position) return true;
      if (other.position < position) position += 1;
      return false;
    });
    if (meets || own.some((each) => each.position === first)) continue;
    own.push({ position: first, deleted: 0, inserted: "Y" });
    moved.push({ position, inserted: "Y" });
  }
  return { ...session, own, end: withEach(session.end, moved) };
}

/** Of them that are concurrent with the others; each is measured by itself. */
const concurrentOperations = 100;

type Method = "receive" | "apply" | "parse" | "compose";

function overSession(method: Method, { start, edits, end }: Session): Task {
  return { operations: edits.length, expected: end, trial: (engine) => engine[method]?.(start, edits) };
}

function transformOver(others: number): Task {
  const { start, own, edits, end } = concurrent(others);
  return { operations: own.length, expected: end, trial: (engine) => engine.transform?.(start, own, edits) };
}

/** By the name that a contender is measured under; where something grows, for one size of it. */
export const tasks: Readonly<Record<string, (size: number) => Task>> = {
  "receive-automerge-paper": () => overSession("receive", recorded("automerge-paper")),
  "apply-automerge-paper": () => overSession("apply", recorded("automerge-paper")),
  "parse-automerge-paper": () => overSession("parse", recorded("automerge-paper")),
  "receive-seph-blog1": () => overSession("receive", recorded("seph-blog1")),
  "apply-seph-blog1": () => overSession("apply", recorded("seph-blog1")),
  transform: (others) => transformOver(others),
  compose: (edits) => overSession("compose", scattered(100_000, edits)),
  apply: (units) => overSession("apply", scattered(units, 1_000)),
};
