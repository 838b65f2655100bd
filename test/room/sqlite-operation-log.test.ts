// Past 400 lines: everything that is asked of the log beyond what both logs are held to (operation-log.test.ts), on real tables.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import { checkIntegrity } from "../../src/room/integrity.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { commit, entry, seal, write } from "../support/log-writing.ts";
import { Random } from "../support/ot-random.ts";
import { ann, lastByActorOf, randomLog } from "../support/random-log.ts";

/** The tables as the first version of this software made them. */
const schema1 = `
  CREATE TABLE room (id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, created_at INTEGER NOT NULL,
    snapshot_version INTEGER NOT NULL);
  CREATE TABLE actors (actor INTEGER PRIMARY KEY, client_id TEXT, user_id TEXT NOT NULL, kind TEXT NOT NULL,
    last_seq INTEGER NOT NULL, last_version INTEGER NOT NULL);
  CREATE TABLE operations (last_version INTEGER PRIMARY KEY, at INTEGER NOT NULL, entries TEXT NOT NULL);
  CREATE TABLE snapshot (part INTEGER PRIMARY KEY, text TEXT NOT NULL);`;

const onStorage = async (test: (storage: DurableObjectStorage) => void) => {
  const stub = env.ROOMS.getByName(crypto.randomUUID());
  await runInDurableObject(stub, (_room, { storage }) => test(storage));
};
const count = (storage: DurableObjectStorage, table: string) =>
  storage.sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).one().rows;

/** Milliseconds without a commit after which a tail is sealed. */
const idleMs = 600_000;

