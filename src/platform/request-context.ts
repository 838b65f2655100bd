import { createMiddleware } from "hono/factory";

export interface RequestContext {
  Bindings: Env;
  Variables: { requestId: string };
}

/**
 * Gives every request an id (the caller's own, if it is short and plain, so that a trace can begin at the caller) and
 * every answer the headers that hold for all. Answers are private unless a handler says otherwise.
 */
export const requestContext = createMiddleware<RequestContext>(async (c, next) => {
  const offered = c.req.header("x-request-id");
  const requestId = offered && /^[\w-]{8,64}$/.test(offered) ? offered : crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  // The answer to a socket upgrade is the room's and cannot be changed.
  if (c.res.status === 101) return;
  const headers = new Headers(c.res.headers);
  headers.set("x-request-id", requestId);
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
});
