import type { Text } from "../ot/text.ts";
import { limits } from "../protocol/limits.ts";
import type { OperationLog } from "./operation-log.ts";
import type { OperationRecord } from "./room-api.ts";
import { operationWeight } from "./segment-runs.ts";

/**
 * What the log knows of the operations after a version: at most `limit`, fewer where they are large, one at least if there is
 * one. `text`, of that version, is moved along, and gives the hashes; `fits` tells whether all operations fitted it.
 */
export function recordsAfter(
  log: OperationLog,
  since: number,
  text: Text | undefined,
  limit: number,
): { records: OperationRecord[]; fits: boolean } {
  const records: OperationRecord[] = [];
  let version = since;
  let weight = 0;
  let fits = text !== undefined;
  for (const { from, at, entries } of log.flushes(since)) {
    for (const entry of entries.slice(version + 1 - from)) {
      weight += operationWeight(entry.operation);
      if (records.length > 0 && weight > limits.frameUnits) return { records, fits };
      version += 1;
      fits &&= text?.check(entry.operation) === undefined;
      if (fits) text?.apply(entry.operation);
      records.push({ ...entry, version, at, ...(fits && text && { hash: text.hash() }) });
      if (records.length === limit) return { records, fits };
    }
  }
  return { records, fits };
}
