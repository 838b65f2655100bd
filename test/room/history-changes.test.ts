import { describe, expect, it } from "vitest";
import { insertion, replacement } from "../../src/ot/operation.ts";
import { changesIn, windowVersions } from "../../src/room/history-changes.ts";
import type { Flush } from "../../src/room/operation-log.ts";
import type { Author } from "../../src/room/room-api.ts";

const authors: Record<number, Author> = {
  1: { userId: "ann", kind: "person" },
  2: { userId: "ben", kind: "person" },
  3: { userId: "ann", kind: "program" },
  4: { userId: "ann", kind: "person" },
};

/** Flushes of one operation each: seconds and actor. */
const flushes = (...made: [second: number, actor: number][]): Flush[] =>
  made.map(([second, actor], index) => ({
    from: index + 1,
    at: second * 1000,
    entries: [{ actor, seq: index + 1, operation: insertion(0, "ab") }],
  }));

const changesOf = (made: Flush[], to = made.length) =>
  changesIn(made, { from: 0, to }, (actor) => authors[actor]!);

const spans = (made: Flush[]) => changesOf(made).map(({ first, last }) => [first, last]);

describe("changes", () => {
  it("end with a pause of five minutes", () => {
    expect(spans(flushes([0, 1], [299, 1], [598, 1], [898, 1]))).toEqual([
      [1, 3],
      [4, 4],
    ]);
  });

  it("end where another author begins after ten seconds; who writes at the same time shares one", () => {
    const made = flushes([0, 1], [5, 2], [6, 1], [15, 2], [25, 1]);
    expect(spans(made)).toEqual([
      [1, 4],
      [5, 5],
    ]);
    expect(changesOf(made)[0]).toEqual({
      first: 1,
      last: 4,
      startedAt: 0,
      endedAt: 15_000,
      authors: [
        { userId: "ann", kind: "person", operations: 2, inserted: 4, deleted: 0 },
        { userId: "ben", kind: "person", operations: 2, inserted: 4, deleted: 0 },
      ],
    });
  });

  it("are of the versions that were asked for, also where a commit goes beyond them on both sides", () => {
    const entries = [1, 2, 3, 4].map((seq) => ({ actor: 1, seq, operation: insertion(0, "ab") }));
    const made = [{ from: 1, at: 0, entries }];
    const changes = changesIn(made, { from: 1, to: 3 }, (actor) => authors[actor]!);
    expect(changes).toMatchObject([{ first: 2, last: 3, authors: [{ operations: 2, inserted: 4 }] }]);
  });

  it("tell a person from their program, and not one of their windows from another", () => {
    expect(spans(flushes([0, 1], [60, 4], [120, 3]))).toEqual([
      [1, 2],
      [3, 3],
    ]);
  });

  it("count what was inserted and deleted; a clock that goes back is no pause", () => {
    const made = flushes([600, 1], [0, 1]);
    made[1] = { ...made[1]!, entries: [{ actor: 1, seq: 2, operation: replacement(1, 5, "xyz") }] };
    expect(changesOf(made)).toEqual([
      {
        first: 1,
        last: 2,
        startedAt: 600_000,
        endedAt: 600_000,
        authors: [{ userId: "ann", kind: "person", operations: 2, inserted: 5, deleted: 5 }],
      },
    ]);
  });

  it("do not go on past a multiple of the window, so windows can be read one by one", () => {
    const made = flushes(...Array.from({ length: windowVersions + 5 }, () => [0, 1] as [number, number]));
    expect(spans(made)).toEqual([
      [1, windowVersions],
      [windowVersions + 1, windowVersions + 5],
    ]);
  });
});
