import { limits } from "../protocol/limits.ts";

// Fan-outs are numbered level by level: 0 … c − 1 hang below the room, where c is `limits.fanoutChildren`, and each has c
// below itself. So a fan-out's name says where it hangs, and nobody keeps the tree.

/** A place in the tree; undefined is the room. */
export type Place = number | undefined;

export const parentOf = (shard: number): Place =>
  shard < limits.fanoutChildren ? undefined : Math.floor(shard / limits.fanoutChildren) - 1;

export function childrenOf(place: Place): number[] {
  const first = place === undefined ? 0 : (place + 1) * limits.fanoutChildren;
  return Array.from({ length: limits.fanoutChildren }, (_, index) => first + index);
}

/** How many of the levels of fan-outs that begin with one these viewers fill. */
function fullLevels(viewers: number): number {
  let levels = 0;
  let width: number = limits.fanoutViewers;
  for (let places = width; viewers >= places; places += width) {
    levels += 1;
    width *= limits.fanoutChildren;
  }
  return levels;
}

/**
 * Which child the next viewer goes to, by how many are below each: the first that fills the fewest levels. So few fan-outs
 * serve many viewers each, and the tree stays flat.
 */
export function nextChild(viewersBelow: readonly number[]): number {
  const levels = viewersBelow.map(fullLevels);
  return levels.indexOf(Math.min(...levels));
}

/**
 * Whether a count of viewers is worth telling to the one above, and storing there: where it changes by more than a sixteenth, or
 * changes where the next viewer goes. So the first few are told one by one, and a thousand in some hundred calls.
 */
export const isNews = (viewers: number, known: number): boolean =>
  Math.abs(viewers - known) > known / 16 || fullLevels(viewers) !== fullLevels(known);
