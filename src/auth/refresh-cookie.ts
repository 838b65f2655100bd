import type { Context } from "hono";
import type { RequestContext } from "../platform/request-context.ts";
import type { TokensAnswer, TokensBody } from "../protocol/rest/accounts.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { sessionMaxIdle } from "./session-rules.ts";

/**
 * Where a browser keeps the refresh token: no script can read it. Strict, since nothing but our own pages' requests needs
 * it; with that and `ownPagesOnly` no other page can spend it.
 */
const refreshCookie = { name: "materi_refresh", sameSite: "Strict", maxAge: sessionMaxIdle } as const;

/** The tokens as they are answered: if the caller asked for a cookie, the refresh token is there and not in the body. */
export function withRefreshCookie(
  c: Context<RequestContext>,
  tokens: TokensBody,
  asked: boolean | undefined,
): TokensAnswer {
  if (!asked) return tokens;
  const { refresh_token, ...body } = tokens;
  writeCookie(c, refreshCookie, refresh_token);
  return body;
}

/** The refresh token that the browser keeps, if it keeps one. */
export function readRefreshCookie(c: Context<RequestContext>): string | undefined {
  return readCookie(c, refreshCookie);
}

export function clearRefreshCookie(c: Context<RequestContext>): void {
  clearCookie(c, refreshCookie);
}
