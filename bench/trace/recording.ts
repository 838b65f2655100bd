import { join } from "node:path";
import { readTrace } from "../../scripts/replay/trace.ts";

/** In the place of `deleted` UTF-16 code units from `position` on comes `inserted`. */
export type Edit = readonly [position: number, deleted: number, inserted: string];

/** What somebody typed into an empty document, keystroke by keystroke, and what it came to. */
export interface Recording {
  edits: readonly Edit[];
  text: string;
  /** When each was typed, in milliseconds since 1970; undefined if that was not recorded. */
  times: readonly number[] | undefined;
}

/** As the file has them. */
interface Read {
  edits: readonly Edit[];
  times: readonly number[] | undefined;
  endContent: string;
}

const traces = new Map<string, Read>();

/** A trace of bench/traces (`automerge-paper`), or the first `count` edits of it. */
export function recording(name: string, count = Number.POSITIVE_INFINITY): Recording {
  const trace = traces.get(name) ?? read(name);
  traces.set(name, trace);
  const edits = trace.edits.slice(0, count);
  const text = textAfter(edits);
  if (edits.length === trace.edits.length && text !== trace.endContent)
    throw new Error(`${name} does not come to its end`);
  return { edits, text, times: trace.times?.slice(0, count) };
}

function read(name: string): Read {
  const { edits, endContent } = readTrace(join(import.meta.dirname, "../traces", `${name}.json.gz`));
  const all = edits.flatMap(({ patches, time }) => patches.map((edit) => ({ edit, time })));
  // Code points are code units then.
  if (/[\u{10000}-\u{10ffff}]/u.test(all.map(({ edit: [, , inserted] }) => inserted).join("")))
    throw new Error(`${name} has characters outside of the Basic Multilingual Plane`);
  const times = all.map(({ time }) => time ?? 0);
  // One time for all is none.
  const isTimed = new Set(times).size > times.length / 100;
  return { edits: all.map(({ edit }) => edit), times: isTimed ? times : undefined, endContent };
}

/** What edits make of an empty text, by nothing but strings: what a service has is held against it. */
export function textAfter(edits: readonly Edit[]): string {
  let text = "";
  for (const [position, deleted, inserted] of edits)
    text = text.slice(0, position) + inserted + text.slice(position + deleted);
  return text;
}
