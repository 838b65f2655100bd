import { tracing } from "cloudflare:workers";
import { errorFields } from "./log.ts";
import { Problem } from "./problem.ts";

/** What a span may carry: ids, codes, counts. Never a body, a token, an address or a text of a document. */
export type SpanAttributes = Record<string, string | number | boolean | undefined>;

/** Of a span, what the code inside of it uses. */
export type ActiveSpan = Pick<Span, "setAttributes" | "isTraced">;

/**
 * Runs something in a span of the platform's, below the one that it is called in, until it has returned or its promise has
 * ended. What it throws is recorded, without being quoted, and thrown on. Statements of D1, calls of Durable Objects, messages to
 * queues and requests to elsewhere have spans of the platform's own (docs/tracing.md).
 */
export function inSpan<T>(name: string, attributes: SpanAttributes, run: (span: ActiveSpan) => T): T {
  return tracing.enterSpan(name, (span) => {
    if (span.isTraced) span.setAttributes(attributes);
    try {
      const result = run(span);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        record(span, error);
        throw error;
      }) as T;
    } catch (error) {
      record(span, error);
      throw error;
    }
  });
}

/** A refusal that the caller is meant to see is an exception, too, but not a fault. */
function record(span: Span, error: unknown): void {
  if (error instanceof Problem) {
    span.recordException({ name: error.name, code: error.code });
    return;
  }
  const { error: name, code } = errorFields(error);
  span.recordException({ name: String(name), ...(code !== undefined && { code: String(code) }) });
  span.setStatus({ code: "error" });
}

/** Where a request stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** The caller's, where one came; by it the request is found in logs and spans. */
  traceId: string;
  /** The header that goes back. */
  traceparent: string;
}

/**
 * A request's place in the caller's trace, or in one of its own. The platform takes no trace id from outside for its spans: this
 * one bears the caller's as attributes, and so joins the two.
 */
export function joinTrace(header: string | undefined): TraceContext {
  const span = tracing.getActiveSpan();
  const native = span?.isTraced ? span.spanContext() : undefined;
  const caller = parseTraceparent(header);
  if (caller) {
    const ids = { "trace.caller_id": caller.traceId, "trace.caller_span_id": caller.spanId };
    span?.setAttributes(ids);
    // What a span has is told when it ends. Who exports spans has to know this before those below it end: so there is a span that
    // ends at once.
    inSpan("traceparent", ids, () => {});
  }
  const traceId = caller?.traceId ?? native?.traceId ?? randomHex(16);
  const flags = caller?.flags ?? (native ? "01" : "00");
  return { traceId, traceparent: `00-${traceId}-${native?.spanId ?? randomHex(8)}-${flags}` };
}

/** The header that goes along to others, from the span that is open here, in a trace (32 hexadecimal digits). */
export function traceparentFrom(traceId: string): string {
  const span = tracing.getActiveSpan();
  return span?.isTraced
    ? `00-${traceId}-${span.spanContext().spanId}-01`
    : `00-${traceId}-${randomHex(8)}-00`;
}

/** A `traceparent` header (W3C Trace Context §3.2), of this version or of one to come; undefined for any other text. */
function parseTraceparent(
  header: string | undefined,
): { traceId: string; spanId: string; flags: string } | undefined {
  const [, version, traceId, spanId, flags, more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header ?? "") ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) {
    return undefined;
  }
  const isOfNoVersion = version === "ff" || (version === "00" && more !== undefined);
  if (isOfNoVersion || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  // Of the flags only the first is of this version: sampled.
  return { traceId, spanId, flags: Number.parseInt(flags, 16) % 2 === 1 ? "01" : "00" };
}

const randomHex = (bytes: number): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
