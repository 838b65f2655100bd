import { insertedUnits, type Operation } from "../ot/operation.ts";
import type { Flush } from "./operation-log.ts";

/** UTF-16 units in one row: at 3 bytes a unit below the 1 MB that a row should have (2 MB is the platform's end). */
export const rowUnits = 262_144;

/** Operations of one segment at most: to read one of them, all are inflated (5 ms). A larger one would be 5 % denser. */
export const segmentOperations = 8_192;

/** About how many units of JSON an operation takes, whatever it says. */
export const operationWeight = (operation: Operation): number => 16 + insertedUnits(operation);

export function flushWeight({ entries }: Flush): number {
  let units = 0;
  for (const { operation } of entries) units += operationWeight(operation);
  return units;
}

/** Flushes in runs that one segment holds. */
export function* segmentRuns(flushes: Iterable<Flush>, spanMs: number): Generator<Flush[]> {
  let run: Flush[] = [];
  let operations = 0;
  let weight = 0;
  for (const flush of flushes) {
    const { length } = flush.entries;
    const isFull =
      operations + length > segmentOperations ||
      weight + flushWeight(flush) > rowUnits ||
      flush.at - (run[0]?.at ?? flush.at) > spanMs;
    if (run.length > 0 && isFull) {
      yield run;
      run = [];
      operations = 0;
      weight = 0;
    }
    run.push(flush);
    operations += length;
    weight += flushWeight(flush);
  }
  if (run.length > 0) yield run;
}
