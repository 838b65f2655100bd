import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { type Operation, OperationBuilder } from "../ot/operation.ts";
import type { Flush, Logged } from "./operation-log.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** What can be told of a segment without inflating it. */
export interface SegmentSummary {
  /** Version of the first entry. */
  from: number;
  entries: number;
  /** Lowest and highest `seq` of each actor in it. */
  seqs: Map<number, { lowest: number; highest: number }>;
}

/** A sealed segment is not what this code wrote: a room that meets one serves nothing (law RM-8). */
export class SegmentError extends Error {
  override readonly name = "SegmentError";
}

const format = 2;
/** Of the time when operations did not bear how they came to be: it ends with the text. */
const formatWithoutOrigins = 1;

/**
 * The columns, in this order, each deflated by itself (RFC 1951): numbers of one kind beside each other are nearly
 * constant in typed text, and deflate sees it.
 *
 * An operation is taken as its edits: each keeps `gap` units after the edit before, inserts, and deletes.
 */
const columns = [
  /** Per flush: how many entries. */
  "counts",
  /** Per flush: seconds since the flush before (or since the epoch). */
  "times",
  /** Per entry: index of its actor in the header. */
  "actors",
  /** Per entry: `seq`, less the one that follows the actor's last. */
  "seqs",
  /** Per entry: how many edits. */
  "edits",
  /** Per edit: the gap; the first of an operation is told as the distance from where its actor's last operation ended. */
  "gaps",
  /** Per edit: how many units are inserted. */
  "inserted",
  /** Per edit: how many units are deleted. */
  "deleted",
  /** Per entry: over how many operations it was transformed. */
  "transforms",
  /** Per entry: its latency, as an exponent of two; 0 for none that is told. */
  "latencies",
] as const;

/** The inserted text of all edits, in UTF-8, stands before the columns of origins. */
const textColumn = columns.indexOf("transforms");

type Columns = Record<(typeof columns)[number], VarintWriter>;
type Readers = Record<(typeof columns)[number], VarintReader>;

/** Bytes that one column may inflate to: what a crafted segment can cost. A sound one stays far below. */
const columnBytes = 16_777_216;

/** A segment from flushes whose versions follow one another; at least one entry. `seq`s are from 1. */
export function encodeSegment(flushes: readonly Flush[]): Uint8Array<ArrayBuffer> {
  const column = Object.fromEntries(columns.map((name) => [name, new VarintWriter()])) as Columns;
  const texts: string[] = [];
  const indexes = new Map<number, number>();
  const seqs: SegmentSummary["seqs"] = new Map();
  /** Per actor of the segment: its last seq, and where its last operation ended. */
  const last: { seq: number; end: number }[] = [];
  let second = 0;
  let entries = 0;
  for (const flush of flushes) {
    const at = Math.floor(flush.at / 1000);
    column.counts.unsigned(flush.entries.length);
    column.times.signed(at - second);
    second = at;
    entries += flush.entries.length;
    for (const { actor, seq, operation, transforms, latencyMs } of flush.entries) {
      let index = indexes.get(actor);
      if (index === undefined) {
        index = indexes.size;
        indexes.set(actor, index);
        seqs.set(actor, { lowest: seq, highest: seq });
        last.push({ seq: 0, end: 0 });
      }
      const range = seqs.get(actor)!;
      range.lowest = Math.min(range.lowest, seq);
      range.highest = Math.max(range.highest, seq);
      const before = last[index]!;
      column.actors.unsigned(index);
      column.seqs.signed(seq - before.seq - 1);
      column.transforms.unsigned(transforms ?? 0);
      column.latencies.unsigned(latencyMs ? Math.floor(Math.log2(latencyMs)) : 0);
      before.seq = seq;
      before.end = encodeOperation(operation, before.end, column, texts);
    }
  }

  const body = new VarintWriter();
  body.unsigned(flushes[0]!.from);
  body.unsigned(entries);
  body.unsigned(seqs.size);
  for (const [actor, { lowest, highest }] of seqs) {
    body.unsigned(actor);
    body.unsigned(lowest);
    body.unsigned(highest - lowest);
  }
  const written: Uint8Array[] = columns.map((name) => column[name].bytes());
  for (const bytes of written.toSpliced(textColumn, 0, new TextEncoder().encode(texts.join("")))) {
    const deflated = deflateRawSync(bytes, { level: 9 });
    body.unsigned(deflated.length);
    body.raw(deflated);
  }
  const sealed = new Uint8Array(5 + body.bytes().length);
  sealed[0] = format;
  new DataView(sealed.buffer).setUint32(1, crc32(body.bytes()), true);
  sealed.set(body.bytes(), 5);
  return sealed;
}

