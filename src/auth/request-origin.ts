import type { Context } from "hono";
import { limits } from "../protocol/limits.ts";

/** Where a request came from, for people to recognize their devices by. */
export interface RequestOrigin {
  /** Of the network, as Cloudflare saw it; null where there is no Cloudflare in front (a test). */
  address: string | null;
  /** What the browser or program calls itself. */
  userAgent: string | null;
}

/** `cf-connecting-ip` is set by Cloudflare and cannot be sent from outside; `x-forwarded-for` can, so it is not read. */
export function originOf(c: Context): RequestOrigin {
  return {
    address: c.req.header("cf-connecting-ip") ?? null,
    userAgent: c.req.header("user-agent")?.slice(0, limits.userAgentUnits) ?? null,
  };
}
