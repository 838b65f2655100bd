import { promises as dns } from "node:dns";
import type { Resolve } from "./target.ts";

/** Asks the DNS, on Workers by way of Cloudflare's resolver, for addresses of both families. */
export const resolveName: Resolve = async (hostname) => {
  const found = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
  return found.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
};
