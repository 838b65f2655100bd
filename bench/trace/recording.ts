import { join } from "node:path";
import { readTrace } from "../../scripts/replay/trace.ts";

/** In the place of `deleted` UTF-16 code units from `position` on comes `inserted`. */
export type Edit = readonly [position: number, deleted: number, inserted: string];

/** What somebody typed into an empty document, keystroke by keystroke, and what it came to. */
export interface Recording {
  edits: readonly Edit[];
  text: string;
}

/** A trace of bench/traces (`automerge-paper`), or the first `count` edits of it. */
export function recording(name: string, count = Number.POSITIVE_INFINITY): Recording {
  const trace = readTrace(join(import.meta.dirname, "../traces", `${name}.json.gz`));
  const edits = trace.edits.flatMap(({ patches }) => patches);
  // Code points are code units then.
  if (/[\u{10000}-\u{10ffff}]/u.test(edits.map(([, , inserted]) => inserted).join("")))
    throw new Error(`${name} has characters outside of the Basic Multilingual Plane`);
  const text = textAfter(edits);
  if (text !== trace.endContent) throw new Error(`${name} does not come to its end`);
  if (count >= edits.length) return { edits, text };
  const first = edits.slice(0, count);
  return { edits: first, text: textAfter(first) };
}

/** What edits make of an empty text, by nothing but strings: what a service has is held against it. */
export function textAfter(edits: readonly Edit[]): string {
  let text = "";
  for (const [position, deleted, inserted] of edits)
    text = text.slice(0, position) + inserted + text.slice(position + deleted);
  return text;
}
