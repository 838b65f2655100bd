import { operationTraceId } from "../../src/protocol/operation-trace.ts";

/** A span as `wrangler dev` has recorded it. */
export interface RecordedSpan {
  traceId: string;
  spanId: string;
  parentId: string | null;
  name: string;
  startMs: number;
  /** Null: it is still open. */
  durationMs: number | null;
  failed: boolean;
  attributes: Record<string, string | number | boolean>;
}

/** A line of the service's log, or what was thrown. */
export interface RecordedLine {
  spanId: string | null;
  atMs: number;
  level: string;
  event: string;
  fields: Record<string, unknown>;
}

/** What to look for. `id` is a trace id, a request id or the trace id of an operation. */
export type Wanted =
  | { id: string }
  | { documentId: string; version: number }
  /** The newest request of a person or program. */
  | { last: true };

/** A trace of the platform's, and which of its spans (and lines) are what was looked for. */
export interface FoundTrace {
  traceId: string;
  /** It is the trace itself, not something in it. */
  isWhole: boolean;
  spanIds: ReadonlySet<string>;
}

/** Reads what a service keeps that `wrangler dev` serves; `url` is its address. */
export class RecordedSpans {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The traces in the order of their time. */
  async find(wanted: Wanted): Promise<FoundTrace[]> {
    if ("last" in wanted) {
      const [[requestId] = []] = await this.#query(
        `SELECT attributes ->> 'request_id' FROM spans
         WHERE name LIKE 'HTTP %' AND attributes ->> 'request_id' IS NOT NULL
           AND attributes ->> 'http.route' NOT LIKE '/health%' ORDER BY start_ms DESC, rowid DESC LIMIT 1`,
      );
      return requestId === undefined ? [] : this.find({ id: String(requestId) });
    }
    const { documentId = null, version = null } = "documentId" in wanted ? wanted : {};
    const id = "id" in wanted ? wanted.id : operationTraceId(wanted.documentId, wanted.version);
    const rows = await this.#query(
      `SELECT trace_id, span_id, trace_id = ?1 OR attributes ->> 'trace.caller_id' = ?1 OR attributes ->> 'request_id' = ?1
       FROM spans
       WHERE trace_id = ?1 OR attributes ->> 'trace.caller_id' = ?1 OR attributes ->> 'request_id' = ?1
         OR attributes ->> 'trace_id' = ?1 OR attributes ->> 'operation_trace_id' = ?1
         OR ' ' || (attributes ->> 'operation_trace_ids') || ' ' LIKE '% ' || ?1 || ' %'
         OR (name = 'room.commit' AND attributes ->> 'document_id' = ?2
             AND ?3 BETWEEN attributes ->> 'version' - attributes ->> 'operations' + 1 AND attributes ->> 'version')
       ORDER BY start_ms, rowid`,
      [id, documentId, version],
    );
    const lines = await this.#query(
      `SELECT trace_id, span_id, 0 FROM logs WHERE message LIKE '%' || ?1 || '%' ORDER BY ts_ms`,
      [id],
    );
    const found = new Map<string, { isWhole: boolean; spanIds: Set<string> }>();
    for (const [traceId, spanId, isWhole] of [...rows, ...lines]) {
      const trace = found.get(String(traceId)) ?? { isWhole: false, spanIds: new Set() };
      trace.isWhole ||= isWhole === 1;
      if (spanId !== null) trace.spanIds.add(String(spanId));
      found.set(String(traceId), trace);
    }
    return [...found].map(([traceId, trace]) => ({ traceId, ...trace }));
  }

  async spansOf(traceId: string): Promise<RecordedSpan[]> {
    const rows = await this.#query(
      `SELECT span_id, parent_id, name, start_ms, duration_ms, outcome, error, json(attributes) FROM spans
       WHERE trace_id = ? ORDER BY start_ms, rowid`,
      [traceId],
    );
    return rows.map(([spanId, parentId, name, startMs, durationMs, outcome, error, attributes]) => ({
      traceId,
      spanId: String(spanId),
      parentId: parentId === null ? null : String(parentId),
      name: String(name),
      startMs: Number(startMs),
      durationMs: durationMs === null ? null : Number(durationMs),
      failed: error !== null || !["ok", null].includes(outcome as string | null),
      attributes: JSON.parse(String(attributes ?? "{}")) ?? {},
    }));
  }

  async linesOf(traceId: string): Promise<RecordedLine[]> {
    const rows = await this.#query(
      "SELECT span_id, ts_ms, level, message FROM logs WHERE trace_id = ? ORDER BY ts_ms, seq",
      [traceId],
    );
    return rows.flatMap(([spanId, atMs, level, message]) => {
      const line = lineOf(String(message));
      return line
        ? [
            {
              spanId: spanId === null ? null : String(spanId),
              atMs: Number(atMs),
              level: String(level),
              ...line,
            },
          ]
        : [];
    });
  }

  async #query(sql: string, params: unknown[] = []): Promise<unknown[][]> {
    const address = `${this.#url}/cdn-cgi/explorer/api/local/observability/query`;
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql, params }),
    });
    if (!response.ok)
      throw new Error(`${address} answered ${response.status}: is this a service that npm start runs?`);
    const { success, errors, result } = (await response.json()) as {
      success: boolean;
      errors: { message: string }[];
      result: { rows: unknown[][] } | null;
    };
    if (!success || !result) throw new Error(errors.map(({ message }) => message).join("; "));
    return result.rows;
  }
}

/** Besides the service's lines there is one of the recorder's for every run of the Worker, which says nothing new. */
function lineOf(message: string): Pick<RecordedLine, "event" | "fields"> | undefined {
  const logged: unknown = JSON.parse(message);
  if (typeof logged === "string") {
    // An exception that nobody caught: its first line, as the platform tells it.
    return /^\w*Error\b/.test(logged) ? { event: logged.split("\n", 1)[0]!, fields: {} } : undefined;
  }
  const text = Array.isArray(logged) ? String(logged.at(-1)) : message;
  try {
    const { event, ...fields } = JSON.parse(text);
    return { event: String(event), fields };
  } catch {
    return { event: text, fields: {} };
  }
}
