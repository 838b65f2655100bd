import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Accepted } from "../../src/ot/authority.ts";
import { deletion, insertion, type Operation } from "../../src/ot/operation.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { Actor, Commit, OperationLog } from "../../src/room/operation-log.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";

const ann: Actor = { actor: 1, clientId: "ann-1", userId: "ann", kind: "person" };
const bot: Actor = { actor: 2, clientId: null, userId: "bot", kind: "program" };

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
  });
}

contract("memory", async (test) => {
  const log = new MemoryOperationLog();
  test(() => log);
});

contract("SQLite of a Durable Object", async (test) => {
  const stub = env.ROOMS.getByName(crypto.randomUUID());
  await runInDurableObject(stub, (_room, state) => test(() => new SqliteOperationLog(state.storage)));
});

describe("operation log: SQLite of a Durable Object", () => {
  it("a flush is one row, whatever it holds, and no index is written beside it", async () => {
    const stub = env.ROOMS.getByName(crypto.randomUUID());
    await runInDurableObject(stub, (_room, { storage }) => {
      const log = new SqliteOperationLog(storage);
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
      const log = new SqliteOperationLog(storage);
      log.create(7);
      log.append(commit(1, [entry(ann, 1, insertion(0, "a"))], { newActors: [ann] }));
      log.append(commit(2, [entry(ann, 2, insertion(0, "b"))]));
      storage.sql.exec("DELETE FROM operations WHERE last_version = 1");
      expect(() => log.load()).toThrow(/gap after version 0/);
      storage.sql.exec("UPDATE room SET schema = 99");
      expect(() => log.load()).toThrow(/schema 99/);
    });
  });
});
