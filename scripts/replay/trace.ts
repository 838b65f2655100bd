import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ReplayFailure } from "./failure.ts";

/** One change of a text: `position` and `deleted` count Unicode code points. */
export type Patch = readonly [position: number, deleted: number, inserted: string];

export interface Edit {
  /** Who typed it: 0 … `agents` - 1. */
  readonly agent: number;
  /** The edits, by their place in the trace, whose outcome merged is the text that the author saw. */
  readonly parents: readonly number[];
  /** Applied one after the other to that text. */
  readonly patches: readonly Patch[];
  /** Milliseconds since 1970, where the trace has it. */
  readonly time: number | undefined;
}

/** A recorded editing history, of either form. In a sequential one every edit's parent is the one before. */
export interface Trace {
  readonly kind: "sequential" | "concurrent";
  readonly agents: number;
  readonly startContent: string;
  readonly endContent: string;
  readonly edits: readonly Edit[];
}

/** Reads a file in one of the two JSON forms of github.com/josephg/editing-traces, plain or compressed by gzip. */
export function readTrace(file: string): Trace {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  } catch (error) {
    throw new ReplayFailure("trace", `${file} cannot be read: ${(error as Error).message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new ReplayFailure("trace", `${file} is not JSON.`);
  }
  try {
    return parseTrace(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ReplayFailure("trace", `${file} is not an editing trace: ${error.message}`);
  }
}

/** Throws TypeError, saying where, if `value` is not a trace. */
export function parseTrace(value: unknown): Trace {
  const trace = object(value, "it");
  const endContent = text(trace.endContent, "endContent");
  const startContent = trace.startContent === undefined ? "" : text(trace.startContent, "startContent");
  const txns = list(trace.txns, "txns");
  const isConcurrent = trace.kind === "concurrent";
  const agents = isConcurrent ? count(trace.numAgents, "numAgents") : 1;
  const edits = txns.map((item, index): Edit => {
    const where = `txns[${index}]`;
    const { agent = 0, parents, patches, time, timestamp } = object(item, where);
    return {
      agent: isConcurrent ? below(agents, agent, `${where}.agent`) : 0,
      parents: isConcurrent
        ? list(parents, `${where}.parents`).map((parent) => below(index, parent, `${where}.parents`))
        : [index - 1].filter((parent) => parent >= 0),
      patches: list(patches, `${where}.patches`).map((item, at) => patch(item, `${where}.patches[${at}]`)),
      time: timeOf(time ?? timestamp),
    };
  });
  return { kind: isConcurrent ? "concurrent" : "sequential", agents, startContent, endContent, edits };
}

/**
 * The same sequential trace, its edits typed by `clients` in turn: each waits for the one before, so that the text stays
 * the trace's.
 */
export function inTurns(trace: Trace, clients: number): Trace {
  return {
    ...trace,
    agents: clients,
    edits: trace.edits.map((edit, index) => ({ ...edit, agent: index % clients })),
  };
}

/**
 * When each edit is to be typed, in milliseconds from the start: as recorded, but no pause longer than `longestPause`.
 * Undefined if the trace has no times (one time for all is none).
 */
export function schedule(trace: Trace, longestPause: number): Float64Array | undefined {
  const at = new Float64Array(trace.edits.length);
  let newest = trace.edits[0]?.time ?? 0;
  let elapsed = 0;
  for (const [index, { time }] of trace.edits.entries()) {
    const pause = Math.max(0, (time ?? newest) - newest);
    newest += pause;
    elapsed += Math.min(pause, longestPause);
    at[index] = elapsed;
  }
  return elapsed > 0 ? at : undefined;
}

function patch(value: unknown, where: string): Patch {
  const [position, deleted, inserted] = list(value, where);
  return [count(position, `${where}[0]`), count(deleted, `${where}[1]`), text(inserted, `${where}[2]`)];
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TypeError(`${where} is not an object`);
}

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${where} is not a list`);
}

function text(value: unknown, where: string): string {
  if (typeof value === "string" && value.isWellFormed()) return value;
  throw new TypeError(`${where} is not a well-formed text`);
}

function count(value: unknown, where: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new TypeError(`${where} is not a whole number from 0`);
}

function below(end: number, value: unknown, where: string): number {
  const number = count(value, where);
  if (number < end) return number;
  throw new TypeError(`${where} names ${number}, and there are ${end}`);
}
