import { type Operation, OperationBuilder } from "./operation.ts";

/** Own text that was inserted amid what is gone; `at` is where it stands in the text with the own edits. */
export interface Orphan {
  readonly at: number;
  readonly text: string;
}

/**
 * The inserts of `own` strictly inside what `change` deletes; both were made on the same text. At either end of a
 * deletion an insert still stands beside something that it was put beside, and is none.
 */
export function orphansOf(own: Operation, change: Operation): Orphan[] {
  const gone: { from: number; to: number }[] = [];
  let position = 0;
  for (const part of change) {
    if (typeof part === "string") continue;
    if (part < 0) gone.push({ from: position, to: position - part });
    position += Math.abs(part);
  }
  const orphans: Orphan[] = [];
  let next = 0;
  let before = 0;
  let at = 0;
  for (const part of own) {
    if (typeof part === "string") {
      while (next < gone.length && gone[next]!.to <= before) next++;
      if (next < gone.length && gone[next]!.from < before) orphans.push({ at, text: part });
      at += part.length;
      continue;
    }
    before += Math.abs(part);
    if (part > 0) at += part;
  }
  return orphans;
}

/** The operation that takes the orphans out of the text with the own edits. */
export function removalOf(orphans: readonly Orphan[]): Operation {
  const builder = new OperationBuilder();
  let position = 0;
  for (const { at, text } of orphans) {
    builder.retain(at - position).delete(text.length);
    position = at + text.length;
  }
  return builder.build();
}
