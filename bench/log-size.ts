// How much storage a sealed log takes: bytes per edit, latest snapshot, author and time included.
//
//   node bench/log-size.ts FILE…      editing traces, JSON as in github.com/josephg/editing-traces, plain or gzipped;
//                                     sequential ones. One edit is one operation and one flush, as a lone typist makes them.
//
// A trace that was recorded with next to no times is also measured with times of a typist: 5 edits a second, pauses, seeded.
import { deflateRawSync } from "node:zlib";
import { readTrace, type Trace } from "../scripts/replay/trace.ts";
import { replacement } from "../src/ot/operation.ts";
import type { Flush } from "../src/room/operation-log.ts";
import { decodeSegment, encodeSegment } from "../src/room/segment.ts";
import { segmentRuns } from "../src/room/segment-runs.ts";
import { Random } from "../test/support/ot-random.ts";

/** One flush per edit; the time is the trace's, or the typist's. */
function* flushesOf(trace: Trace, typist: Random | undefined): Generator<Flush> {
  let seq = 0;
  let at = 1_700_000_000_000;
  let text = [...trace.startContent];
  const isPlain = !/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(trace));
  for (const { patches, time } of trace.edits) {
    for (const [position, deleted, inserted] of patches) {
      const before = isPlain ? position : text.slice(0, position).join("").length;
      const units = isPlain ? deleted : text.slice(position, position + deleted).join("").length;
      if (!isPlain) text = text.toSpliced(position, deleted, ...inserted);
      at = typist ? at + 80 + typist.int(240) + (typist.chance(0.01) ? typist.int(60_000) : 0) : (time ?? at);
      seq += 1;
      yield { from: seq, at, entries: [{ actor: 1, seq, operation: replacement(before, units, inserted) }] };
    }
  }
}

function measure(name: string, trace: Trace, typist: Random | undefined): void {
  let edits = 0;
  let segments = 0;
  let bytes = 0;
  let encoding = 0;
  let decoding = 0;
  for (const run of segmentRuns(flushesOf(trace, typist), Number.POSITIVE_INFINITY)) {
    const start = performance.now();
    const sealed = encodeSegment(run);
    const encoded = performance.now();
    decodeSegment(sealed);
    decoding += performance.now() - encoded;
    encoding += encoded - start;
    edits += run.reduce((sum, { entries }) => sum + entries.length, 0);
    segments += 1;
    bytes += sealed.length;
  }
  const snapshot = deflateRawSync(Buffer.from(trace.endContent), { level: 9 }).length;
  const perEdit = (size: number) => (size / edits).toFixed(3);
  process.stdout.write(
    `${name}: ${edits} edits, ${segments} segments of ${Math.round(bytes / segments)} bytes, snapshot ${snapshot}; ` +
      `bytes per edit: log ${perEdit(bytes)}, snapshot ${perEdit(snapshot)}, together ${perEdit(bytes + snapshot)}; ` +
      `ms per segment: sealed in ${(encoding / segments).toFixed(1)}, read in ${(decoding / segments).toFixed(1)}\n`,
  );
}

for (const file of process.argv.slice(2)) {
  const trace = readTrace(file);
  const hasTimes = new Set(trace.edits.map(({ time }) => time)).size > trace.edits.length / 100;
  measure(`${file}${hasTimes ? "" : " (no times)"}`, trace, undefined);
  if (!hasTimes) measure(`${file} (a typist's times)`, trace, new Random(20_261_122));
}
