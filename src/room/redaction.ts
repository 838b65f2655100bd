import { crc32 } from "node:zlib";
import { type Operation, OperationBuilder } from "../ot/operation.ts";
import { redactedUnit } from "../ot/redacted.ts";
import { Text } from "../ot/text.ts";
import { limits } from "../protocol/limits.ts";
import type { OperationLog, Point, Rewriting, TextAt } from "./operation-log.ts";
import type { RoomResult } from "./room-api.ts";

/** Code units `from` … `to` of the text at `version`. */
export interface Span {
  version: number;
  from: number;
  to: number;
}

/** Operations read at once on the way back. */
const readOperations = 4_096;

type Range = readonly [from: number, to: number];

export interface Redaction {
  /** What takes the span out of the newest text, one after the other, for those who have it on their screen; none where it is gone. */
  visible: Operation[];
  /** The newest text without the span. */
  text: string;
  rewriting: Pick<Rewriting, "base" | "operation"> & { points: Point[] };
}

/**
 * How to take a span of a text out of everything that is kept: out of the operations that inserted it, out of the text at the horizon, and
 * so out of every text in between. Each unit of it is replaced by one filler, so that all positions, versions and
 * authors stay what they are, and every operation of everybody, also one under way, still fits.
 *
 * Its cost is a replay of the whole log (some 100 ms for 100,000 operations), during which the room waits.
 */
export function planRedaction(
  log: OperationLog,
  current: TextAt,
  { version, from, to }: Span,
): RoomResult<{ redaction: Redaction }> {
  const horizon = log.horizon;
  if (version > current.version) {
    return { ok: false, code: "base_ahead", detail: `the newest version is ${current.version}` };
  }
  if (version < horizon) return { ok: false, code: "too_old", detail: `the oldest version is ${horizon}` };
  if (from >= to) return { ok: false, code: "out_of_range", detail: "the span is empty" };
  const text = version === current.version ? Text.from(current.text) : textAt(log, version);
  const misfit = text.check(
    new OperationBuilder()
      .retain(from)
      .delete(to - from)
      .build(),
  );
  if (misfit) return { ok: false, code: misfit, detail: `the span does not fit version ${version}` };

  const origins = originsOf(log, { version, from, to });
  const operation: Rewriting["operation"] = (at, original) => {
    const inserted = origins.operations.get(at);
    return inserted ? redactInserts(original, inserted) : original;
  };
  const base = fillIn(log.base().text, origins.base);
  const replayed = replayRedacted(log, base, operation);
  return {
    ok: true,
    redaction: {
      visible: difference(current.text, replayed.text),
      text: replayed.text,
      rewriting: { base, operation, points: replayed.points },
    },
  };
}

function textAt(log: OperationLog, version: number): Text {
  const text = Text.from(log.base().text);
  let at = log.horizon;
  for (const { entries } of log.flushes(at)) {
    for (const { operation } of entries) {
      if (at === version) return text;
      text.apply(operation);
      at += 1;
    }
  }
  return text;
}

interface Origins {
  /** Of the text at the horizon. */
  base: Range[];
  /** By version: of the units that the operation inserts, all of its inserts counted through. */
  operations: Map<number, Range[]>;
}

/** Where the units of the span came from, found by walking back from its version. */
function originsOf(log: OperationLog, { version, from, to }: Span): Origins {
  const horizon = log.horizon;
  const operations: Origins["operations"] = new Map();
  let ranges: Range[] = [[from, to]];
  for (let end = version; end > horizon && ranges.length > 0; ) {
    const start = Math.max(horizon, end - readOperations);
    const accepted = log.read(start, end);
    for (let at = end; at > start && ranges.length > 0; at--) {
      const step = stepBack(accepted[at - start - 1]!.operation, ranges);
      if (step.inserted.length > 0) operations.set(at, step.inserted);
      ranges = step.before;
    }
    end = start;
  }
  return { base: ranges, operations };
}

/** Which units of the text after an operation it inserted, and where the others were before it. */
function stepBack(operation: Operation, ranges: readonly Range[]): { inserted: Range[]; before: Range[] } {
  const inserted: Range[] = [];
  const before: Range[] = [];
  let after = 0;
  let old = 0;
  let counted = 0;
  const take = (into: Range[], units: number, start: number) => {
    for (const [from, to] of ranges) {
      const first = Math.max(from, after);
      const end = Math.min(to, after + units);
      if (first < end) into.push([first - after + start, end - after + start]);
    }
    after += units;
  };
  for (const part of operation) {
    if (typeof part === "string") {
      take(inserted, part.length, counted);
      counted += part.length;
    } else if (part > 0) {
      take(before, part, old);
      old += part;
    } else {
      old -= part;
    }
  }
  take(before, Number.POSITIVE_INFINITY, old);
  return { inserted, before };
}

function redactInserts(operation: Operation, ranges: readonly Range[]): Operation {
  const builder = new OperationBuilder();
  let counted = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      builder.insert(fillIn(part, ranges, counted));
      counted += part.length;
    } else if (part > 0) {
      builder.retain(part);
    } else {
      builder.delete(-part);
    }
  }
  return builder.build();
}

/** The text with filler in the ranges, which count from `start` before it. */
function fillIn(text: string, ranges: readonly Range[], start = 0): string {
  let filled = text;
  for (const [from, to] of ranges) {
    const first = Math.max(0, from - start);
    const end = Math.min(text.length, to - start);
    if (first < end) filled = filled.slice(0, first) + redactedUnit.repeat(end - first) + filled.slice(end);
  }
  return filled;
}

/** The newest text as it is in the redacted history, and the sums at all recorded points. */
function replayRedacted(
  log: OperationLog,
  base: string,
  redacted: Rewriting["operation"],
): { text: string; points: Point[] } {
  const recorded = new Set(log.points().map(({ version }) => version));
  const points: Point[] = [];
  const text = Text.from(base);
  let version = log.horizon;
  const note = () => {
    if (recorded.has(version)) points.push(pointAt(version, text.toString()));
  };
  note();
  for (const { entries } of log.flushes(version)) {
    for (const { operation } of entries) {
      version += 1;
      text.apply(redacted(version, operation));
      note();
    }
  }
  return { text: text.toString(), points };
}

export const pointAt = (version: number, text: string): Point => ({ version, sum: crc32(text) });

/**
 * Puts every unit of `after` that differs in the place of that of `before`, which is as long: by operations that each are
 * no larger than a client's may be (one of them is one row of the log, and one item of a frame).
 */
function difference(before: string, after: string): Operation[] {
  const operations: Operation[] = [];
  const builder = new OperationBuilder();
  let reached = 0;
  let inserted = 0;
  let parts = 0;
  const close = () => {
    if (parts > 0) operations.push(builder.build());
    reached = inserted = parts = 0;
  };
  for (let index = 0; index < before.length; ) {
    if (before[index] === after[index]) {
      index += 1;
      continue;
    }
    let end = index + 1;
    while (end < before.length && end - index < limits.insertUnits && before[end] !== after[end]) end += 1;
    if (/[\ud800-\udbff]$/.test(before.slice(end - 1, end))) end -= 1;
    if (inserted + end - index > limits.insertUnits || parts + 3 > limits.operationParts) close();
    builder
      .retain(index - reached)
      .insert(after.slice(index, end))
      .delete(end - index);
    inserted += end - index;
    parts += 3;
    reached = end;
    index = end;
  }
  close();
  return operations;
}
