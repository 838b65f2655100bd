import type { Context, Next } from "hono";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { requestEnded } from "./ended-requests.ts";
import { inTrace, type TraceScope } from "./trace-scope.ts";
import { type ActiveSpan, inSpan, joinTrace } from "./tracing.ts";

export interface RequestContext {
  Bindings: Env;
  Variables: {
    requestId: string;
    traceId: string;
    /** Who asked, once a token has said so. */
    userId?: string;
    /** The version that the answer tells of, where its `ETag` does not. */
    version?: number;
    /** The code of the refusal. */
    outcome?: string;
  };
}

/**
 * Gives every request an id (the caller's own, if it is short and plain), a place in a trace and a span, and every answer the
 * headers that hold for all. Answers are private unless a handler says otherwise.
 */
export const requestContext = createMiddleware<RequestContext>((c, next) =>
  inSpan(`HTTP ${c.req.method}`, { "http.request.method": c.req.method }, (span) => answer(c, next, span)),
);

async function answer(c: Context<RequestContext>, next: Next, span: ActiveSpan): Promise<void> {
  const startedAt = performance.now();
  const offered = c.req.header("x-request-id");
  const requestId = offered && /^[\w-]{8,64}$/.test(offered) ? offered : crypto.randomUUID();
  c.set("requestId", requestId);
  const { traceId, traceparent } = joinTrace(c.req.header("traceparent"));
  c.set("traceId", traceId);
  const scope: TraceScope = { traceId };
  await inTrace(scope, next);
  const { operationTraceId } = scope;
  const route = routePath(c, -1);
  const { status } = c.res;
  span.setAttributes({
    request_id: requestId,
    "http.route": route,
    "http.response.status_code": status,
    operation_trace_id: operationTraceId,
  });
  requestEnded(
    {
      requestId,
      traceId,
      operationTraceId,
      userId: c.get("userId"),
      documentId: documentOf(c, route),
      version: c.get("version") ?? taggedVersion(c.res.headers.get("etag")),
      method: c.req.method,
      route,
      status,
      outcome: c.get("outcome") ?? "ok",
      durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
    },
    c.env,
  );
  // The answer to a socket upgrade is the room's and cannot be changed.
  if (status !== 101) finish(c, { requestId, traceparent });
}

/** The headers that hold for every answer: one that was made here, whose headers can be set. */
function finish(
  c: Context<RequestContext>,
  { requestId, traceparent }: { requestId: string; traceparent: string },
): void {
  const { headers } = c.res;
  headers.set("x-request-id", requestId);
  headers.set("traceparent", traceparent);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("content-security-policy")) {
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  }
  if (c.req.url.startsWith("https:")) {
    headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  }
}

const documentRoute = /\/documents\/:id(\/|$)/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of a route's address, its document. What has not an id's form may be anything, a secret also, and is not told. */
function documentOf(c: Context<RequestContext>, route: string): string | undefined {
  const id = documentRoute.test(route) ? c.req.param("id") : undefined;
  return id !== undefined && uuid.test(id) ? id : undefined;
}

/** The version in a text's entity tag, `"v42"`. */
function taggedVersion(etag: string | null): number | undefined {
  const version = /^"v(\d+)"$/.exec(etag ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}
