import { describe, expect, it } from "vitest";
import { Invocation } from "../../src/otlp/invocation.ts";
import { JoinedTraces } from "../../src/otlp/joined-traces.ts";
import type { OtlpLog, OtlpSpan } from "../../src/otlp/otlp-json.ts";
import { logsRequest, tracesRequest } from "../../src/otlp/otlp-json.ts";
import { decode } from "../support/otlp-receiver.ts";

const traceId = "244228bfed14f84c45b72ab2c52fcd03";
const caller = "0af7651916cd43dd8448eb211c80319c";
const id = (number: number): string => number.toString(16).padStart(16, "0");

/** One run of the Worker, told event by event, and what a collector has of it. */
function told(
  info: object,
  events: [spanId: number, event: object][],
  { joined = new JoinedTraces(), parent }: { joined?: JoinedTraces; parent?: number } = {},
) {
  const spans: OtlpSpan[] = [];
  const logs: OtlpLog[] = [];
  let dropped = 0;
  const sink = {
    span: (span: OtlpSpan) => void spans.push(span),
    log: (record: OtlpLog) => void logs.push(record),
    dropped: (count: number) => {
      dropped += count;
    },
  };
  let sequence = 0;
  const event = (spanId: number | undefined, what: object) =>
    ({
      invocationId: "run",
      spanContext: { traceId, ...(spanId !== undefined && { spanId: id(spanId) }) },
      timestamp: new Date(1_795_419_158_911 + sequence),
      sequence: sequence++,
      event: what,
    }) as TailStream.TailEvent<never>;
  const onset = { type: "onset", spanId: id(1), executionModel: "stateless", info };
  const invocation = new Invocation(event(parent, onset), sink, joined);
  const ends = events.map(([spanId, what]) => invocation.hear(event(spanId, what)));
  const { spans: received } = decode("/v1/traces", JSON.stringify(tracesRequest([], spans)));
  const { lines } = decode("/v1/logs", JSON.stringify(logsRequest([], logs)));
  return { spans: received, lines, dropped, ended: ends.at(-1) };
}

const request = {
  type: "fetch",
  method: "POST",
  url: "https://materi.test/s/s3cret?token=s3cret",
  headers: [{ name: "cookie", value: "s3cret" }],
};
const open = (span: number, name: string) => ({ type: "spanOpen", spanId: id(span), name });
const attributes = (fields: Record<string, unknown>) => ({
  type: "attributes",
  info: Object.entries(fields).map(([name, value]) => ({ name, value })),
});
const close = (outcome = "ok") => ({ type: "spanClose", outcome });
const outcome = (how = "ok") => ({ type: "outcome", outcome: how, cpuTime: 0, wallTime: 0 });

describe("what is exported of a run", () => {
  it("has the trace of who called, whose span is the parent; the platform's id stands beside", () => {
    const joined = new JoinedTraces();
    const { spans, ended } = told(
      request,
      [
        [1, open(2, "HTTP POST")],
        [2, open(4, "traceparent")],
        [4, attributes({ "trace.caller_id": caller, "trace.caller_span_id": id(77) })],
        [4, close()],
        [2, open(3, "d1_all")],
        [3, close()],
        [2, attributes({ "http.route": "/documents", "http.response.status_code": 201 })],
        [2, close()],
        [1, { type: "return", info: { type: "fetch", statusCode: 201 } }],
        [1, outcome()],
      ],
      { joined },
    );
    expect(ended).toBe(true);
    expect(spans.map(({ name, kind, parentSpanId }) => [name, kind, parentSpanId])).toEqual([
      ["d1_all", "SPAN_KIND_CLIENT", id(2)],
      ["HTTP POST", "SPAN_KIND_INTERNAL", id(1)],
      ["POST /documents", "SPAN_KIND_SERVER", id(77)],
    ]);
    for (const span of spans) {
      expect(span).toMatchObject({
        traceId: caller,
        attributes: { "cloudflare.trace_id": traceId },
        failed: false,
      });
      expect(span.endMs).toBeGreaterThan(span.startMs);
    }
    // The room that was called has a run of its own.
    const room = told({ type: "jsrpc" }, [[1, outcome()]], { joined, parent: 3 });
    expect(room.spans).toMatchObject([{ traceId: caller, parentSpanId: id(3), name: "jsrpc" }]);
  });

  it("holds no address, header, exception's words, or line that is not the service's own", () => {
    const { spans, lines } = told(request, [
      [1, open(2, "fetch")],
      [
        2,
        attributes({
          "url.full": "https://hooks.test/s3cret",
          "http.request.header.authorization": "s3cret",
          "http.response.status_code": 200,
        }),
      ],
      [2, { type: "exception", name: "TypeError", message: "s3cret", stack: "s3cret", code: "ECONNRESET" }],
      [
        2,
        {
          type: "log",
          level: "warn",
          message: ["[materi]", JSON.stringify({ event: "e", count: 1, nested: { s: "s3cret" } })],
        },
      ],
      [2, { type: "log", level: "log", message: ["s3cret"] }],
      [1, outcome("exception")],
    ]);
    expect(JSON.stringify([spans, lines])).not.toContain("s3cret");
    expect(spans[0]).toMatchObject({
      attributes: { "http.response.status_code": 200 },
      events: [
        { name: "exception", attributes: { "exception.type": "TypeError", "error.type": "ECONNRESET" } },
      ],
    });
    expect(spans[1]).toMatchObject({ name: "POST", failed: true });
    expect(lines).toMatchObject([
      { body: "e", severity: "SEVERITY_NUMBER_WARN", attributes: { count: 1 }, traceId, spanId: id(2) },
      { body: "a line that is not the service's own", attributes: {} },
    ]);
  });

  it("is bounded: of a run that opens without end, a thousand spans are open at a time", () => {
    const events = Array.from({ length: 1_500 }, (_, n): [number, object] => [1, open(n + 2, "span")]);
    const { spans, dropped } = told({ type: "scheduled", cron: "* * * * *" }, [...events, [1, outcome()]]);
    expect(spans.length).toBe(1_000);
    expect(dropped).toBe(501);
  });

  it("remembers 4,096 callers, of more the newest", () => {
    const joined = new JoinedTraces();
    for (let n = 0; n < 5_000; n++) joined.join(`native ${n}`, `caller ${n}`);
    expect(joined.exported("native 4999")).toBe("caller 4999");
    expect(joined.exported("native 903")).toBe("native 903");
    expect(joined.exported("native 904")).toBe("caller 904");
  });
});