/**
 * The same, read again before anything else is let go for it: a history that does not come back as it went in is not sealed. Throws
 * SegmentError then.
 */
export function sealedSegment(flushes: readonly Flush[]): Uint8Array<ArrayBuffer> {
  const sealed = encodeSegment(flushes);
  const read = decodeSegment(sealed);
  const first = flushes.findIndex((flush, index) => told(flush) !== told(read[index]));
  if (first >= 0)
    throw new SegmentError(`what was sealed of version ${flushes[first]!.from} reads otherwise`);
  return sealed;
}

const told = (flush: Flush | undefined): string | undefined =>
  flush &&
  JSON.stringify([
    flush.from,
    Math.floor(flush.at / 1000),
    flush.entries.map(({ actor, seq, operation }) => [actor, seq, operation]),
  ]);

/** Throws SegmentError on bytes that `encodeSegment` did not make. */
export function decodeSegment(sealed: Uint8Array): Flush[] {
  return strictly(() => {
    const body = openSegment(sealed);
    const hasOrigins = sealed[0] === format;
    const { from, entries, seqs } = decodeSummary(body);
    const inflated = Array.from({ length: hasOrigins ? columns.length + 1 : textColumn + 1 }, () =>
      inflate(body.raw(body.unsigned())),
    );
    const [bytes] = inflated.splice(textColumn, 1);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const column = Object.fromEntries(
      columns.map((name, index) => [name, new VarintReader(inflated[index] ?? nothing)]),
    ) as Readers;
    const operations = new OperationReader(column, text);
    const last = [...seqs.keys()].map((actor) => ({ actor, seq: 0, end: 0 }));

    const flushes: Flush[] = [];
    let second = 0;
    let version = from;
    while (!column.counts.atEnd) {
      const count = column.counts.unsigned();
      if (version + count > from + entries) throw new SegmentError("more entries than the header says");
      second += column.times.signed();
      const flush: Logged[] = [];
      for (let entry = 0; entry < count; entry++) {
        const by = last[column.actors.unsigned()];
        if (!by) throw new SegmentError("an entry of an actor that the header does not have");
        by.seq += column.seqs.signed() + 1;
        const { operation, end } = operations.next(by.end);
        by.end = end;
        const transforms = hasOrigins ? column.transforms.unsigned() : 0;
        const exponent = hasOrigins ? column.latencies.unsigned() : 0;
        if (transforms >= version + entry || exponent > 52)
          throw new SegmentError("an origin that cannot be");
        flush.push({
          actor: by.actor,
          seq: by.seq,
          operation,
          ...(transforms > 0 && { transforms }),
          ...(exponent > 0 && { latencyMs: 2 ** exponent }),
        });
      }
      flushes.push({ from: version, at: second * 1000, entries: flush });
      version += count;
    }
    const read = version === from + entries && operations.atEnd;
    if (!read || !body.atEnd || columns.some((name) => !column[name].atEnd)) {
      throw new SegmentError("the columns do not agree on how much there is");
    }
    return flushes;
  });
}