describe("SqliteOperationLog", () => {
  it("a flush is one row, whatever it holds, and no index is written beside it", async () => {
    await onStorage((storage) => {
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
    await onStorage((storage) => {
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

  it("RM-8: a log that lacks a segment, or whose text is damaged, is refused", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      for (let version = 1; version <= 3; version++) {
        const text = `${version}`.repeat(200_000);
        log.append(
          commit(version, [entry(ann, version, insertion(0, text))], {
            newActors: version === 1 ? [ann] : [],
          }),
        );
        seal(log);
      }
      expect(count(storage, "segments")).toBe(3);
      storage.sql.exec("DELETE FROM segments WHERE last_version = 2");
      expect(() => [...log.flushes(0)]).toThrow(/gap after version 1/);
    });
    for (const damage of ["substr(packed, 1, 3)", "zeroblob(4)||substr(packed, 5)"]) {
      await onStorage((storage) => {
        const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
        log.create(7);
        log.saveCheckpoint("text", { version: 1, value: "text" });
        expect(log.checkpoint("text", 1)?.value).toBe("text");
        storage.sql.exec(`UPDATE checkpoints SET packed = CAST(${damage} AS BLOB)`);
        expect(() => log.checkpoint("text", 1)).toThrow();
      });
    }
  });

  it("of a room that was never created has no history, and nothing to do", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      expect([log.horizon, log.originsFrom, log.version]).toEqual([0, 0, undefined]);
      expect([log.upkeepDueAt(), log.upkeep(0, true)]).toEqual([undefined, false]);
    });
  });

  it("a room of schema 1 wakes as one of today: the same history, and an epoch", async () => {
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
      // How those operations came to be is not known; of the next ones it is.
      expect(log.originsFrom).toBe(3);
      expect(log.find(1, 1)).toBe(1);
      seal(log);
      expect([...log.flushes(0)]).toEqual([
        { from: 1, at: 5000, entries: [entry(ann, 1, insertion(0, "a")), entry(ann, 2, insertion(0, "b"))] },
        { from: 3, at: 6000, entries: [entry(ann, 3, insertion(0, "c"))] },
      ]);
      expect(log.load()?.snapshot.text).toBe("ba");

      const columns = () =>
        ["room", "snapshot"].map((table) =>
          sql.exec("SELECT name FROM pragma_table_info(?)", table).toArray(),
        );
      const migrated = columns();
      sql.exec("DROP TABLE room");
      for (const table of ["actors", "operations", "segments", "snapshot", "base", "points", "checkpoints"])
        sql.exec(`DROP TABLE ${table}`);
      log.create(7);
      expect(columns()).toEqual(migrated);
    });
  });

  it("a tail that is left alone for ten minutes is sealed, once; a short one never", async () => {
    await onStorage((storage) => {
      const due: number[] = [];
      const log = new SqliteOperationLog(storage, { fullAt: 1e10, onDue: (at) => due.push(at) });
      log.create(7);
      let version = 0;
      const type = () => {
        version += 1;
        log.append(
          commit(version, [entry(ann, version, insertion(version - 1, "a"))], {
            newActors: version === 1 ? [ann] : [],
          }),
        );
      };
      while (version < 50) type();
      expect([due, log.upkeepDueAt(), log.upkeep(1e15)]).toEqual([[], undefined, false]);
      while (version < 300) type();
      const quietAt = 1_000 + version + idleMs;
      expect([due.at(-1), log.upkeepDueAt()]).toEqual([quietAt, quietAt]);
      expect(log.upkeep(quietAt - 1)).toBe(false);
      const loaded = log.load();
      expect(log.upkeep(quietAt)).toBe(true);
      expect([count(storage, "operations"), count(storage, "segments")]).toEqual([0, 1]);
      expect([log.upkeepDueAt(), log.upkeep(1e15)]).toEqual([undefined, false]);
      expect(log.load()?.tail).toEqual(loaded?.tail);
    });
  });

  it("old rows become few, small segments; a commit that makes that due says so once it is", async () => {
    await onStorage((storage) => {
      const due: number[] = [];
      const log = new SqliteOperationLog(storage, { fullAt: 1e10, onDue: (at) => due.push(at) });
      log.create(7);
      let version = 0;
      // The first that is due is the sealing of a room that has gone quiet.
      while ((due.at(-1) ?? idleMs) >= idleMs) {
        version += 1;
        log.append(
          commit(version, [entry(ann, version, insertion(version - 1, "abcdefgh"[version % 8]!))], {
            newActors: version === 1 ? [ann] : [],
          }),
        );
      }
      expect(version).toBeGreaterThan(3_000);
      expect(due.at(-1)).toBeGreaterThan(1_000 + version);
      expect(log.upkeepDueAt()).toBe(0);
      expect(log.upkeep(0)).toBe(true);
      // What is left is for the room at rest: its snapshot.
      const committedAt = Math.floor((1_000 + version) / 1_000) * 1_000;
      expect(log.upkeepDueAt()).toBe(committedAt + idleMs);
      expect([count(storage, "operations"), count(storage, "segments")]).toEqual([0, 1]);
      expect(log.load()?.tail).toHaveLength(version);
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
      expect(log.read(0, version)).toHaveLength(version);
      expect(log.load()).toMatchObject({ snapshot: { version }, tail: [] });
    });
  });

  it("RM-5: a room at rest gets a snapshot of its newest version, once: a load comes to the same by it alone", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      const { flushes, actors, texts } = randomLog(20_261_123, 600);
      const version = texts.length - 1;
      const text = texts[version]!;
      expect(version).toBeGreaterThan(1_024);
      const unsaved = flushes.map((flush) => ({ ...flush, snapshot: false }));
      write(log, unsaved, actors);
      const before = [...log.flushes(0)];
      expect(log.load()?.tail).toHaveLength(version);
      // Clocks go back in this log.
      const quietAt = flushes.at(-1)!.at + idleMs + 60_000;
      expect(log.upkeep(quietAt)).toBe(true);

      const stored = log.load()!;
      expect(stored).toMatchObject({ snapshot: { version, text }, tail: [], tailUnits: 0 });
      expect(stored.lastByActor).toEqual(lastByActorOf(flushes));
      expect(stored.snapshot.chunkHashes).toBeDefined();
      expect([...log.flushes(0)]).toEqual(before);
      const firstOfAnn = before.flatMap(({ entries }) => entries).findIndex(({ actor }) => actor === 1);
      expect(log.find(1, 1)).toBe(firstOfAnn + 1);
      const check = checkIntegrity(log, { version, text });
      let step = check.next();
      while (!step.done) step = check.next();
      expect(step.value).toMatchObject({ operations: version, faults: [] });
      expect([log.upkeepDueAt(), log.upkeep(1e15)]).toEqual([undefined, false]);
    });
  });

  it("the snapshot is not brought on for a few edits of a long text, nor in a room that is full", async () => {
    const random = new Random(7);
    const long = Array.from({ length: 200_000 }, () => String.fromCharCode(0x4e00 + random.int(20_000)));
    for (const [text, fullAt, version] of [
      ["short", 1e10, 1_501],
      [long.join(""), 1e10, 1],
      ["short", 1, 1],
    ] as const) {
      await onStorage((storage) => {
        const log = new SqliteOperationLog(storage, { fullAt });
        log.create(7);
        const snapshot = { version: 1, text, lastByActor: new Map([[1, { seq: 1, version: 1 }]]) };
        log.append(commit(1, [entry(ann, 1, insertion(0, text))], { newActors: [ann], snapshot }));
        const edits = Array.from({ length: 1_500 }, (_, index) => entry(ann, index + 2, insertion(0, "a")));
        log.append(commit(2, edits));
        expect(log.upkeep(1e15)).toBe(true);
        expect([count(storage, "operations"), log.upkeepDueAt(), log.upkeep(1e15)]).toEqual([
          0,
          undefined,
          false,
        ]);
        expect(log.load()?.snapshot.version).toBe(version);
      });
    }
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

  it("a rewritten history grows old as finely as before: no segment spans more than a quarter of the age kept", async () => {
    await onStorage((storage) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1e10 });
      log.create(7);
      log.retain({ operations: null, ageMs: 4_000_000 });
      for (let version = 1; version <= 40; version++) {
        const newActors = version === 1 ? [ann] : [];
        const at = version * 100_000;
        log.append(commit(version, [entry(ann, version, insertion(0, "a"))], { at, newActors }));
      }
      const text = "a".repeat(40);
      const snapshot = { version: 40, text, lastByActor: new Map([[1, { seq: 40, version: 40 }]]) };
      log.rewrite({ base: "", operation: (_version, operation) => operation, points: [], snapshot });
      expect(count(storage, "segments")).toBe(4);
      while (log.upkeep(6_000_000));
      expect(log.horizon).toBe(11);
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
