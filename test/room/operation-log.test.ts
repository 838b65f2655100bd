import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Accepted } from "../../src/ot/authority.ts";
import { deletion, insertion, type Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { Actor, Commit, Flush, OperationLog } from "../../src/room/operation-log.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { Random } from "../support/ot-random.ts";
import { ann, bot, lastByActorOf, randomLog, type WrittenFlush } from "../support/random-log.ts";

const entry = (actor: Actor, seq: number, operation: Operation): Accepted => ({
  actor: actor.actor,
  seq,
  operation,
});

const commit = (from: number, entries: Accepted[], more: Partial<Commit> = {}): Commit => ({
  from,
  entries,
  operationsJson: entries.map(({ operation }) => JSON.stringify(operation)),
  at: 1_000 + from,
  newActors: [],
  ...more,
});

/** Upkeep to its end. */
const seal = (log: OperationLog) => {
  while (log.upkeep(0, true));
};

function write(
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

describe("operation log: SQLite of a Durable Object", () => {
  it("a flush is one row, whatever it holds, and no index is written beside it", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, (_room, { storage }) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      const entries = Array.from({ length: 50 }, (_, index) => entry(ann, index + 1, insertion(0, "a")));
      log.append(commit(1, entries, { newActors: [ann] }));
      log.append(commit(51, entries));
      expect(storage.sql.exec("SELECT count(*) AS rows FROM operations").one()).toEqual({ rows: 2 });
      expect(storage.sql.exec("SELECT * FROM sqlite_master WHERE type = 'index'").toArray()).toEqual([]);
    });
  });

  it("RM-8: a log with a gap, or of a schema that this code does not read, is refused", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, (_room, { storage }) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      log.append(commit(1, [entry(ann, 1, insertion(0, "a"))], { newActors: [ann] }));
      log.append(commit(2, [entry(ann, 2, insertion(0, "b"))]));
      storage.sql.exec("DELETE FROM operations WHERE last_version = 1");
      expect(() => log.load()).toThrow(/gap after version 0/);
      storage.sql.exec("UPDATE room SET schema = 99");
      expect(() => log.load()).toThrow(/schema 99/);
    });
  });

  const onStorage = async (test: (storage: DurableObjectStorage) => void) => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, (_room, { storage }) => test(storage));
  };
  const count = (storage: DurableObjectStorage, table: string) =>
    storage.sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).one().rows;

  it("a room of schema 1 wakes as schema 2: the same history, and an epoch", async () => {
    await onStorage((storage) => {
      const { sql } = storage;
      sql.exec(schema1);
      sql.exec("INSERT INTO room VALUES (1, 1, 7, 2)");
      sql.exec("INSERT INTO actors VALUES (1, 'ann-1', 'ann', 'person', 2, 2)");
      sql.exec("INSERT INTO snapshot VALUES (0, 'ba')");
      sql.exec(`INSERT INTO operations VALUES (2, 5000, '[[1,1,["a"]],[1,2,["b"]]]')`);
      sql.exec(`INSERT INTO operations VALUES (3, 6500, '[[1,3,["c"]]]')`);
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      const stored = log.load();
      expect(stored).toMatchObject({
        epoch: expect.stringMatching(/^[0-9a-f-]{36}$/),
        snapshot: { version: 2, text: "ba" },
        tail: [entry(ann, 3, insertion(0, "c"))],
        actors: [ann],
        lastByActor: new Map([[1, { seq: 2, version: 2 }]]),
      });
      expect(log.load()?.epoch).toBe(stored?.epoch);
      expect(log.find(1, 1)).toBe(1);
      seal(log);
      expect([...log.flushes(0)]).toEqual([
        { from: 1, at: 5000, entries: [entry(ann, 1, insertion(0, "a")), entry(ann, 2, insertion(0, "b"))] },
        { from: 3, at: 6000, entries: [entry(ann, 3, insertion(0, "c"))] },
      ]);
      expect(log.load()?.snapshot.text).toBe("ba");

      const fresh = sql.exec("SELECT name FROM pragma_table_info('room')").toArray();
      sql.exec("DROP TABLE room");
      for (const table of ["actors", "operations", "segments", "snapshot", "base", "points"])
        sql.exec(`DROP TABLE ${table}`);
      log.create(7);
      expect(sql.exec("SELECT name FROM pragma_table_info('room')").toArray()).toEqual(fresh);
    });
  });

  it("old rows become few, small segments; a commit that makes that due says so once it is", async () => {
    await onStorage((storage) => {
      const due: number[] = [];
      const log = new SqliteOperationLog(storage, { fullAt: 1e10, onDue: (at) => due.push(at) });
      log.create(7);
      let version = 0;
      while (due.length === 0) {
        version += 1;
        log.append(
          commit(version, [entry(ann, version, insertion(version - 1, "abcdefgh"[version % 8]!))], {
            newActors: version === 1 ? [ann] : [],
          }),
        );
      }
      expect(version).toBeGreaterThan(3_000);
      expect(due[0]).toBeGreaterThan(1_000 + version);
      expect(log.upkeepDueAt()).toBe(0);
      expect(log.upkeep(0)).toBe(true);
      expect(log.upkeepDueAt()).toBeUndefined();
      expect([count(storage, "operations"), count(storage, "segments")]).toEqual([0, 1]);
      const { bytes } = storage.sql
        .exec<{ bytes: number }>("SELECT length(sealed) AS bytes FROM segments")
        .one();
      expect(bytes / version).toBeLessThan(0.3);
      // The segment is filled up before another begins.
      for (let more = 0; more < 9_000; more += 100) {
        const entries = Array.from({ length: 100 }, (_, index) =>
          entry(ann, version + index + 1, insertion(0, "x")),
        );
        log.append(commit(version + 1, entries));
        version += 100;
        seal(log);
      }
      expect([count(storage, "operations"), count(storage, "segments")]).toEqual([0, 2]);
      expect(log.read(version - 1, version)).toHaveLength(1);
      expect(log.load()?.tail).toHaveLength(version);
    });
  });

  it("sealing writes a row for each segment, not for each commit; a long backlog is sealed in short steps", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      const commits = 30_000;
      storage.transactionSync(() => {
        for (let version = 1; version <= commits; version++) {
          const json = `[[1,${version},["a"]]]`;
          storage.sql.exec("INSERT INTO operations VALUES (?, 1000, ?)", version, json);
        }
      });
      let written = 0;
      const exec = storage.sql.exec.bind(storage.sql);
      const counted = {
        transactionSync: <T>(run: () => T) => storage.transactionSync(run),
        sql: {
          exec: (query: string, ...bindings: unknown[]) => {
            const rows = exec(query, ...bindings);
            const result = rows.toArray();
            written += rows.rowsWritten;
            return { toArray: () => result, one: () => result[0] };
          },
          get databaseSize() {
            return storage.sql.databaseSize;
          },
        } as unknown as SqlStorage,
      };
      const metered = new SqliteOperationLog(counted, { fullAt: 1e10 });
      expect(metered.upkeepDueAt()).toBe(0);
      let steps = 0;
      for (; metered.upkeep(0); steps++) {
        expect(log.read(0, commits)).toHaveLength(commits);
        expect(log.find(1, 12_345)).toBe(12_345);
        expect(log.load()?.tail).toHaveLength(commits);
      }
      expect(steps).toBeGreaterThan(1);
      expect(written).toBeLessThan(30);
      expect(count(storage, "operations")).toBe(0);
      expect(log.read(0, commits)).toHaveLength(commits);
    });
  });

  it("no row reaches 1 MB, whatever was written", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      const random = new Random(3);
      let version = 0;
      for (const unit of ["\u0001", "\u4e2d", "\u{1f600}"]) {
        for (let flush = 0; flush < 6; flush++) {
          version += 1;
          const text = Array.from({ length: limits.insertUnits / 2 }, () =>
            unit === "\u4e2d" ? String.fromCharCode(0x4e00 + random.int(20_000)) : unit,
          ).join("");
          log.append(
            commit(version, [entry(ann, version, insertion(0, text))], {
              newActors: version === 1 ? [ann] : [],
              snapshot: { version, text: text.repeat(4), lastByActor: new Map() },
            }),
          );
        }
      }
      const longest = (column: string, table: string) =>
        storage.sql
          .exec<{ bytes: number }>(`SELECT max(length(CAST(${column} AS BLOB))) AS bytes FROM ${table}`)
          .one().bytes;
      expect(longest("entries", "operations")).toBeLessThan(1_000_000);
      expect(longest("text", "snapshot")).toBeLessThan(1_000_000);
      const before = log.read(0, version);
      seal(log);
      expect(longest("sealed", "segments")).toBeLessThan(1_000_000);
      expect(longest("text", "snapshot")).toBeLessThan(1_000_000);
      expect(log.read(0, version)).toEqual(before);
    });
  });

  it("RM-8: a segment, a snapshot or a base that was tampered with, or is missing, is refused", async () => {
    await onStorage((storage) => {
      const { sql } = storage;
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      const text = "abc".repeat(40_000);
      log.append(commit(1, [entry(ann, 1, insertion(0, text.slice(0, 100_000)))], { newActors: [ann] }));
      log.append(
        commit(2, [entry(ann, 2, insertion(0, text.slice(100_000)))], {
          snapshot: { version: 2, text, lastByActor: new Map([[1, { seq: 2, version: 2 }]]) },
        }),
      );
      log.append(commit(3, [entry(ann, 3, insertion(0, "x"))]));
      seal(log);
      expect(() => log.load()).not.toThrow();
      const tamper = (what: string, statement: string, ask: () => unknown = () => log.load()) =>
        storage.transactionSync(() => {
          try {
            storage.transactionSync(() => {
              sql.exec(statement);
              expect(ask, what).toThrow();
              throw new Error("back");
            });
          } catch (error) {
            if ((error as Error).message !== "back") throw error;
          }
        });
      const flipped = (column: string) =>
        `CAST(substr(${column}, 1, 20) || x'00ff00' || substr(${column}, 24) AS BLOB)`;
      tamper("bytes of a segment", `UPDATE segments SET sealed = ${flipped("sealed")}`);
      tamper("a segment cut off", "UPDATE segments SET sealed = substr(sealed, 1, length(sealed) - 1)");
      tamper("an empty segment", "UPDATE segments SET sealed = x''");
      tamper("a segment under another version", "UPDATE segments SET last_version = 9");
      tamper("bytes of a snapshot", `UPDATE snapshot SET text = ${flipped("text")}`);
      tamper("a segment that is missing", "DELETE FROM segments", () => log.read(0, 1));
      log.retain({ operations: 0, ageMs: null });
      seal(log);
      tamper("bytes of a base", `UPDATE base SET text = ${flipped("text")}`, () => log.base());
      expect(log.base().text).toBe(`x${text.slice(100_000)}${text.slice(0, 100_000)}`);
    });
  });

  it("a storage that is nearly full says so, from the commit on that makes it so", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: storage.sql.databaseSize + 200_000 });
      log.create(7);
      let version = 0;
      for (; !log.isFull; version++) {
        expect(version).toBeLessThan(10);
        log.append(
          commit(version + 1, [entry(ann, version + 1, insertion(0, "x".repeat(50_000)))], {
            newActors: version === 0 ? [ann] : [],
          }),
        );
      }
      expect(version).toBeGreaterThan(1);
      const woken = new SqliteOperationLog(storage, { fullAt: storage.sql.databaseSize });
      expect(woken.load()?.tail).toHaveLength(version);
      expect(woken.isFull).toBe(true);
      seal(log);
      expect(log.isFull).toBe(false);
    });
  });
});

/** The tables as the first version of this software made them. */
const schema1 = `
  CREATE TABLE room (id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, created_at INTEGER NOT NULL,
    snapshot_version INTEGER NOT NULL);
  CREATE TABLE actors (actor INTEGER PRIMARY KEY, client_id TEXT, user_id TEXT NOT NULL, kind TEXT NOT NULL,
    last_seq INTEGER NOT NULL, last_version INTEGER NOT NULL);
  CREATE TABLE operations (last_version INTEGER PRIMARY KEY, at INTEGER NOT NULL, entries TEXT NOT NULL);
  CREATE TABLE snapshot (part INTEGER PRIMARY KEY, text TEXT NOT NULL);`;
