// Decodes what an OTLP receiver gets as a collector does: by the published definitions (test/support/otlp, opentelemetry-proto
// 1.11, Apache-2.0), strictly: a field that they do not know, or a value of another type, is an error.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import protobuf from "protobufjs";
import * as protojson from "protobufjs/ext/protojson.js";

protojson.install();

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => resolve(import.meta.dirname, "otlp", target);
root.loadSync([
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  "opentelemetry/proto/collector/logs/v1/logs_service.proto",
]);
const types = {
  "/v1/traces": root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"),
  "/v1/logs": root.lookupType("opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"),
};

type Attributes = Record<string, string | number | boolean>;

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  resource: Attributes;
  events: { name: string; attributes: Attributes }[];
  failed: boolean;
}

export interface ReceivedLine {
  traceId: string;
  spanId: string;
  severity: string;
  body: string;
  attributes: Attributes;
}

/** Ids are hexadecimal in OTLP's JSON (its only departure from Protobuf's), and base64 in that. */
function withBase64Ids(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withBase64Ids);
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const bytes = { traceId: 16, spanId: 8, parentSpanId: 8 }[key];
      if (bytes === undefined) return [key, withBase64Ids(value)];
      if (!new RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(String(value))) throw new Error(`${key} is ${value}`);
      return [key, Buffer.from(String(value), "hex").toString("base64")];
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes ?? []).toString("hex");

// biome-ignore lint/suspicious/noExplicitAny: decoded messages, whose types are only known to the definitions
type Message = any;

function attributesOf(list: Message[]): Attributes {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [scalar] = ["stringValue", "boolValue", "intValue", "doubleValue"].flatMap(
        (field) => value[field] ?? [],
      );
      return [key, typeof scalar === "object" ? Number(scalar) : scalar];
    }),
  );
}

/** Throws on what is not a request of OTLP/HTTP in JSON. */
export function decode(path: string, text: string): { spans: ReceivedSpan[]; lines: ReceivedLine[] } {
  const type = types[path as keyof typeof types];
  if (!type) throw new Error(`no collector has ${path}`);
  const message = type.fromJson(withBase64Ids(JSON.parse(text)));
  // There and back by its binary form: what a collector stores.
  const decoded: Message = type.toObject(type.decode(type.encode(message).finish()), {
    enums: String,
    longs: Number,
    defaults: true,
    arrays: true,
    oneofs: false,
  });
  const spans = (decoded.resourceSpans ?? []).flatMap(({ resource, scopeSpans }: Message) =>
    scopeSpans.flatMap((scope: Message) =>
      scope.spans.map(
        (span: Message): ReceivedSpan => ({
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId),
          name: span.name,
          kind: span.kind,
          startMs: span.startTimeUnixNano / 1e6,
          endMs: span.endTimeUnixNano / 1e6,
          attributes: attributesOf(span.attributes),
          resource: attributesOf(resource.attributes),
          events: span.events.map(({ name, attributes }: Message) => ({
            name,
            attributes: attributesOf(attributes),
          })),
          failed: span.status?.code === "STATUS_CODE_ERROR",
        }),
      ),
    ),
  );
  const lines = (decoded.resourceLogs ?? []).flatMap(({ scopeLogs }: Message) =>
    scopeLogs.flatMap((scope: Message) =>
      scope.logRecords.map(
        (record: Message): ReceivedLine => ({
          traceId: hex(record.traceId),
          spanId: hex(record.spanId),
          severity: record.severityNumber,
          body: record.body.stringValue,
          attributes: attributesOf(record.attributes),
        }),
      ),
    ),
  );
  return { spans, lines };
}

/** A receiver on this machine, which keeps what it got. */
export async function startOtlpReceiver() {
  const got = { spans: [] as ReceivedSpan[], lines: [] as ReceivedLine[], text: "", faults: [] as unknown[] };
  let answer = (response: ServerResponse) => void response.writeHead(200).end("{}");
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    try {
      const { spans, lines } = decode(request.url ?? "", body);
      got.spans.push(...spans);
      got.lines.push(...lines);
      got.text += body;
    } catch (error) {
      got.faults.push(error);
    }
    answer(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answerBy(next: typeof answer): void {
      answer = next;
    },
    stop(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
