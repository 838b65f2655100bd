import type { Context } from "hono";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";

/**
 * Where a browser that comes back from a provider keeps the challenge of its sign-in: on the way to the page that asks for
 * the code, an address would tell it to histories and logs (law WR-4).
 */
const challengeCookie = {
  name: "materi_challenge",
  sameSite: "Strict",
  maxAge: limits.challengeSeconds * 1000,
} as const;

export function writeChallengeCookie(c: Context<RequestContext>, challenge: string): void {
  writeCookie(c, challengeCookie, challenge);
}

export function readChallengeCookie(c: Context<RequestContext>): string | undefined {
  return readCookie(c, challengeCookie);
}

export function clearChallengeCookie(c: Context<RequestContext>): void {
  clearCookie(c, challengeCookie);
}