/** Throws SegmentError on bytes that `encodeSegment` did not make. */
export function summarizeSegment(sealed: Uint8Array): SegmentSummary {
  return strictly(() => decodeSummary(openSegment(sealed)));
}

/** Writes the operation's edits, and returns where the last of them ended. */
function encodeOperation(operation: Operation, expected: number, column: Columns, texts: string[]): number {
  let edits = 0;
  let gap = 0;
  let position = 0;
  for (let index = 0; index < operation.length; index++) {
    const part = operation[index]!;
    if (typeof part === "number" && part > 0) {
      gap = part;
      continue;
    }
    if (edits === 0) column.gaps.signed(gap - expected);
    else column.gaps.unsigned(gap);
    position += gap;
    gap = 0;
    const text = typeof part === "string" ? part : "";
    let deleted = typeof part === "number" ? -part : 0;
    const next = operation[index + 1];
    if (text !== "" && typeof next === "number" && next < 0) {
      deleted = -next;
      index += 1;
    }
    column.inserted.unsigned(text.length);
    column.deleted.unsigned(deleted);
    if (text !== "") texts.push(text);
    position += text.length;
    edits += 1;
  }
  column.edits.unsigned(edits);
  return edits === 0 ? expected : position;
}

/** Reads operations from the columns of edits, in normal form or not at all. */
class OperationReader {
  readonly #column: Readers;
  readonly #text: string;
  #position = 0;

  constructor(column: Readers, text: string) {
    this.#column = column;
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  /** The next operation, and where its last edit ended. */
  next(expected: number): { operation: Operation; end: number } {
    const edits = this.#column.edits.unsigned();
    const builder = new OperationBuilder();
    let end = edits === 0 ? expected : 0;
    for (let edit = 0; edit < edits; edit++) {
      const gap = edit === 0 ? this.#column.gaps.signed() + expected : this.#column.gaps.unsigned();
      const inserted = this.#column.inserted.unsigned();
      const deleted = this.#column.deleted.unsigned();
      if ((edit > 0 && gap === 0) || inserted + deleted === 0) throw new SegmentError("an edit of nothing");
      builder.retain(gap).insert(this.#take(inserted)).delete(deleted);
      end += gap + inserted;
    }
    return { operation: builder.build(), end };
  }

  #take(units: number): string {
    const end = this.#position + units;
    if (end > this.#text.length) throw new SegmentError("the text is cut off");
    const text = this.#text.slice(this.#position, end);
    this.#position = end;
    return text;
  }
}

/** The body of a segment, once its sum is right. */
function openSegment(sealed: Uint8Array): VarintReader {
  if (sealed.length < 5 || (sealed[0] !== format && sealed[0] !== formatWithoutOrigins))
    throw new SegmentError(`a segment of format ${sealed[0]}`);
  const body = sealed.subarray(5);
  const sum = new DataView(sealed.buffer, sealed.byteOffset).getUint32(1, true);
  if (crc32(body) !== sum) throw new SegmentError("a segment whose sum is wrong");
  return new VarintReader(body);
}

function decodeSummary(body: VarintReader): SegmentSummary {
  const summary: SegmentSummary = { from: body.unsigned(), entries: body.unsigned(), seqs: new Map() };
  const actors = body.unsigned();
  for (let index = 0; index < actors; index++) {
    const actor = body.unsigned();
    const lowest = body.unsigned();
    summary.seqs.set(actor, { lowest, highest: lowest + body.unsigned() });
  }
  if (summary.seqs.size !== actors) throw new SegmentError("an actor stands twice in a header");
  return summary;
}

const inflate = (bytes: Uint8Array): Uint8Array => inflateRawSync(bytes, { maxOutputLength: columnBytes });

const nothing = new Uint8Array();

/** What goes wrong inside is the segment's fault. */
function strictly<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof SegmentError) throw error;
    throw new SegmentError("a segment cannot be read", { cause: error });
  }
}
