// What a collector is sent, as JSON: OTLP 1.11 (opentelemetry-proto), with ids in hexadecimal and 64-bit numbers as text.

export type Scalar = string | number | boolean;

export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number;
}

export interface KeyValue {
  key: string;
  value: AnyValue;
}

/** Values of the enumeration `SpanKind`. */
export const spanKind = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events?: { timeUnixNano: string; name: string; attributes: KeyValue[] }[];
  /** 2: an error (`STATUS_CODE_ERROR`). */
  status?: { code: 2 };
}

export interface OtlpLog {
  timeUnixNano: string;
  observedTimeUnixNano: string;
  severityNumber: number;
  severityText: string;
  body: AnyValue;
  attributes: KeyValue[];
  traceId: string;
  spanId?: string;
}

export const nanoseconds = (time: Date | number): string => `${Number(time)}000000`;

export function anyValue(value: Scalar): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export const keyValues = (fields: Record<string, Scalar>): KeyValue[] =>
  Object.entries(fields).map(([key, value]) => ({ key, value: anyValue(value) }));

const scope = { name: "materi" };

/** The body of `POST /v1/traces` (ExportTraceServiceRequest). */
export const tracesRequest = (resource: KeyValue[], spans: readonly OtlpSpan[]) => ({
  resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }],
});

/** The body of `POST /v1/logs` (ExportLogsServiceRequest). */
export const logsRequest = (resource: KeyValue[], logRecords: readonly OtlpLog[]) => ({
  resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ scope, logRecords }] }],
});
