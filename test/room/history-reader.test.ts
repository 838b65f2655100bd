import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { HistoryReader } from "../../src/room/history-reader.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import type { TextEdit } from "../../src/room/room-api.ts";
import { write } from "../support/log-writing.ts";
import { Random } from "../support/ot-random.ts";
import { randomLog } from "../support/random-log.ts";
import { RoomHarness } from "../support/room-harness.ts";

const author = { userId: "owner", kind: "program" } as const;

/** A room in which ann has typed, and what may be asked about its past. */
function typed(operations: number) {
  const harness = new RoomHarness("start");
  const ann = harness.open("ann", "ann-1");
  const type = (seq: number) => harness.ask(ann, { type: "submit", seq, base: seq, op: ["x"] });
  for (let seq = 1; seq <= operations; seq++) type(seq);
  const reader = new HistoryReader({
    requests: harness.room.requests,
    log: harness.log,
    report: (error) => harness.reported.push(error),
  });
  return { harness, reader, type };
}

describe("reading the past", () => {
  it("changes come in pages that fit together, while others write", async () => {
    const { reader, type } = typed(5_000);
    const spans: [number, number][] = [];
    for (let before: number | undefined; ; ) {
      const page = await reader.changes({ limit: 1, ...(before && { before }) });
      if (!page.ok) throw new Error(page.code);
      spans.push(...page.changes.map(({ first, last }): [number, number] => [first, last]));
      before = page.changes.at(-1)?.first;
      type(5_000 + spans.length);
      if (!page.more) break;
    }
    expect(spans).toEqual([
      [4_097, 5_001],
      [1, 4_096],
    ]);
  });

  it("one page looks through so many versions, and is shorter than asked for where they are few changes", async () => {
    const { reader } = typed(0);
    const page = await reader.changes({ limit: 100 });
    expect(page).toMatchObject({ ok: true, changes: [{ first: 1, last: 1 }], more: false });
  });

  it("a text that is redacted while its history is read is shown redacted", async () => {
    const { harness, reader } = typed(10_000);
    const reading = reader.readVersion(9_000);
    // The first steps are taken; the rest waits.
    await Promise.resolve();
    await Promise.resolve();
    const redacted = harness.room.requests.redact({ span: { version: 1, from: 0, to: 5 }, author });
    expect(redacted).toMatchObject({ ok: true });
    const read = await reading;
    expect(read.ok && read.content.slice(-7)).toBe("xx█████");
    expect(harness.reported).toEqual([]);
  });

  it("RM-8: a log that cannot be read answers unavailable, and is reported", async () => {
    const { harness, reader } = typed(10);
    harness.log.flushes = () => {
      throw new Error("the storage cannot be read");
    };
    expect(await reader.readVersion(5)).toMatchObject({ ok: false, code: "unavailable" });
    expect(await reader.changes({ limit: 1 })).toMatchObject({ ok: false, code: "unavailable" });
    expect(harness.reported).toHaveLength(2);
  });

  it("answers not_found where there is no document", async () => {
    const { harness, reader } = typed(0);
    harness.log.load = () => undefined;
    harness.room.end();
    expect(await reader.readVersion(0)).toMatchObject({ ok: false, code: "not_found" });
    expect(await reader.changes({ limit: 1 })).toMatchObject({ ok: false, code: "not_found" });
  });
});

/** A room whose text was replaced by each of these, and what may be asked about its past. */
function replacedBy(...contents: string[]) {
  const { harness, reader } = typed(0);
  for (const content of contents) harness.room.requests.replaceContent({ content, author });
  return { harness, reader };
}

function applied(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let reached = 0;
  for (const { at, deleted, inserted } of edits) {
    expect(text.slice(at, at + deleted.length)).toBe(deleted);
    result += text.slice(reached, at) + inserted;
    reached = at + deleted.length;
  }
  return result + text.slice(reached);
}

describe("a difference", () => {
  it("is made of edits that turn one text into the other, either way", async () => {
    const random = new Random(20_261_123);
    const words = ["one ", "two ", "three\n", "😀 ", "é", ""];
    const texts = ["start"];
    for (let count = 0; count < 30; count++) {
      texts.push(Array.from({ length: random.int(40) }, () => random.pick(words)).join("") + count);
    }
    const { reader } = replacedBy(...texts.slice(1));
    for (let tried = 0; tried < 60; tried++) {
      const [from, to] = [random.int(texts.length), random.int(texts.length)];
      const diff = await reader.diff({ from: from + 1, to: to + 1 });
      expect(diff.ok && applied(texts[from]!, diff.edits)).toBe(texts[to]);
    }
  });
});

