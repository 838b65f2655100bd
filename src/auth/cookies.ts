import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { isLoopback } from "../env.ts";

interface CookieKind {
  name: string;
  sameSite: "Strict" | "Lax";
  /** Milliseconds. */
  maxAge: number;
}

/**
 * Over https our cookies bear `__Host-` (RFC 6265bis §4.1.3.2): Secure, of this host alone, and no other host of the
 * domain can have planted them. A browser takes no such cookie over plain http, so on one's own machine they do without.
 */
function isLocal(c: Context): boolean {
  const { protocol, hostname } = new URL(c.req.url);
  return protocol === "http:" && isLoopback(hostname);
}

/** Sets a cookie that scripts cannot read. */
export function writeCookie(c: Context, kind: CookieKind, value: string): void {
  const { name, sameSite, maxAge } = kind;
  const common = { path: "/", httpOnly: true, sameSite, maxAge: maxAge / 1000 };
  setCookie(c, name, value, isLocal(c) ? common : { ...common, secure: true, prefix: "host" });
}

export function readCookie(c: Context, { name }: CookieKind): string | undefined {
  return isLocal(c) ? getCookie(c, name) : getCookie(c, name, "host");
}

export function clearCookie(c: Context, kind: CookieKind): void {
  writeCookie(c, { ...kind, maxAge: 0 }, "");
}
