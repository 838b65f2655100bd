import type { JoinedTraces } from "./joined-traces.ts";
import {
  type KeyValue,
  keyValues,
  nanoseconds,
  type OtlpLog,
  type OtlpSpan,
  type Scalar,
  spanKind,
} from "./otlp-json.ts";

/** Where what has ended goes. */
export interface Sink {
  span(span: OtlpSpan): void;
  log(record: OtlpLog): void;
  /** So many spans are not told of. */
  dropped(spans: number): void;
}

interface OpenSpan {
  /** The platform's id of the trace. */
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: number;
  startedAt: Date;
  attributes: Record<string, Scalar>;
  exceptions: NonNullable<OtlpSpan["events"]>;
  failed: boolean;
}

/** Spans of one invocation that may be open at a time: a socket's or a cron's must not fill memory. */
const mostOpen = 1_000;

/**
 * Attributes that are exported: the service's own, whose names have no dot or begin as below, and of the platform's those that hold
 * no address and no header, in either of which there may be a secret (a webhook's URL is one).
 */
const exportable =
  /^([a-z_]+|(operation|trace|cloudflare|faas|jsrpc|rpc|messaging|db)\..+|http\.(route|request\.method|(request|response)\.body\.size|response\.status_code))$/;
const notExportable = /^cloudflare\.durable_object\.kv\./;

/** One run of the Worker, or of one of its objects, as the platform's streaming tail tells of it: its spans and lines. */
export class Invocation {
  readonly #sink: Sink;
  readonly #joined: JoinedTraces;
  readonly #open = new Map<string, OpenSpan>();
  readonly #root: OpenSpan;

