/** Somebody who edits as fast as they are allowed to, and is as little in the way of the measurement as can be. */
export interface Editor {
  /** Begins; goes on until `stop`. `edits`: how many may be on their way, in whatever form. */
  start(edits: number): void;
  stop(): void;
  /** Edits that are known to be durable, so far. */
  readonly acknowledged: number;
  /** Milliseconds from each frame to its acknowledgement. */
  readonly waits: number[];
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
  close(): void;
}

/** A document that its editors have open. */
export interface Session {
  editors: Editor[];
  /** Throws if editors and service do not agree on all that was accepted; to be asked when they are idle. */
  verify(): Promise<void>;
}

/** A service in which people edit one document together. */
export interface EditorService {
  name: string;
  /** Opens a new document for so many editors. */
  open(editors: number): Promise<Session>;
}

/** Text that every document begins with: edits go to places in it. */
export const firstUnits = 5_000;

/** Of how many editors every frame is gone through again at the end. */
export const verified = 3;

/** A character at each of so many random places, as one operation: how far on (where it is not 0) and what, in turns. */
export function insertions(count: number, random: (below: number) => number): (number | string)[] {
  const places = Array.from({ length: count }, () => random(firstUnits)).sort((a, b) => a - b);
  const op: (number | string)[] = [];
  let at = 0;
  for (const place of places) {
    if (place > at) op.push(place - at);
    const last = op.at(-1);
    if (typeof last === "string") op[op.length - 1] = `${last}x`;
    else op.push("x");
    at = place;
  }
  return op;
}

/** mulberry32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
