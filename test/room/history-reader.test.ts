import { describe, expect, it } from "vitest";
import { HistoryReader } from "../../src/room/history-reader.ts";
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
