import { waitUntil } from "cloudflare:workers";
import { networkOf } from "../platform/client-network.ts";
import type { Problem } from "../platform/problem.ts";
import { type RatePolicy, rateLimited, rateLimitHeaders } from "../platform/rate-limit.ts";
import { limits } from "../protocol/limits.ts";
import { normalizeEmail } from "./accounts.ts";
import type { Attempted, LoginVerdict } from "./login-quota.ts";
import { hashOf } from "./random-token.ts";
import type { RequestOrigin } from "./request-origin.ts";

/** Whose secret is tried: a password is looked for by an address, which may be nobody's; a code by an account. */
export type Subject = { email: string } | { factorOf: string };

/** An attempt that was counted. */
export interface Attempt {
  /** What a refusal says of how many are left. */
  headers: Record<string, string>;
  /** It was right, so it costs nothing. */
  succeeded(): Promise<void>;
}

/**
 * Law AU-7: counts an attempt before it is looked at. `tell`, for the owner to hear of it, is called once in a while when
 * strangers are refused. Throws Problem `rate_limited`.
 */
export async function countAttempt(
  env: Env,
  { subject, origin, tell }: { subject: Subject; origin: RequestOrigin; tell: () => Promise<unknown> },
  now: number,
): Promise<Attempt> {
  const attempted: Attempted = "email" in subject ? "password" : "code";
  const throttle = await throttleOf(env, subject);
  const network = networkName(origin);
  const verdict = await throttle.attempt(network, now, attempted);
  if (!verdict.allowed) {
    if (verdict.tell) waitUntil(tell());
    throw tooManyAttempts(verdict, attempted);
  }
  if (verdict.delayMs > 0) await scheduler.wait(verdict.delayMs);
  return {
    headers: rateLimitHeaders(policies[attempted].network, verdict.left, Math.ceil(verdict.resetMs / 1000)),
    succeeded: async () => throttle.succeeded(network, now, attempted),
  };
}

/** The owner is at this network: what strangers do uses up nothing of what it has (AU-7). */
export async function rememberNetwork(env: Env, subject: Subject, origin: RequestOrigin, now: number) {
  await (await throttleOf(env, subject)).remember(networkName(origin), now);
}

/** Forgets the networks and the attempts of an account whose address is no longer in use, or of its second factor. */
export async function forgetNetworks(env: Env, subject: Subject): Promise<void> {
  await (await throttleOf(env, subject)).forget();
}

async function throttleOf(env: Env, subject: Subject) {
  const name = "email" in subject ? normalizeEmail(subject.email) : `second factor of ${subject.factorOf}`;
  return env.LOGIN_THROTTLES.getByName(await hashOf(name));
}

const networkName = ({ address }: RequestOrigin) => networkOf(address) ?? "local";

const policyOf = (name: string, { burst, everyMs }: { burst: number; everyMs: number }): RatePolicy => ({
  name,
  requests: burst,
  seconds: (burst * everyMs) / 1000,
});

const policies = {
  password: {
    network: policyOf("login", limits.loginRate.network),
    account: policyOf("login-account", limits.loginRate.account),
  },
  code: {
    network: policyOf("second-factor", limits.secondFactorRate.network),
    account: policyOf("second-factor-account", limits.secondFactorRate.account),
  },
};

function tooManyAttempts(
  { by, retryMs }: Extract<LoginVerdict, { allowed: false }>,
  attempted: Attempted,
): Problem {
  const detail =
    by === "network"
      ? "Too many attempts to sign in to this account come from your network."
      : "Too many attempts to sign in to this account come from networks that it was never used from. Sign in from one " +
        "that it was used from, or reset the password.";
  return rateLimited(policies[attempted][by], Math.ceil(retryMs / 1000), detail);
}