  constructor(
    { event, spanContext, timestamp }: TailStream.TailEvent<TailStream.Onset>,
    sink: Sink,
    joined: JoinedTraces,
  ) {
    this.#sink = sink;
    this.#joined = joined;
    const { info } = event;
    this.#root = {
      traceId: spanContext.traceId,
      spanId: event.spanId,
      parentSpanId: spanContext.spanId,
      name: info.type === "fetch" ? info.method : info.type,
      kind: rootKind(info.type),
      startedAt: timestamp,
      attributes: {
        "faas.trigger": info.type,
        ...(info.type === "fetch" && { "http.request.method": info.method }),
        ...(info.type === "queue" && { "messaging.destination.name": info.queueName }),
        ...(event.entrypoint !== undefined && { "faas.name": event.entrypoint }),
      },
      exceptions: [],
      failed: false,
    };
    this.#open.set(event.spanId, this.#root);
  }

  /** True once it has ended. */
  hear({ event, spanContext, timestamp }: TailStream.TailEvent<TailStream.EventType>): boolean {
    const span = this.#open.get(spanContext.spanId ?? "");
    if (event.type === "spanOpen") this.#opened(event, spanContext, timestamp);
    else if (event.type === "log") this.#log(event, spanContext, timestamp);
    else if (event.type === "outcome") {
      if (event.outcome !== "ok") this.#root.failed = true;
      for (const open of [...this.#open.values()].reverse()) this.#close(open, timestamp);
      return true;
    } else if (span) this.#tell(span, event, timestamp);
    return false;
  }

  #opened(event: TailStream.SpanOpen, { traceId, spanId }: TailStream.SpanContext, startedAt: Date): void {
    if (this.#open.size >= mostOpen) {
      this.#sink.dropped(1);
      return;
    }
    this.#open.set(event.spanId, {
      traceId,
      spanId: event.spanId,
      parentSpanId: spanId,
      name: event.name,
      kind: kindOf(event.name),
      startedAt,
      attributes: {},
      exceptions: [],
      failed: false,
    });
  }

  #tell(span: OpenSpan, event: TailStream.EventType, timestamp: Date): void {
    if (event.type === "attributes") this.#describe(span, event.info);
    else if (event.type === "exception") {
      // Neither its words nor its stack: they may quote what it failed on.
      const { name, code } = event;
      const attributes = keyValues({
        "exception.type": name,
        ...(code !== undefined && { "error.type": code }),
      });
      span.exceptions.push({ timeUnixNano: nanoseconds(timestamp), name: "exception", attributes });
    } else if (event.type === "spanUpdate") {
      if (event.info.type === "name") span.name = event.info.name;
      else span.failed = event.info.status.code === "error";
    } else if (event.type === "return") {
      const status = event.info?.statusCode;
      if (status !== undefined) span.attributes["http.response.status_code"] = status;
      if (status !== undefined && status >= 500) span.failed = true;
    } else if (event.type === "spanClose") {
      if (event.outcome !== "ok") span.failed = true;
      this.#close(span, timestamp);
    }
  }

  #describe(span: OpenSpan, attributes: readonly TailStream.Attribute[]): void {
    for (const { name, value } of attributes) {
      if (!exportable.test(name) || notExportable.test(name)) continue;
      span.attributes[name] =
        typeof value === "bigint" ? Number(value) : Array.isArray(value) ? value.join(" ") : value;
    }
    const {
      "trace.caller_id": caller,
      "trace.caller_span_id": callerSpan,
      "http.route": route,
    } = span.attributes;
    if (typeof caller === "string" && typeof callerSpan === "string") {
      this.#joined.join(span.traceId, caller);
      this.#root.parentSpanId = callerSpan;
    }
    // The service's span of a request is right below the platform's.
    if (
      span.parentSpanId === this.#root.spanId &&
      typeof route === "string" &&
      this.#root.attributes["faas.trigger"] === "fetch"
    ) {
      this.#root.attributes["http.route"] = route;
      this.#root.name = `${this.#root.attributes["http.request.method"]} ${route}`;
    }
  }

  #close(span: OpenSpan, endedAt: Date): void {
    this.#open.delete(span.spanId);
    // It is there to tell the caller's ids, and has.
    if (span.name === "traceparent") return;
    const { traceId, spanId, parentSpanId, name, kind, startedAt, attributes, exceptions, failed } = span;
    const exported = this.#joined.exported(traceId);
    this.#sink.span({
      traceId: exported,
      spanId,
      ...(parentSpanId !== undefined && { parentSpanId }),
      name,
      kind,
      startTimeUnixNano: nanoseconds(startedAt),
      endTimeUnixNano: nanoseconds(endedAt),
      attributes: keyValues({
        ...attributes,
        ...(exported !== traceId && { "cloudflare.trace_id": traceId }),
      }),
      ...(exceptions.length > 0 && { events: exceptions }),
      ...(failed && { status: { code: 2 } }),
    });
  }

  #log({ level, message }: TailStream.Log, { traceId, spanId }: TailStream.SpanContext, at: Date): void {
    const { body, attributes } = lineOf(message);
    this.#sink.log({
      timeUnixNano: nanoseconds(at),
      observedTimeUnixNano: nanoseconds(at),
      severityNumber: severities[level],
      severityText: level === "log" ? "INFO" : level.toUpperCase(),
      body: { stringValue: body },
      attributes,
      traceId: this.#joined.exported(traceId),
      ...(spanId !== undefined && { spanId }),
    });
  }
}

const severities = { debug: 5, log: 9, info: 9, warn: 13, error: 17 };

/** The service's lines are JSON with an `event`; `wrangler dev` puts the Worker's name before them. */
function lineOf(message: object | string): { body: string; attributes: KeyValue[] } {
  const parts: unknown[] = Array.isArray(message) ? message : [message];
  try {
    const { event, ...fields } = JSON.parse(String(parts.at(-1)));
    if (typeof event === "string") {
      const scalars = Object.entries(fields).filter(
        (field): field is [string, Scalar] => field[1] !== null && typeof field[1] !== "object",
      );
      return { body: event, attributes: keyValues(Object.fromEntries(scalars)) };
    }
  } catch {
    // Not one of ours: the platform's own, or a library's.
  }
  return { body: "a line that is not the service's own", attributes: [] };
}

function rootKind(type: TailStream.Onset["info"]["type"]): number {
  if (type === "queue") return spanKind.consumer;
  return type === "fetch" || type === "jsrpc" ? spanKind.server : spanKind.internal;
}

function kindOf(name: string): number {
  if (name === "queue_send") return spanKind.producer;
  return /^(fetch|jsRpcCall|durable_object_subrequest|d1_.*)$/.test(name)
    ? spanKind.client
    : spanKind.internal;
}
