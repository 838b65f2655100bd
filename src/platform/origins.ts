import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { settingsOf } from "../env.ts";
import { Problem } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/** Whether pages of this origin may use the service from a browser: its own, and those of `ALLOWED_ORIGINS`. */
export function isAllowedOrigin(c: Context, origin: string): boolean {
  return origin === new URL(c.req.url).origin || settingsOf(c.env).allowedOrigins.includes(origin);
}

/**
 * Lets the pages of allowed origins, and no others, read answers (CORS), and have cookies sent along. Who names no origin is no page of
 * another one, and is told that pages might get another answer.
 */
export const crossOrigin = createMiddleware<RequestContext>(async (c, next) => {
  if (c.req.header("origin") !== undefined) return forPages(c, next);
  await next();
  c.res.headers.append("vary", "Origin");
});

const forPages = cors({
  origin: (origin, c) => (origin && isAllowedOrigin(c, origin) ? origin : null),
  credentials: true,
  allowHeaders: [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Traceparent",
    "X-Request-Id",
  ],
  exposeHeaders: [
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Traceparent",
    "WWW-Authenticate",
    "X-Request-Id",
  ],
  maxAge: 600,
});

/** Refuses what a foreign page makes a browser send, but for questions: their answers it cannot read. */
export const ownPagesOnly = createMiddleware<RequestContext>(async (c, next) => {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") refuseForeignPage(c);
  await next();
});

/**
 * Refuses a request that a foreign page made somebody's browser send, with whatever cookies it has for us. Browsers send
 * `Origin` with every POST and every socket, and no page can change it; who sends neither it nor `Sec-Fetch-Site` is no
 * browser, and has no cookies but its own. Throws Problem `origin_not_allowed`.
 */
export function refuseForeignPage(c: Context<RequestContext>): void {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site") ?? "none";
  if (origin === undefined ? site === "none" || site === "same-origin" : isAllowedOrigin(c, origin)) return;
  throw new Problem("origin_not_allowed", "Pages of this origin may not do this here (ALLOWED_ORIGINS).");
}
