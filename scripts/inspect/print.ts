import { factsOf, latencyText, operationText } from "../../src/time-travel/facts.ts";
import type { Stretch } from "../../src/time-travel/stretches.ts";
import type { Timeline } from "../../src/time-travel/timeline.ts";

/** Units of an operation in a line of the table, and of text around a change. */
const operationUnits = 48;
const contextUnits = 200;

/**
 * What could do something to a terminal (control characters, and those that turn the direction of writing), as signs that show
 * it. Line feeds stay.
 */
export const harmless = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (sign) => {
    const code = sign.charCodeAt(0);
    if (sign === "\n") return sign;
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });

/** One line of the table. */
export function tableLine(timeline: Timeline, version: number): string {
  const facts = factsOf(timeline, version);
  if (!facts) return "";
  const { at, kind, by, actor, userId, seq, base, transforms } = facts;
  return [
    String(version).padStart(8),
    new Date(at).toISOString().slice(0, 19).replace("T", " "),
    kind.padEnd(7),
    `${by} ${actor}/${harmless(userId).slice(0, 8)}`.padEnd(20),
    String(seq).padStart(7),
    String(base ?? "?").padStart(8),
    String(transforms ?? "?").padStart(10),
    latencyText(facts).padStart(14),
    ` ${harmless(operationText(facts.op, operationUnits))}`,
  ].join(" ");
}

export const tableHead =
  " version time                kind    by (actor/user)          seq     base transforms        latency  operation";

/** One line of JSON. */
export function jsonLine(timeline: Timeline, version: number): string {
  const { at, userId, clientId, latencyMs, base, transforms, hash, traceId, ...facts } = factsOf(
    timeline,
    version,
  )!;
  return JSON.stringify({
    ...facts,
    at: new Date(at).toISOString(),
    user_id: userId,
    client_id: clientId,
    base: base ?? null,
    transforms: transforms ?? null,
    latency_ms: latencyMs ?? null,
    hash: hash ?? null,
    trace_id: traceId ?? null,
  });
}

/** What a bundle is of, and whether its replay went as it should, in a line or some. */
export function summary({ bundle, first, last, fault }: Timeline): string[] {
  const { documentId, software, exportedAt, version, note, isAnonymized } = bundle.head;
  const lines = [
    `Document ${harmless(documentId)}${isAnonymized ? ", anonymized" : ""}: versions ${first} to ${version}, ` +
      `${bundle.actors.size} writers; exported ${harmless(exportedAt)} by ${harmless(software)}.`,
  ];
  if (note) lines.push(`Note: ${harmless(note)}`);
  if (!fault) lines.push(`Sound: ${last - first} operations replayed, every hash is what it should be.`);
  return lines;
}

/** Where a replay went wrong: the operation, both hashes, the text before and after. */
export function faultLines(timeline: Timeline): string[] {
  const { fault, last } = timeline;
  if (!fault) return [];
  const { version, what, expected, actual } = fault;
  const lines = [`DIFFERS at version ${version}: ${what}`];
  if (expected !== undefined) lines.push(`  expected ${expected}`, `  replayed ${actual}`);
  const made = timeline.operation(version);
  if (!made) return lines;
  const { traceId } = factsOf(timeline, version) ?? {};
  lines.push("", tableHead, tableLine(timeline, version));
  if (traceId) lines.push(`  trace ${traceId}`);
  lines.push(
    `  ${harmless(operationText(made.operation, 2_000))}`,
    "",
    `Text before, at version ${version - 1}:`,
  );
  if (version > last) {
    const [keep] = made.operation;
    const at = Math.min(typeof keep === "number" && keep > 0 ? keep : 0, timeline.at(last).length);
    const from = Math.max(0, at - contextUnits);
    lines.push(
      harmless(timeline.at(last).slice(from, Math.min(at + contextUnits, timeline.at(last).length))),
    );
  } else {
    const stretches = timeline.changed(version, contextUnits);
    lines.push(without("inserted", stretches), "", "Text after:", without("deleted", stretches));
  }
  return lines;
}

/** One side of a change; what the other side does not have is in brackets. */
function without(mark: "inserted" | "deleted", stretches: readonly Stretch[]): string {
  return stretches
    .map((stretch) => {
      if (stretch.omitted !== undefined) return `[… ${stretch.omitted} units …]`;
      if (stretch.mark === undefined) return harmless(stretch.text);
      return stretch.mark === mark ? "" : `⟦${harmless(stretch.text)}⟧`;
    })
    .join("");
}
