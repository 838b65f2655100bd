import type { Actor, Flush, LastSubmission, Logged } from "../../src/room/operation-log.ts";
import { alphabetNames, type Points, Random, randomOperation } from "./ot-random.ts";

export const ann: Actor = { actor: 1, clientId: "ann-1", userId: "ann", kind: "person" };
export const bot: Actor = { actor: 2, clientId: null, userId: "bot", kind: "program" };

export interface WrittenFlush extends Flush {
  /** Whether a snapshot is written with it. */
  snapshot: boolean;
}

/** A log of random edits by several writers, some in one flush, some with a snapshot; `texts[v]` is the text at version v. */
export function randomLog(
  seed: number,
  commits: number,
): { flushes: WrittenFlush[]; actors: Actor[]; texts: string[] } {
  const random = new Random(seed);
  const actors = [ann, bot, { actor: 7, clientId: "cem-1", userId: "cem", kind: "person" } as const];
  const texts = [""];
  let points: Points = [];
  const seqs = new Map<number, number>();
  const flushes: WrittenFlush[] = [];
  let at = 1_700_000_000_000;
  for (let index = 0; index < commits; index++) {
    const from = texts.length;
    const entries: Logged[] = [];
    for (let count = 1 + random.int(4); count > 0; count--) {
      const { actor } = random.pick(actors);
      const { operation, after } = randomOperation(random, random.pick(alphabetNames), points);
      points = after;
      const seq = (seqs.get(actor) ?? 0) + 1;
      seqs.set(actor, seq);
      entries.push({
        actor,
        seq,
        operation,
        ...(texts.length > 1 && random.chance(0.2) && { transforms: 1 + random.int(texts.length - 1) }),
        ...(random.chance(0.1) && { latencyMs: 2 ** (3 + random.int(8)) }),
      });
      texts.push(points.join(""));
    }
    // Clocks may also go back.
    at += random.int(11_000) - 2_000;
    flushes.push({ from, at, entries, snapshot: random.chance(0.1) });
  }
  return { flushes, actors, texts };
}

export function lastByActorOf(flushes: readonly Flush[]): Map<number, LastSubmission> {
  const last = new Map<number, LastSubmission>();
  for (const { from, entries } of flushes) {
    for (const [index, { actor, seq }] of entries.entries()) last.set(actor, { seq, version: from + index });
  }
  return last;
}
