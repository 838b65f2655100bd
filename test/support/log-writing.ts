import type { Accepted } from "../../src/ot/authority.ts";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import type { Actor, Commit, OperationLog } from "../../src/room/operation-log.ts";
import { lastByActorOf, type WrittenFlush } from "./random-log.ts";

/** An entry of the log. */
export const entry = (actor: Actor, seq: number, operation: Operation): Accepted => ({
  actor: actor.actor,
  seq,
  operation,
});

/** A commit of entries whose first version is `from`. */
export const commit = (from: number, entries: Accepted[], more: Partial<Commit> = {}): Commit => ({
  from,
  entries,
  operationsJson: entries.map(({ operation }) => JSON.stringify(operation)),
  at: 1_000 + from,
  newActors: [],
  ...more,
});

/** Upkeep to its end: all is sealed. */
export const seal = (log: OperationLog) => {
  while (log.upkeep(0, true));
};

/** Appends the flushes to a log that was created, calling `between` after each. */
export function write(
  log: OperationLog,
  flushes: readonly WrittenFlush[],
  actors: readonly Actor[],
  between: () => void = () => {},
): void {
  const text = Text.from("");
  for (const [index, { from, at, entries, snapshot }] of flushes.entries()) {
    for (const { operation } of entries) text.apply(operation);
    log.append(
      commit(from, [...entries], {
        at,
        newActors: index === 0 ? actors : [],
        ...(snapshot && {
          snapshot: {
            version: from + entries.length - 1,
            text: text.toString(),
            lastByActor: lastByActorOf(flushes.slice(0, index + 1)),
          },
        }),
      }),
    );
    between();
  }
}