describe("restoring", () => {
  it("RM-1: is one more change, which reaches everybody, and keeps the place of what stays", async () => {
    const { harness, reader } = replacedBy("one two three", "one 2 three", "one 2 three four");
    const ann = harness.open("ann", "ann-1");
    expect(await reader.restore({ version: 2, author })).toEqual({ ok: true, version: 5 });
    harness.turn();
    expect(ann.take()).toMatchObject([
      { type: "operations", from: 5, items: [{ op: [4, "two", -1, 6, -5] }] },
    ]);
    // What was typed before it came is transformed over it.
    expect(harness.ask(ann, { type: "submit", seq: 1, base: 4, op: [11, "!"] })).toMatchObject([
      { type: "ack", version: 6 },
    ]);
    expect(harness.text).toBe("one two three!");
    expect(ann.closed).toBeUndefined();
  });

  it("what is there already changes nothing", async () => {
    const { reader } = replacedBy("two");
    expect(await reader.restore({ version: 2, author })).toEqual({ ok: true, version: 2 });
  });

  it("a text of the largest size is deleted first, so that it never grows past it", async () => {
    const { harness, reader } = replacedBy("a".repeat(limits.textUnits));
    const { version, text } = harness;
    harness.room.requests.replaceContent({ content: "b".repeat(limits.textUnits), author });
    expect(await reader.restore({ version, author })).toMatchObject({ ok: true });
    expect(harness.text === text).toBe(true);
  });

  it("more than one operation may hold is cut into several", async () => {
    const large = Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join("");
    const { harness, reader } = replacedBy(large);
    const { version } = harness;
    harness.room.requests.replaceContent({ content: "", author });
    expect(await reader.restore({ version, author })).toEqual({ ok: true, version: harness.version });
    expect(harness.version - version).toBe(1 + Math.ceil(large.length / limits.insertUnits));
    expect(harness.text).toBe(large);
  });
});

describe("blame", () => {
  it("tells every unit's author, as an oracle that keeps them one by one", async () => {
    const { flushes, actors, texts } = randomLog(4, 80);
    const { harness, reader } = typed(0);
    const log = new MemoryOperationLog();
    log.create(0);
    write(log, flushes, actors);
    Object.assign(harness.log, { flushes: log.flushes.bind(log), base: log.base.bind(log) });
    harness.log.load = () => log.load();
    harness.room.end();
    const userOf = new Map(actors.map(({ actor, userId }) => [actor, userId]));
    const oracle: string[] = [];
    let version = 0;
    for (const { actor, operation } of flushes.flatMap(({ entries }) => entries)) {
      let at = 0;
      for (const part of operation) {
        if (typeof part === "string") {
          oracle.splice(at, 0, ...Array.from({ length: part.length }, () => userOf.get(actor)!));
          at += part.length;
        } else if (part > 0) at += part;
        else oracle.splice(at, -part);
      }
      version += 1;
      const blamed = await reader.blame({ version, from: 0, most: 1_000 });
      if (!blamed.ok) throw new Error(blamed.code);
      expect(blamed.units).toBe(texts[version]?.length);
      expect(
        blamed.spans.flatMap(({ from, to, author }) =>
          Array.from({ length: to - from }, () => author?.userId),
        ),
      ).toEqual(oracle);
    }
  });

  it("what is older than the history that is kept has no author", async () => {
    const { harness, reader, type } = typed(3);
    harness.log.retain({ operations: 0, ageMs: null });
    harness.log.upkeep(Number.MAX_SAFE_INTEGER);
    type(4);
    expect(await reader.blame({ from: 0, most: 10 })).toMatchObject({
      version: 5,
      spans: [
        { from: 0, to: 1, author: { userId: "ann", kind: "person" } },
        { from: 1, to: 9, author: null },
      ],
    });
    expect(await reader.blame({ version: 3, from: 0, most: 10 })).toMatchObject({ code: "too_old" });
  });

  it("comes span by span where there are many", async () => {
    const { reader } = typed(3);
    expect(await reader.blame({ from: 0, most: 1 })).toMatchObject({ units: 8, spans: [{ from: 0, to: 3 }] });
    expect(await reader.blame({ from: 3, most: 1 })).toMatchObject({
      spans: [{ from: 3, to: 8, author: { userId: "creator" } }],
    });
    expect(await reader.blame({ from: 8, most: 1 })).toMatchObject({ spans: [] });
  });
});
