import { afterEach, describe, expect, it, vi } from "vitest";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import type { EndedFlush } from "../../src/room/ended-flush.ts";
import { FlushLog } from "../../src/room/flush-log.ts";
import { grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

afterEach(() => void vi.restoreAllMocks());

/** The lines of a document's commits that are written from now on. */
function commitLines(documentId: string): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  for (const level of ["info", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text: string) => {
      const line = JSON.parse(text);
      if (line.event === "room_commit" && line.document_id === documentId) lines.push(line);
    });
  }
  return lines;
}

const total = (lines: Record<string, unknown>[], field: string) =>
  lines.reduce((sum, line) => sum + Number(line[field]), 0);

describe("the line of a group commit", () => {
  it("tells the document, its versions, what was transformed and written, and how long it took", async () => {
    // Without a text, so that there was no commit in the second before.
    const id = await newRoom();
    const [ann, ben] = [await openRoomSocket(id, grantOf("ann")), await openRoomSocket(id, grantOf("ben"))];
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    const lines = commitLines(id);
    expect(await ann.ask({ type: "submit", seq: 1, base: 0, op: ["a"] })).toMatchObject({ version: 1 });
    await ben.ask({ type: "submit", seq: 1, base: 0, op: ["b"] });
    await expect.poll(() => total(lines, "operations")).toBe(2);
    expect(lines[0]).toEqual({
      level: "info",
      event: "room_commit",
      document_id: id,
      from: 1,
      version: 1,
      operation_trace_ids: operationTraceId(id, 1),
      flushes: 1,
      operations: 1,
      transforms: 0,
      rows_written: expect.any(Number),
      duration_ms: expect.any(Number),
      outcome: "ok",
    });
    expect(lines[1]).toMatchObject({ from: 2, version: 2, transforms: 1 });
    expect(lines[1]!.rows_written).toBeGreaterThanOrEqual(1);
  });

  it("is one a second in a busy room, with the sums: no version is missing, and none is told twice", async () => {
    const id = await newRoom("");
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    const lines = commitLines(id);
    const operations = 60;
    for (let seq = 1; seq <= operations; seq++) {
      await ann.ask({ type: "submit", seq, base: seq - 1, op: ["a"] });
    }
    await expect.poll(() => total(lines, "operations")).toBe(operations);
    expect(total(lines, "flushes")).toBe(operations);
    expect(lines.length).toBeLessThan(operations / 2);
    for (const [index, line] of lines.entries()) {
      expect(line.from).toBe(index === 0 ? 1 : Number(lines[index - 1]!.version) + 1);
    }
  });

  it("is written at once where the commit failed, by what failed and not in its words; what came before is told before", () => {
    const due: (() => void)[] = [];
    const log = new FlushLog((run) => void due.push(run));
    const lines = commitLines("d");
    const flush = (version: number, error?: unknown): EndedFlush => ({
      documentId: "d",
      from: version,
      to: version,
      transforms: 0,
      rowsWritten: 1,
      durationMs: 0.5,
      error,
    });
    for (const version of [1, 2, 3]) log.ended(flush(version));
    log.ended(flush(4, new RangeError("the text of the document")));
    log.ended(flush(4));
    due.shift()!();
    expect(
      lines.map(({ level, from, version, flushes, outcome }) => [level, from, version, flushes, outcome]),
    ).toEqual([
      ["info", 1, 1, 1, "ok"],
      ["info", 2, 3, 2, "ok"],
      ["error", 4, 4, 1, "failed"],
      ["info", 4, 4, 1, "ok"],
    ]);
    expect(lines[2]).toMatchObject({ error: "RangeError" });
    expect(JSON.stringify(lines)).not.toContain("the text");
    // Nothing was in the second after: nothing is asked for after it, so that the room sleeps (law RM-7).
    due.shift()!();
    expect(due).toEqual([]);
  });
});
