import { AsyncLocalStorage } from "node:async_hooks";
import { operationTraceId } from "../protocol/operation-trace.ts";

/** On behalf of what something is done: a request that is being answered, or an event that is being consumed. */
export interface TraceScope {
  /** 32 hexadecimal digits; null: an event that comes from neither request nor operation. */
  readonly traceId: string | null;
  /** Of the newest operation that it has led to. */
  operationTraceId?: string;
}

const scopes = new AsyncLocalStorage<TraceScope>();

/** Whatever happens in `run`, however long after, is done on behalf of this (law TR-3). */
export function inTrace<T>(scope: TraceScope, run: () => T): T {
  return scopes.run(scope, run);
}

/** The trace id of what is going on; undefined where that is known of nothing. */
export const currentTraceId = (): string | undefined => scopes.getStore()?.traceId ?? undefined;

/**
 * Notes that what is going on has led to this version of a document, for the request's line and span (law TR-2). The trace id of
 * the operation.
 */
export function cameToVersion(documentId: string, version: number): string {
  const traceId = operationTraceId(documentId, version);
  const scope = scopes.getStore();
  if (scope) scope.operationTraceId = traceId;
  return traceId;
}
