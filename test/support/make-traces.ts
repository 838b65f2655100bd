// Makes editing traces in the forms that `npm run replay` reads. Run as a command, it writes those in traces/.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { alphabets, Random } from "./ot-random.ts";

const letters = [...alphabets.ascii, "e", "t", "o", "n", "é", "한", "😀", "👩", "💻"];
const start = Date.parse("2026-01-01T09:00:00.000Z");

type Patch = [position: number, deleted: number, inserted: string];

interface SequentialTrace {
  startContent: string;
  endContent: string;
  txns: { time: string; patches: Patch[] }[];
}

interface ConcurrentTrace {
  kind: "concurrent";
  endContent: string;
  numAgents: number;
  txns: {
    parents: number[];
    numChildren: number;
    agent: number;
    time: string;
    patches: Patch[];
  }[];
}

/** A typist of small habits: goes on where the last edit ended, takes some back, now and then jumps. */
function nextPatch(random: Random, cursor: number, length: number): Patch {
  const position = random.chance(0.1) ? random.int(length + 1) : Math.min(cursor, length);
  if (random.chance(0.2) && position > 0) return [position - 1, 1, ""];
  const text = random.chance(0.05)
    ? Array.from({ length: 5 }, () => random.pick(letters)).join("")
    : random.pick(letters);
  return [position, random.chance(0.05) && position < length ? 1 : 0, text];
}

export function makeSequentialTrace(seed: number, edits: number): SequentialTrace {
  const random = new Random(seed);
  const startContent = "Notes 📝\n";
  const points = [...startContent];
  let cursor = points.length;
  let time = start;
  const txns = Array.from({ length: edits }, () => {
    // Some edits touch two places at once, the later first, as an editor with two cursors does.
    const patches: Patch[] = [nextPatch(random, cursor, points.length)];
    if (random.chance(0.05) && patches[0]![0] > 2) patches.push([random.int(2), 0, random.pick(letters)]);
    for (const [position, deleted, inserted] of patches) points.splice(position, deleted, ...inserted);
    const [position, , inserted] = patches[0]!;
    cursor = position + [...inserted].length;
    time += random.int(40);
    return { time: new Date(time).toISOString(), patches };
  });
  return { startContent, endContent: points.join(""), txns };
}

/** A character for ever: who inserted it, and who deleted it, by their edits. */
interface Character {
  text: string;
  insertedBy: number;
  deletedBy: number[];
}

/**
 * Agents that type at once, and now and then see what the others did. It is made on one list of all characters that ever
 * were, so that it shares nothing with the engine; nobody inserts where another's insert is unseen, so that its end
 * depends on no rule for ties.
 */
export function makeConcurrentTrace(seed: number, agents: number, edits: number): ConcurrentTrace {
  const random = new Random(seed);
  const characters: Character[] = [];
  const histories: Set<number>[] = [];
  const seen = Array.from({ length: agents }, () => new Set<number>());
  const heads: number[][] = Array.from({ length: agents }, () => []);
  const cursors: number[] = Array(agents).fill(0);
  const txns: ConcurrentTrace["txns"] = [];
  while (txns.length < edits) {
    const edit = txns.length;
    const agent = edit === 0 ? 0 : random.int(agents);
    const mine = seen[agent]!;
    // The first edit is everybody's ground.
    if (random.chance(0.1) || mine.size === 0) {
      const ground = edit === 0 ? [] : [0];
      const news = mine.size === 0 ? ground : heads[random.int(agents)]!;
      for (const head of news) for (const known of histories[head]!) mine.add(known);
      heads[agent] = minimal([...heads[agent]!, ...news], histories);
    }
    const isSeen = ({ insertedBy, deletedBy }: Character) =>
      mine.has(insertedBy) && !deletedBy.some((by) => mine.has(by));
    const places = characters.flatMap((character, index) => (isSeen(character) ? [index] : []));
    const [position, deleted, inserted] = nextPatch(random, cursors[agent]!, places.length);
    if (inserted !== "" && isContested(position)) {
      cursors[agent] = random.int(places.length + 1);
      continue;
    }
    for (const index of places.slice(position, position + deleted)) characters[index]!.deletedBy.push(edit);
    const place = position === 0 ? 0 : places[position - 1]! + 1;
    const added = [...inserted].map((text): Character => ({ text, insertedBy: edit, deletedBy: [] }));
    characters.splice(place, 0, ...added);
    cursors[agent] = position + added.length;

    const parents = heads[agent]!;
    for (const parent of parents) txns[parent]!.numChildren += 1;
    mine.add(edit);
    heads[agent] = [edit];
    histories.push(new Set(mine));
    const time = new Date(start + edit * 20).toISOString();
    txns.push({ parents, numChildren: 0, agent, time, patches: [[position, deleted, inserted]] });

    /** Whether something is there that this agent does not see and another does or will: a place in its order is a tie. */
    function isContested(at: number): boolean {
      const from = at === 0 ? 0 : places[at - 1]! + 1;
      const between = characters.slice(from, places[at]);
      return between.some(({ deletedBy }) => !seen.every((all) => deletedBy.some((by) => all.has(by))));
    }
  }
  const left = characters.filter(({ deletedBy }) => deletedBy.length === 0);
  return { kind: "concurrent", endContent: left.map(({ text }) => text).join(""), numAgents: agents, txns };
}

/** Without those that another of them rests on. */
function minimal(heads: readonly number[], histories: readonly Set<number>[]): number[] {
  const distinct = [...new Set(heads)];
  return distinct.filter((head) => !distinct.some((other) => other !== head && histories[other]!.has(head)));
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(import.meta.dirname, "traces");
  const write = (name: string, trace: object) =>
    writeFileSync(join(folder, name), `${JSON.stringify(trace)}\n`);
  write("sequential.json", makeSequentialTrace(1, 600));
  write("concurrent.json", makeConcurrentTrace(1, 2, 600));
}
