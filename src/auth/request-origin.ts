import type { Context } from "hono";
import { clientAddress } from "../platform/client-network.ts";
import { limits } from "../protocol/limits.ts";

/** Where a request came from, for people to recognize their devices by. */
export interface RequestOrigin {
  /** Of the network, as Cloudflare saw it; null where there is no Cloudflare in front (a test). */
  address: string | null;
  /** What the browser or program calls itself. */
  userAgent: string | null;
}

export function originOf(c: Context): RequestOrigin {
  return {
    address: clientAddress(c),
    userAgent: c.req.header("user-agent")?.slice(0, limits.userAgentUnits) ?? null,
  };
}
