import type { Trace } from "./trace.ts";
import type { Typed } from "./type-trace.ts";

/** A text at the end, and whose it is. */
export interface Side {
  name: string;
  text: string;
}

/** Where two texts first differ, in one line; undefined if all are equal. */
export function divergence(sides: readonly Side[]): string | undefined {
  const [first, ...others] = sides;
  for (const other of others) {
    if (!first || first.text === other.text) continue;
    let at = 0;
    while (first.text[at] === other.text[at]) at += 1;
    return (
      `The texts differ from code unit ${at} on: ${excerpt(first, at)} (${first.name}, ${first.text.length}), ` +
      `${excerpt(other, at)} (${other.name}, ${other.text.length}).`
    );
  }
  return undefined;
}

const excerpt = ({ text }: Side, at: number): string =>
  JSON.stringify(text.slice(Math.max(0, at - 10), at + 20));

/** The figures of a replay that ended well, for people. */
export function report(
  trace: Trace,
  typed: Typed,
  { sides, version }: { sides: readonly Side[]; version: number },
): string {
  const { seconds, operations, interruptions, misfits, untilAcknowledged, untilObserved } = typed;
  const edits = trace.edits.length;
  const text = sides[0]?.text ?? "";
  const isTraceEnd = text === trace.endContent;
  const lines = [
    `edits        ${grouped(edits)} in ${grouped(operations)} operations, by ${trace.agents} writer${trace.agents === 1 ? "" : "s"}`,
    `time         ${seconds.toFixed(2)} s, ${grouped(Math.round(edits / seconds))} edits/s`,
    `until acked  p50 ${quantile(untilAcknowledged, 0.5)} ms, p99 ${quantile(untilAcknowledged, 0.99)} ms`,
    `until seen   p50 ${quantile(untilObserved, 0.5)} ms, p99 ${quantile(untilObserved, 0.99)} ms`,
    `lost lines   ${interruptions}, all resumed`,
    `texts        equal: ${sides.map(({ name }) => name).join(", ")} (${grouped(text.length)} code units, version ${grouped(version)})`,
  ];
  if (trace.kind === "concurrent") {
    lines.push(
      `trace's end  ${isTraceEnd ? "equal too" : "other, as a concurrent trace's may be by the rule of merging"}`,
    );
  }
  if (misfits > 0)
    lines.push(`cut to fit   ${grouped(misfits)} patches, which reached past what their author sees here`);
  return lines.join("\n");
}

function quantile(values: Float64Array, share: number): string {
  const sorted = values.toSorted();
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
}

const grouped = (value: number): string => value.toLocaleString("en-US");
