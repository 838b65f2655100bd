import { type Operation, OperationBuilder } from "./operation.ts";

/** Steps of comparing, over all of one difference: past them, what is left counts as replaced. Some 20 ms. */
const steps = 2_000_000;

/** Edits that one comparison may need: its trace has the square of them in integers. */
const mostEdits = 1_000;

/** Code units of both texts up to which words are looked at: cutting into words is most of what a difference costs. */
const wordUnits = 131_072;

const line = /[^\n]*\n|[^\n]+/gu;
const word = /[\p{L}\p{M}\p{N}_]+|\s+|./gsu;

/**
 * An operation that turns `before` into `after`: by lines, within changed lines by words, within changed words by what
 * they begin and end with alike. (Characters by themselves would keep letters that mean nothing of a word that was
 * replaced.) Bounded in time whatever the texts are; both must be well-formed.
 *
 * Law: apply(before, difference(before, after)) = after.
 */
export function difference(before: string, after: string): Operation {
  const comparison = new Comparison();
  // Lines that both begin or end with, which are most of a long text.
  const start = before.slice(0, commonStart(before, after)).lastIndexOf("\n") + 1;
  const alike = commonEnd(before.slice(start), after.slice(start));
  const behind = before.indexOf("\n", before.length - alike);
  const kept = alike === 0 || behind < 0 ? 0 : before.length - behind - 1;
  comparison.builder.retain(start);
  comparison.compare(before.slice(start, before.length - kept), after.slice(start, after.length - kept), [
    line,
    word,
  ]);
  comparison.builder.retain(kept);
  return comparison.builder.build();
}

class Comparison {
  readonly builder = new OperationBuilder();
  #left = steps;

  /** Puts what turns `before` into `after` behind what was put: in tokens of the first kind, those that differ in the next. */
  compare(before: string, after: string, [kind, ...finer]: readonly RegExp[]): void {
    if (before === "" || after === "" || before === after) {
      if (before === after) this.builder.retain(before.length);
      else this.builder.insert(after).delete(before.length);
    } else if (kind && (kind !== word || before.length + after.length <= wordUnits)) {
      this.#compareTokens(before, after, kind, finer);
    } else {
      const start = commonStart(before, after);
      const end = commonEnd(before.slice(start), after.slice(start));
      const removed = before.length - start - end;
      this.builder
        .retain(start)
        .insert(after.slice(start, after.length - end))
        .delete(removed)
        .retain(end);
    }
  }

  #compareTokens(before: string, after: string, kind: RegExp, finer: readonly RegExp[]): void {
    const a = before.match(kind) ?? [];
    const b = after.match(kind) ?? [];
    let x = 0;
    let y = 0;
    for (const match of [...this.#matches(a, b), { x: a.length, y: b.length, length: 0 }]) {
      this.compare(a.slice(x, match.x).join(""), b.slice(y, match.y).join(""), finer);
      x = match.x + match.length;
      y = match.y + match.length;
      this.builder.retain(a.slice(match.x, x).reduce((units, token) => units + token.length, 0));
    }
  }

  /**
   * What stays, in order, for the least number of other tokens (E. W. Myers, "An O(ND) Difference Algorithm and Its
   * Variations", 1986); nothing where finding it would take too long.
   */
  #matches(a: readonly string[], b: readonly string[]): Match[] {
    const most = Math.min(mostEdits, a.length + b.length);
    const center = most + 1;
    const furthest = new Int32Array(2 * most + 3);
    const trace: Int32Array[] = [];
    for (let edits = 0; edits <= most; edits++) {
      trace.push(furthest.slice(center - edits - 1, center + edits + 2));
      for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
        const down = isDown(furthest, center, diagonal, edits);
        let x = down ? furthest[center + diagonal + 1]! : furthest[center + diagonal - 1]! + 1;
        const from = x;
        while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
        furthest[center + diagonal] = x;
        this.#left -= 1 + x - from;
        if (x >= a.length && x - diagonal >= b.length) return backtrack(trace, a.length, b.length);
      }
      if (this.#left < 0) return [];
    }
    return [];
  }
}

interface Match {
  readonly x: number;
  readonly y: number;
  readonly length: number;
}

/** Whether the furthest path on a diagonal comes from the one above, by a token of `b`. */
function isDown(furthest: Int32Array, center: number, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  return diagonal !== edits && furthest[center + diagonal - 1]! < furthest[center + diagonal + 1]!;
}

function backtrack(trace: readonly Int32Array[], endX: number, endY: number): Match[] {
  const matches: Match[] = [];
  let x = endX;
  let y = endY;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits]!;
    const center = edits + 1;
    const diagonal = x - y;
    const down = isDown(furthest, center, diagonal, edits);
    const previous = diagonal + (down ? 1 : -1);
    const previousX = edits === 0 ? 0 : furthest[center + previous]!;
    const from = edits === 0 || down ? previousX : previousX + 1;
    if (x > from) matches.push({ x: from, y: from - diagonal, length: x - from });
    x = previousX;
    y = previousX - previous;
  }
  return matches.reverse();
}

/** Code units that both begin with, no surrogate pair cut. */
export function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length > 0 && isHigh(a.charCodeAt(length - 1)) ? length - 1 : length;
}

/** Code units that both end with, no surrogate pair cut. */
export function commonEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length))
    length++;
  return length > 0 && isLow(a.charCodeAt(a.length - length)) ? length - 1 : length;
}

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;
