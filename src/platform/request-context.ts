import type { Context, Next } from "hono";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { type ActiveSpan, inSpan, joinTrace } from "./tracing.ts";

export interface RequestContext {
  Bindings: Env;
  Variables: { requestId: string; traceId: string };
}

/**
 * Gives every request an id (the caller's own, if it is short and plain), a place in a trace and a span, and every answer the
 * headers that hold for all. Answers are private unless a handler says otherwise.
 */
export const requestContext = createMiddleware<RequestContext>((c, next) =>
  inSpan(`HTTP ${c.req.method}`, { "http.request.method": c.req.method }, (span) => answer(c, next, span)),
);

async function answer(c: Context<RequestContext>, next: Next, span: ActiveSpan): Promise<void> {
  const offered = c.req.header("x-request-id");
  const requestId = offered && /^[\w-]{8,64}$/.test(offered) ? offered : crypto.randomUUID();
  c.set("requestId", requestId);
  const { traceId, traceparent } = joinTrace(c.req.header("traceparent"));
  c.set("traceId", traceId);
  await next();
  span.setAttributes({
    request_id: requestId,
    "http.route": routePath(c, -1),
    "http.response.status_code": c.res.status,
  });
  // The answer to a socket upgrade is the room's and cannot be changed.
  if (c.res.status === 101) return;
  const headers = new Headers(c.res.headers);
  headers.set("x-request-id", requestId);
  headers.set("traceparent", traceparent);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("content-security-policy")) {
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  }
  if (new URL(c.req.url).protocol === "https:") {
    headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  }
  const { body, status } = c.res;
  c.res = undefined;
  c.res = new Response(body, { status, headers });
}
