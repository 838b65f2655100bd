import { createMiddleware } from "hono/factory";
import { limits } from "../protocol/limits.ts";
import { clientAddress, networkOf } from "./client-network.ts";
import { count } from "./metrics.ts";
import { Problem } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/** A quota, as it is told: `name` is what its headers call it. */
export interface RatePolicy {
  name: string;
  requests: number;
  seconds: number;
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10: what may be had, and how much of it is left for how many
 * seconds.
 */
export function rateLimitHeaders(
  { name, requests, seconds }: RatePolicy,
  left: number,
  resetSeconds: number,
) {
  return {
    "ratelimit-policy": `"${name}";q=${requests};w=${seconds}`,
    ratelimit: `"${name}";r=${left};t=${resetSeconds}`,
  };
}

/** The refusal of who asks too often. `retrySeconds`: when to ask again. */
export function rateLimited(policy: RatePolicy, retrySeconds: number, detail: string): Problem {
  count("materi_rate_limited_total", { policy: policy.name });
  return new Problem("rate_limited", detail, {
    headers: { "retry-after": String(retrySeconds), ...rateLimitHeaders(policy, 0, retrySeconds) },
  });
}

/** The bindings of wrangler.toml, each with the policy that it holds to. */
const floodPolicies = {
  NETWORK_RATE: { name: "network", ...limits.networkRate },
  CREDENTIALS_RATE: { name: "credentials", ...limits.credentialsRate },
  ACCOUNT_RATE: { name: "account", ...limits.accountRate },
} as const satisfies Record<string, RatePolicy>;

/**
 * Keeps floods from one network out. The platform counts, in each of its locations by itself and not to the last one, but
 * for nearly nothing; what has to be exact is counted elsewhere. Who has no network is on this machine and passes.
 */
export function floodGuard(
  binding: Exclude<keyof typeof floodPolicies, "ACCOUNT_RATE">,
  applies = (_path: string) => true,
) {
  return createMiddleware<RequestContext>(async (c, next) => {
    const network = networkOf(clientAddress(c));
    if (network !== null && applies(c.req.path)) {
      await refuseFlood(c.env, binding, network, "Too many requests come from your network.");
    }
    await next();
  });
}

/** The same of one account, from whatever networks. */
export async function refuseAccountFlood(env: Env, address: string | null, userId: string): Promise<void> {
  if (networkOf(address) === null) return;
  await refuseFlood(env, "ACCOUNT_RATE", userId, "Too many requests are made with your account.");
}

async function refuseFlood(
  env: Env,
  binding: keyof typeof floodPolicies,
  key: string,
  detail: string,
): Promise<void> {
  if ((await env[binding].limit({ key })).success) return;
  const policy = floodPolicies[binding];
  throw rateLimited(policy, policy.seconds, detail);
}
