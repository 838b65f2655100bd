import type { Operation } from "./operation.ts";
import { destinations } from "./range-mapping.ts";

/** Edits that are undone together. */
export interface Group {
  undone: boolean;
}

/** Own operations that the server has not acknowledged. */
export type Layer = "in_flight" | "buffer";

/**
 * A stretch of characters with one fate: in the text, or, with `hidden`, taken out of it by oneself. Characters are in
 * the text unless their `inserter` is undone, or their `deleter` is not.
 */
export interface Run {
  readonly units: number;
  readonly inserter?: Group | undefined;
  readonly deleter?: Group | undefined;
  readonly hidden?: string | undefined;
  /**
   * Where they lie in the text below the own operation that deletes them, while that is not acknowledged: until then
   * another may delete the same. Characters restored meanwhile keep it; to others they are still the deleted ones.
   */
  readonly in_flight?: number | undefined;
  readonly buffer?: number | undefined;
}

export const isPending = (run: Run): boolean => run.in_flight !== undefined || run.buffer !== undefined;

/** Part of a run. */
export function slice(run: Run, offset: number, units: number): Run {
  if (offset === 0 && units === run.units) return run;
  const { hidden, in_flight, buffer } = run;
  return {
    ...run,
    units,
    hidden: hidden?.slice(offset, offset + units),
    in_flight: in_flight === undefined ? undefined : in_flight + offset,
    buffer: buffer === undefined ? undefined : buffer + offset,
  };
}

/** Adds a run, as part of the last one where both have one fate. */
export function append(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (last && continues(last, run)) {
    const hidden = last.hidden === undefined ? undefined : `${last.hidden}${run.hidden}`;
    runs[runs.length - 1] = { ...last, units: last.units + run.units, hidden };
  } else {
    runs.push(run);
  }
}

function continues(last: Run, run: Run): boolean {
  const { units } = last;
  return (
    last.inserter === run.inserter &&
    last.deleter === run.deleter &&
    (last.hidden === undefined) === (run.hidden === undefined) &&
    (last.in_flight === undefined ? undefined : last.in_flight + units) === run.in_flight &&
    (last.buffer === undefined ? undefined : last.buffer + units) === run.buffer
  );
}

/** The run after another's operation below the layer: what is hidden and deleted there too is gone for good. */
export function followLayer(run: Run, layer: Layer, operation: Operation): Run[] {
  const position = run[layer];
  if (position === undefined) return [run];
  return [...destinations(position, run.units, operation)]
    .filter(({ at }) => at !== undefined || run.hidden === undefined)
    .map(({ offset, units, at }) => ({ ...slice(run, offset, units), [layer]: at }));
}
