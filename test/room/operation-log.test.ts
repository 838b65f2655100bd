import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { chunkHashesOf } from "../../src/ot/chunk-hashes.ts";
import { deletion, insertion, type Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { Flush, OperationLog } from "../../src/room/operation-log.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { commit, entry, seal, write } from "../support/log-writing.ts";
import { ann, bot, lastByActorOf, randomLog } from "../support/random-log.ts";

/** Everything that a log can be asked, and the load without what depends on how it is stored. */
function observe(log: OperationLog, flushes: readonly Flush[]) {
  const stored = log.load();
  const flushed = [...log.flushes(log.horizon)].flatMap(({ from, at, entries }) =>
    entries.map((entry, index) => ({ version: from + index, at, entry })),
  );
  const found = flushes.flatMap(({ entries }) => entries.map(({ actor, seq }) => log.find(actor, seq)));
  const newest = flushed.at(-1)?.version ?? 0;
  const reads = [
    log.read(0, newest),
    log.read(Math.floor(newest / 3), Math.floor(newest / 2)),
    log.read(newest - 1, newest),
  ];
  return { stored: stored && { ...stored, tailUnits: 0 }, flushed, found, reads, points: log.points() };
}

/** One suite for every implementation of the port; `reopen` gives the log as the next start of the room finds it. */
function contract(name: string, run: (test: (reopen: () => OperationLog) => void) => Promise<void>): void {
  describe(`operation log: ${name}`, () => {
    const law = (title: string, test: (reopen: () => OperationLog) => void) => it(title, () => run(test));

    law("a room that was never created loads as undefined, and stores nothing", (reopen) => {
      expect(reopen().load()).toBeUndefined();
      expect(() => reopen().append(commit(1, [entry(ann, 1, insertion(0, "a"))]))).toThrow();
      expect(reopen().load()).toBeUndefined();
    });

    law(
      "RM-1: a commit that does not follow on the last version is refused, and stores nothing",
      (reopen) => {
        const log = reopen();
        log.create(7);
        log.append(commit(1, [entry(ann, 1, insertion(0, "a"))], { newActors: [ann] }));
        expect(() => log.append(commit(1, [entry(ann, 2, insertion(0, "b"))]))).toThrow();
        expect(reopen().load()?.tail).toEqual([entry(ann, 1, insertion(0, "a"))]);
      },
    );

    law(
      "a checkpoint is there again, the newest of its kind that is not after a version; an empty one, too",
      (reopen) => {
        const log = reopen();
        log.create(7);
        for (const [version, value] of [
          [1, ""],
          [5, "five"],
          [9, "nine"],
        ] as const)
          log.saveCheckpoint("text", { version, value });
        const newest = (version: number) => reopen().checkpoint("text", version)?.value;
        expect([0, 1, 4, 5, 8, 10].map(newest)).toEqual([undefined, "", "", "five", "five", "nine"]);
        expect(reopen().checkpoint("authors", 10)).toBeUndefined();
      },
    );

    law("a created room is empty at version 0", (reopen) => {
      reopen().create(7);
      expect(reopen().load()).toEqual({
        epoch: expect.stringMatching(/^[0-9a-f-]{36}$/),
        snapshot: { version: 0, text: "" },
        tail: [],
        tailUnits: 0,
        actors: [],
        lastByActor: new Map(),
      });
    });

    law("RM-2: what was appended is there after reopening, in order, with its actors", (reopen) => {
      const log = reopen();
      log.create(7);
      const first = [entry(ann, 1, insertion(0, "a\u0000😀")), entry(bot, 1, insertion(1, '\u2028\n"\\'))];
      const second = [entry(ann, 2, deletion(0, 1))];
      log.append(commit(1, first, { newActors: [ann, bot] }));
      log.append(commit(3, second));
      const stored = reopen().load();
      expect(stored?.tail).toEqual([...first, ...second]);
      expect(stored?.actors).toEqual([ann, bot]);
      expect(stored?.tailUnits).toBeGreaterThan(0);
      expect(reopen().read(0, 3)).toEqual([...first, ...second]);
      expect(reopen().read(1, 3)).toEqual([first[1], ...second]);
      expect(reopen().read(1, 2)).toEqual([first[1]]);
      expect(reopen().read(3, 3)).toEqual([]);
    });

    law("RM-3: an older submission is found with the version that it got", (reopen) => {
      const log = reopen();
      log.create(7);
      log.append(
        commit(1, [entry(ann, 1, insertion(0, "a")), entry(bot, 1, insertion(0, "b"))], {
          newActors: [ann, bot],
        }),
      );
      log.append(commit(3, [entry(ann, 2, insertion(0, "c"))]));
      expect(reopen().find(1, 1)).toBe(1);
      expect(reopen().find(2, 1)).toBe(2);
      expect(reopen().find(1, 2)).toBe(3);
      expect(reopen().find(2, 2)).toBeUndefined();
      expect(reopen().find(3, 1)).toBeUndefined();
    });

    law("a snapshot takes the place of the tail, and the log before it can still be read", (reopen) => {
      const log = reopen();
      log.create(7);
      const lastByActor = new Map([
        [1, { seq: 1, version: 1 }],
        [2, { seq: 1, version: 2 }],
      ]);
      const entries = [entry(ann, 1, insertion(0, "a")), entry(bot, 1, insertion(0, "b"))];
      log.append(
        commit(1, entries, { newActors: [ann, bot], snapshot: { version: 2, text: "ba", lastByActor } }),
      );
      log.append(commit(3, [entry(ann, 2, insertion(0, "c"))]));
      const stored = reopen().load();
      expect(stored?.snapshot).toEqual({ version: 2, text: "ba" });
      expect(stored?.lastByActor).toEqual(lastByActor);
      expect(stored?.tail).toEqual([entry(ann, 2, insertion(0, "c"))]);
      expect(reopen().read(0, 3).slice(0, 2)).toEqual(entries);

      const later = new Map([
        [1, { seq: 3, version: 4 }],
        [2, { seq: 1, version: 2 }],
      ]);
      log.append(
        commit(4, [entry(ann, 3, insertion(0, "d"))], {
          snapshot: { version: 4, text: "dcba", lastByActor: later },
        }),
      );
      expect(reopen().load()?.lastByActor).toEqual(later);
      expect(reopen().load()?.snapshot).toEqual({ version: 4, text: "dcba" });
    });

    law("the hashes of a snapshot's chunks come back with it, and go with it", (reopen) => {
      const log = reopen();
      log.create(7);
      const text = "ab😀".repeat(100_000);
      const chunkHashes = chunkHashesOf(Text.from(text));
      const lastByActor = new Map([[1, { seq: 1, version: 1 }]]);
      log.append(
        commit(1, [entry(ann, 1, insertion(0, text))], {
          newActors: [ann],
          snapshot: { version: 1, text, chunkHashes, lastByActor },
        }),
      );
      expect(reopen().load()?.snapshot).toEqual({ version: 1, text, chunkHashes });
      seal(reopen());
      expect(reopen().load()?.snapshot).toEqual({ version: 1, text, chunkHashes });
      log.append(
        commit(2, [entry(ann, 2, deletion(0, 1))], {
          snapshot: { version: 2, text: text.slice(1), lastByActor },
        }),
      );
      expect(reopen().load()?.snapshot).toEqual({ version: 2, text: text.slice(1) });
    });

    law("a text and a commit larger than a row come back whole, no surrogate pair torn", (reopen) => {
      const log = reopen();
      log.create(7);
      const text = `x${"😀".repeat(400_000)}\u0000é`;
      const big = insertion(0, "😀".repeat(60_000));
      const entries = Array.from({ length: 9 }, (_, index) => entry(ann, index + 1, big));
      log.append(
        commit(1, entries, { newActors: [ann], snapshot: { version: 9, text, lastByActor: new Map() } }),
      );
      expect(reopen().load()?.snapshot.text === text).toBe(true);
      expect(reopen().read(0, 9)).toEqual(entries);
      expect(reopen().read(4, 5)).toEqual([entries[4]]);
    });

    law("a storage has one epoch for its life, and another storage another", (reopen) => {
      reopen().create(7);
      const epoch = reopen().load()?.epoch;
      reopen().append(commit(1, [entry(ann, 1, insertion(0, "a"))], { newActors: [ann] }));
      expect(reopen().load()?.epoch).toBe(epoch);
      const other = new MemoryOperationLog();
      other.create(7);
      expect(other.load()?.epoch).not.toBe(epoch);
    });

    law("upkeep changes nothing that can be read: who, what, when, in which order", (reopen) => {
      const { flushes, actors } = randomLog(20_261_122, 60);
      reopen().create(7);
      write(reopen(), flushes, actors);
      const before = observe(reopen(), flushes);
      for (let steps = 0; reopen().upkeep(0, true); steps++) expect(steps).toBeLessThan(100);
      expect(observe(reopen(), flushes)).toEqual(before);
      expect(reopen().upkeep(0, true)).toBe(false);
      expect(before.flushed).toEqual(
        flushes.flatMap(({ from, at, entries }) =>
          entries.map((entry, index) => ({ version: from + index, at: Math.floor(at / 1000) * 1000, entry })),
        ),
      );
    });

    law("upkeep between any two commits: the same log", (reopen) => {
      const { flushes, actors } = randomLog(20_261_122, 60);
      reopen().create(7);
      write(reopen(), flushes, actors, () => reopen().upkeep(0, true));
      const undisturbed = new MemoryOperationLog();
      undisturbed.create(7);
      write(undisturbed, flushes, actors);
      const { stored, ...seen } = observe(reopen(), flushes);
      const { stored: expected, ...wanted } = observe(undisturbed, flushes);
      expect(seen).toEqual(wanted);
      expect({ ...stored, epoch: "", tailUnits: 0 }).toEqual({ ...expected, epoch: "", tailUnits: 0 });
    });

    law("without a retention nothing is ever due to be trimmed", (reopen) => {
      const { flushes, actors } = randomLog(1, 20);
      reopen().create(7);
      write(reopen(), flushes, actors);
      reopen().upkeep(1e15, true);
      expect(reopen().horizon).toBe(0);
      expect(reopen().upkeepDueAt()).toBeUndefined();
    });

    law(
      "retention by number: what is trimmed is exactly what the text at the horizon stands for",
      (reopen) => {
        const { flushes, actors, texts } = randomLog(20_261_122, 300);
        const newest = texts.length - 1;
        reopen().create(7);
        write(reopen(), flushes, actors, () => reopen().upkeep(0, true));
        seal(reopen());
        reopen().retain({ operations: newest - 1, ageMs: null });
        seal(reopen());
        expect(reopen().horizon).toBeLessThanOrEqual(1);
        reopen().retain({ operations: 0, ageMs: null });
        expect(reopen().upkeepDueAt()).toBe(0);
        seal(reopen());
        expect(reopen().upkeepDueAt()).toBeUndefined();
        expect(reopen().horizon).toBe(newest);
        expect(reopen().base()).toEqual({ version: newest, text: texts[newest] });
        const stored = reopen().load();
        expect(stored?.snapshot).toEqual({ version: newest, text: texts[newest] });
        expect(stored?.tail).toEqual([]);
        expect(stored?.lastByActor).toEqual(lastByActorOf(flushes));
        // And on it goes.
        reopen().append(commit(newest + 1, [entry(ann, 999, insertion(0, "x"))]));
        expect(reopen().read(newest, newest + 1)).toEqual([entry(ann, 999, insertion(0, "x"))]);
        expect(reopen().find(1, 999)).toBe(newest + 1);
        expect(reopen().find(1, 1)).toBeUndefined();
      },
    );

    law("retention by age, and by both: what either keeps is kept", (reopen) => {
      reopen().create(7);
      for (let version = 1; version <= 10; version++) {
        reopen().append(
          commit(version, [entry(ann, version, insertion(0, "a"))], {
            at: version * 100_000,
            newActors: version === 1 ? [ann] : [],
          }),
        );
      }
      reopen().retain({ operations: 8, ageMs: 200_000 });
      expect(reopen().upkeepDueAt()).toBe(300_000);
      while (reopen().upkeep(299_000));
      expect(reopen().horizon).toBe(0);
      while (reopen().upkeep(1_000_000));
      expect(reopen().horizon).toBe(2);
      expect(reopen().upkeepDueAt()).toBeUndefined();
      reopen().retain({ operations: null, ageMs: 200_000 });
      while (reopen().upkeep(1_000_000));
      expect(reopen().horizon).toBe(8);
      expect(reopen().base().text).toBe("aaaaaaaa");
      expect(reopen().upkeepDueAt()).toBe(1_100_000);
      expect(reopen().read(8, 10)).toHaveLength(2);
    });

    law("a retention by age that is set after sealing takes nothing that it keeps", (reopen) => {
      reopen().create(7);
      for (let version = 1; version <= 40; version++) {
        reopen().append(
          commit(version, [entry(ann, version, insertion(0, "a"))], {
            at: version * 100_000,
            newActors: version === 1 ? [ann] : [],
          }),
        );
      }
      seal(reopen());
      const before = reopen().read(0, 40);
      // A segment may span a quarter of this: less than the one that is there does.
      reopen().retain({ operations: null, ageMs: 4_000_000 });
      while (reopen().upkeep(4_000_000, true));
      expect(reopen().read(0, 40)).toEqual(before);
      reopen().append(commit(41, [entry(ann, 41, insertion(0, "b"))], { at: 4_000_000 }));
      while (reopen().upkeep(4_000_000, true));
      expect(reopen().read(0, 40)).toEqual(before);
    });

    law("a rewritten history has other texts, and the same versions, writers and times", (reopen) => {
      const { flushes, actors, texts } = randomLog(5, 80);
      const newest = texts.length - 1;
      reopen().create(7);
      write(reopen(), flushes, actors);
      const star = (text: string) => "*".repeat(text.length);
      const before = observe(reopen(), flushes);
      const snapshot = { version: newest, text: star(texts[newest]!), lastByActor: lastByActorOf(flushes) };
      reopen().rewrite({
        base: "",
        operation: (_version, operation) =>
          operation.map((part) => (typeof part === "string" ? star(part) : part)) as never as Operation,
        points: [{ version: newest, sum: 7 }],
        snapshot,
      });
      const after = observe(reopen(), flushes);
      expect(after.found).toEqual(before.found);
      const starred = JSON.parse(JSON.stringify(before.flushed), (_key, value) =>
        typeof value === "string" ? star(value) : value,
      );
      expect(after.flushed).toEqual(starred);
      expect(after.stored?.snapshot).toEqual({ version: newest, text: snapshot.text });
      expect(after.stored?.tail).toEqual([]);
      expect(after.stored?.lastByActor).toEqual(snapshot.lastByActor);
      expect(reopen().points()).toEqual([{ version: newest, sum: 7 }]);
    });
  });
}

contract("memory", async (test) => {
  const log = new MemoryOperationLog();
  test(() => log);
});

contract("SQLite of a Durable Object", async (test) => {
  const stub = env.ROOMS.getByName(crypto.randomUUID());
  await runInDurableObject(stub, (_room, state) =>
    test(() => new SqliteOperationLog(state.storage, { fullAt: 1e10 })),
  );
});
