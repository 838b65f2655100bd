import { insertedUnits, type Operation } from "../ot/operation.ts";
import { Text } from "../ot/text.ts";
import type { BundleActor, BundleOperation } from "./bundle.ts";
import type { Timeline } from "./timeline.ts";

export type OperationKind = "insert" | "delete" | "replace" | "nothing";

/** Which operations are looked for: those that all of it is true of. */
export interface OperationFilter {
  /** The number of an actor; the beginning of a user's or a client's id; or `person`, `program`, `import`. */
  author?: string;
  kind?: OperationKind;
  /** Milliseconds since the epoch, both included. */
  since?: number;
  until?: number;
  /** It made this text appear somewhere, or disappear. */
  text?: string;
  /** It took at least so many milliseconds. */
  slowMs?: number;
  /** It was transformed over at least so many operations. */
  transforms?: number;
}

/** Operations between two yields: some milliseconds. */
const stepOperations = 2_048;

export function kindOf(operation: Operation): OperationKind {
  const inserts = insertedUnits(operation) > 0;
  const deletes = operation.some((part) => typeof part === "number" && part < 0);
  if (inserts) return deletes ? "replace" : "insert";
  return deletes ? "delete" : "nothing";
}

/** Over how many operations it was transformed: those between its base and itself (law OT-2); undefined: not known. */
export const transformsOf = ({ version, base }: BundleOperation): number | undefined =>
  base === undefined ? undefined : version - 1 - base;

/** The versions whose operations are looked for, in order; in steps, since it goes through the whole history. */
export function* matching(timeline: Timeline, filter: OperationFilter): Generator<void, number[]> {
  const { bundle, first, last } = timeline;
  const found: number[] = [];
  const text = filter.text ? Text.from(bundle.head.text) : undefined;
  for (let version = first + 1; version <= last; version++) {
    const made = timeline.operation(version)!;
    const isOne = matchesByItself(made, bundle.actors.get(made.actor)!, filter);
    if (!text) {
      if (isOne) found.push(version);
    } else {
      const counted = isOne && region(made.operation, filter.text!.length);
      const before = counted && occurrences(text, counted.from, counted.endBefore, filter.text!);
      text.apply(made.operation);
      if (counted && occurrences(text, counted.from, counted.endAfter, filter.text!) !== before)
        found.push(version);
    }
    if ((version - first) % stepOperations === 0) yield;
  }
  return found;
}

function matchesByItself(made: BundleOperation, by: BundleActor, filter: OperationFilter): boolean {
  const { author, kind, since, until, slowMs, transforms } = filter;
  if (since !== undefined && made.at < since) return false;
  if (until !== undefined && made.at > until) return false;
  if (slowMs !== undefined && (made.latencyMs ?? 0) < slowMs) return false;
  if (transforms !== undefined && (transformsOf(made) ?? 0) < transforms) return false;
  if (author && !isBy(by, author)) return false;
  return kind === undefined || kindOf(made.operation) === kind;
}

const isBy = ({ actor, clientId, userId, kind }: BundleActor, author: string): boolean =>
  String(actor) === author ||
  kind === author ||
  userId.startsWith(author) ||
  (clientId?.startsWith(author) ?? false);

/** What an operation changes, and so much around it that a text of `units` which it makes or breaks lies within. */
function region(
  operation: Operation,
  units: number,
): { from: number; endBefore: number; endAfter: number } | undefined {
  if (operation.length === 0) return undefined;
  const [lead] = operation;
  let before = 0;
  let after = 0;
  for (const part of operation) {
    if (typeof part === "string") after += part.length;
    else {
      before += Math.abs(part);
      if (part > 0) after += part;
    }
  }
  const from = typeof lead === "number" && lead > 0 ? lead : 0;
  const around = units - 1;
  return { from: Math.max(0, from - around), endBefore: before + around, endAfter: after + around };
}

function occurrences(text: Text, from: number, to: number, sought: string): number {
  const within = text.slice(from, Math.min(to, text.length));
  let count = 0;
  for (let at = within.indexOf(sought); at >= 0; at = within.indexOf(sought, at + 1)) count += 1;
  return count;
}
