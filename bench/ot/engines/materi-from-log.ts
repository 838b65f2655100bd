import { decodeSegment, encodeSegment } from "../../../src/room/segment.ts";
import type { Engine } from "../engine.ts";
import { operationOf, rebasing } from "./materi.ts";

/** Materi where nothing is in memory: each time, the operations come out of a sealed segment of the log. */
export const engine: Engine = {
  transform(start, own, others) {
    const sealed = encodeSegment(
      others.map((edit, index) => ({
        from: index + 1,
        at: 1_700_000_000_000,
        entries: [{ actor: 1, seq: index + 1, operation: operationOf(edit) }],
      })),
    );
    const history = {
      horizon: 0,
      read: () => decodeSegment(sealed).flatMap(({ entries }) => entries),
      find: () => undefined,
    };
    const run = rebasing(start, own.map(operationOf), others, history);
    return () => run;
  },
};
