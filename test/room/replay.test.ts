import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { replacement } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { OperationLog } from "../../src/room/operation-log.ts";
import { replay, replayedText } from "../../src/room/replay.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { commit, entry, seal, write } from "../support/log-writing.ts";
import { ann, randomLog } from "../support/random-log.ts";

/** The end of a replay, its steps taken without a pause. */
function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const textAt = (log: OperationLog, version: number) => finish(replay(log, replayedText, version))?.toString();

const inSqlite = (test: (log: SqliteOperationLog, sql: SqlStorage) => void) =>
  runInDurableObject(env.ROOMS.getByName(crypto.randomUUID()), (_room, { storage }) =>
    test(new SqliteOperationLog(storage, { fullAt: 100_000_000 }), storage.sql),
  );

/** A log of `count` operations, each of which replaces 100,000 units; `textOf(v)` is the text at version v. */
function writeLarge(log: OperationLog, count: number): { textOf: (version: number) => string } {
  const textOf = (version: number) => (version === 0 ? "" : String(version).padStart(100_000, "·"));
  log.create(0);
  for (let version = 1; version <= count; version++) {
    const operation = replacement(0, textOf(version - 1).length, textOf(version));
    log.append(commit(version, [entry(ann, version, operation)], { newActors: version === 1 ? [ann] : [] }));
  }
  return { textOf };
}

describe("replay", () => {
  for (const seed of [1, 2, 3]) {
    it(`gives the text of every version, hot or sealed (seed ${seed})`, () =>
      inSqlite((log) => {
        const { flushes, actors, texts } = randomLog(seed, 60);
        log.create(0);
        write(log, flushes, actors);
        for (const [version, text] of texts.entries()) expect(textAt(log, version)).toBe(text);
        seal(log);
        for (const [version, text] of texts.entries()) expect(textAt(log, version)).toBe(text);
      }));
  }

  const logs = {
    memory: async (test: (log: OperationLog) => void) => test(new MemoryOperationLog()),
    SQLite: inSqlite,
  };
  for (const [name, open] of Object.entries(logs)) {
    it(`leaves checkpoints on its way, and begins at the last of them (${name})`, () =>
      open((log) => {
        const { textOf } = writeLarge(log, 20);
        expect(textAt(log, 20) === textOf(20)).toBe(true);
        const kept = [20, 17, 5].map((version) => log.checkpoint("text", version));
        expect(kept.map((checkpoint) => checkpoint?.version)).toEqual([18, 12, undefined]);
        for (const { version, value } of kept.filter((checkpoint) => checkpoint !== undefined))
          expect(value === textOf(version)).toBe(true);
        expect(log.checkpoint("authors", 20)).toBeUndefined();
        for (let version = 0; version <= 20; version++)
          expect(textAt(log, version) === textOf(version)).toBe(true);
        log.saveCheckpoint("text", { version: 19, value: "what a checkpoint says" });
        expect(textAt(log, 19)).toBe("what a checkpoint says");
      }));

    it(`checkpoints go when the history is trimmed or redacted, and its revision tells (${name})`, () =>
      open((log) => {
        const { textOf } = writeLarge(log, 20);
        textAt(log, 20);
        seal(log);
        const { revision } = log;
        log.retain({ operations: 8, ageMs: null });
        seal(log);
        expect(log.horizon).toBeGreaterThan(6);
        expect(log.revision).toBeGreaterThan(revision);
        expect(log.checkpoint("text", log.horizon - 1)).toBeUndefined();
        expect(textAt(log, log.horizon)).toBe(textOf(log.horizon));
        log.rewrite({
          base: textOf(log.horizon),
          operation: (_version, operation) => operation,
          points: [],
          snapshot: { version: 20, text: textOf(20), lastByActor: new Map() },
        });
        expect(log.revision).toBeGreaterThan(revision + 1);
        expect(log.checkpoint("text", 20)).toBeUndefined();
      }));
  }

  it("a storage that is nearly full keeps none", () =>
    runInDurableObject(env.ROOMS.getByName(crypto.randomUUID()), (_room, { storage }) => {
      const log = new SqliteOperationLog(storage, { fullAt: 1_000 });
      const { textOf } = writeLarge(log, 20);
      expect(textAt(log, 20)).toBe(textOf(20));
      expect(log.checkpoint("text", 20)).toBeUndefined();
    }));

  it("one that is longer than a call may be ends on the way, and goes on from there", () => {
    const log = new MemoryOperationLog();
    const count = Math.ceil((2.5 * limits.replayWeight) / 100_016);
    const { textOf } = writeLarge(log, count);
    expect(textAt(log, count)).toBeUndefined();
    expect(textAt(log, count)).toBeUndefined();
    expect(textAt(log, count)).toBe(textOf(count));
  });
});
