import { errorFields, isLogged, log } from "./log.ts";
import { countRequest } from "./request-metrics.ts";

/** What is known of a request when it has been answered. Nothing here is a path, a body, a secret or a text. */
export interface EndedRequest {
  requestId: string;
  traceId: string;
  /** Of the operation that it has led to, if it has (law TR-2). */
  operationTraceId: string | undefined;
  /** Who asked, where a token said so: a user, or a guest of a shared document. */
  userId: string | undefined;
  /** The document of the route's address. */
  documentId: string | undefined;
  /** The version that the answer has told of. */
  version: number | undefined;
  method: string;
  /** The route's pattern: `/api/v1/documents/:id`. */
  route: string;
  status: number;
  /** The error's code where it was refused; else "ok". */
  outcome: string;
  /** Milliseconds until the head of the answer: a stream goes on after it. In production the clock stands still but for I/O. */
  durationMs: number;
}

export type EndedRequestListener = (ended: EndedRequest, env: Env) => void;

/** Who is told of every request that was answered, in this order. */
const listeners: readonly EndedRequestListener[] = [logRequest, countRequest];

/** Tells them. What one of them throws changes neither the answer nor what the others hear. */
export function requestEnded(ended: EndedRequest, env: Env): void {
  for (const listener of listeners) {
    try {
      listener(ended, env);
    } catch (error) {
      log("error", "listener_failed", { request_id: ended.requestId, ...errorFields(error) });
    }
  }
}

function logRequest(ended: EndedRequest): void {
  // The cause has a line of its own, which is an error; what is not set up here (501) is no fault.
  const level = ended.status >= 500 && ended.status !== 501 ? "warn" : "info";
  if (!isLogged(level)) return;
  log(level, "request", {
    request_id: ended.requestId,
    trace_id: ended.traceId,
    operation_trace_id: ended.operationTraceId,
    user_id: ended.userId,
    document_id: ended.documentId,
    version: ended.version,
    method: ended.method,
    route: ended.route,
    status: ended.status,
    outcome: ended.outcome,
    duration_ms: ended.durationMs,
  });
}
