import { AsyncLocalStorage } from "node:async_hooks";
import { operationTraceId } from "../protocol/operation-trace.ts";

interface TraceScope {
  traceId: string;
  operationTraceId?: string;
}

/** On behalf of what something is done: a request that is being answered, or an event that is being consumed. */
const scopes = new AsyncLocalStorage<TraceScope>();

/** Whatever happens in `run`, however long after, is part of this trace (law TR-3); null: of none. */
export function inTrace<T>(traceId: string | null, run: () => T): T {
  return traceId === null ? run() : scopes.run({ traceId }, run);
}

/** The trace id (32 hexadecimal digits) of what is going on; undefined outside of `inTrace`. */
export const currentTraceId = (): string | undefined => scopes.getStore()?.traceId;

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

/** Of the newest operation that what is going on has led to; undefined: to none. */
export const currentOperationTraceId = (): string | undefined => scopes.getStore()?.operationTraceId;
