import type { Text } from "../ot/text.ts";

/** A piece of a text that is shown in one way; `omitted`: so many units that are not shown. */
export type Stretch =
  | { text: string; mark?: "inserted" | "deleted"; omitted?: undefined }
  | { omitted: number };

/** A text, and what an operation puts in and takes out; of what stays, `context` units on both sides of each change. */
export function changedIn(before: Text, operation: readonly (number | string)[], context: number): Stretch[] {
  const stretches: Stretch[] = [];
  let position = 0;
  let isFirst = true;
  const keep = (end: number, isLast: boolean) => {
    const units = end - position;
    const head = isFirst ? 0 : Math.min(units, context);
    const tail = isLast && !isFirst ? 0 : Math.min(units - head, context);
    if (head + tail >= units) {
      push(position, end);
    } else {
      push(position, whole(position + head));
      stretches.push({ omitted: whole(end - tail) - whole(position + head) });
      push(whole(end - tail), end);
    }
    position = end;
  };
  /** Never within a surrogate pair. */
  const whole = (at: number) =>
    /[\udc00-\udfff]/.test(before.slice(at, Math.min(at + 1, before.length))) ? at + 1 : at;
  const push = (from: number, to: number) => {
    if (from < to) stretches.push({ text: before.slice(from, to) });
  };
  for (const part of operation) {
    if (typeof part === "number" && part > 0) {
      keep(position + part, false);
    } else if (typeof part === "string") {
      stretches.push({ text: part, mark: "inserted" });
    } else {
      stretches.push({ text: before.slice(position, position - part), mark: "deleted" });
      position -= part;
    }
    isFirst = false;
  }
  keep(before.length, true);
  return stretches;
}
