import { deflateRawSync } from "node:zlib";
import { replacement } from "../../src/ot/operation.ts";
import type { Flush } from "../../src/room/operation-log.ts";
import { decodeSegment, encodeSegment } from "../../src/room/segment.ts";
import { segmentRuns } from "../../src/room/segment-runs.ts";
import { Random } from "../../test/support/ot-random.ts";
import type { Recording } from "../trace/recording.ts";
import type { Figures } from "../workload.ts";

/**
 * What a sealed log takes in all: every edit an operation and a commit of its own, as a lone typist makes them, with author and time,
 * and the newest text. Recordings without times get those of a typist: 5 edits a second, pauses, seeded.
 */
export function sealedSize({ edits, text, times }: Recording): Figures {
  let bytes = 0;
  let segments = 0;
  let sealing = 0;
  let reading = 0;
  for (const run of segmentRuns(flushesOf(edits, times), Number.POSITIVE_INFINITY)) {
    const start = performance.now();
    const sealed = encodeSegment(run);
    const encoded = performance.now();
    const read = decodeSegment(sealed);
    reading += performance.now() - encoded;
    sealing += encoded - start;
    if (inShort(read) !== inShort(run)) throw new Error("a segment is not what was sealed");
    segments += 1;
    bytes += sealed.length;
  }
  const snapshot = deflateRawSync(Buffer.from(text), { level: 9 }).length;
  return {
    "bytes per edit": (bytes + snapshot) / edits.length,
    "of them snapshot": snapshot / edits.length,
    "ms to seal a segment": sealing / segments,
    "ms to read one": reading / segments,
  };
}

/** Times are kept to the second. */
const inShort = (flushes: Iterable<Flush>): string =>
  JSON.stringify(
    [...flushes].map(({ from, at, entries: [entry] }) => [from, Math.floor(at / 1_000), entry?.operation]),
  );

function* flushesOf(edits: Recording["edits"], times: Recording["times"]): Generator<Flush> {
  const random = new Random(20_261_122);
  let at = 1_700_000_000_000;
  for (const [index, edit] of edits.entries()) {
    at = times?.[index] ?? at + 80 + random.int(240) + (random.chance(0.01) ? random.int(60_000) : 0);
    const seq = index + 1;
    yield { from: seq, at, entries: [{ actor: 1, seq, operation: replacement(...edit) }] };
  }
}
