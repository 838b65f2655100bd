import { limits } from "../protocol/limits.ts";

/** What is remembered of the attempts at one secret of an account: its password, or its second factor. Times in milliseconds since the epoch. */
export interface LoginQuota {
  /** When all attempts that the account has for strange networks are there again. */
  accountFullAt: number;
  /** When a refusal for the account's sake was last told to its owner. */
  toldAt: number;
  networks: Record<string, NetworkQuota>;
}

interface NetworkQuota {
  /** When all attempts of this network on this account are there again. */
  fullAt: number;
  /** Until when it counts as one of the owner's, as they have signed in from it. */
  knownUntil: number;
}

export type LoginVerdict =
  | {
      allowed: true;
      /** To be waited for first. */
      delayMs: number;
      /** Attempts that are left to this network, and when all of them are there again. */
      left: number;
      resetMs: number;
    }
  | {
      allowed: false;
      /** Which quota is used up. */
      by: "network" | "account";
      retryMs: number;
      /** Whether the owner is to be told: once in a while. */
      tell: boolean;
    };

export const emptyQuota: LoginQuota = { accountFullAt: 0, toldAt: 0, networks: {} };

/** How many attempts there are, by what is tried. */
const rates = { password: limits.loginRate, code: limits.secondFactorRate };
export type Attempted = keyof typeof rates;

const day = 24 * 60 * 60 * 1000;
const knownMs = limits.knownNetworkDays * day;
const tellEveryMs = 60 * 60 * 1000;

/**
 * Law AU-7, one attempt. It is taken from the quota before what was tried is looked at, so that many at once are not more
 * than the quota; `succeeded` gives it back.
 *
 * - Each network has a few attempts on each account.
 * - All strange networks together have more, however many they are. For one attempt that comes early by no more than
 *   `loginDelayMs` it is waited.
 * - A network that the owner has signed in from is not counted with the strange ones: nobody elsewhere can use up what it
 *   has.
 */
export function attempt(
  quota: LoginQuota,
  network: string,
  now: number,
  attempted: Attempted = "password",
): { quota: LoginQuota; verdict: LoginVerdict } {
  const { network: perNetwork, account: perAccount } = rates[attempted];
  const kept = prune(quota, now);
  const here = kept.networks[network] ?? { fullAt: 0, knownUntil: 0 };
  const own = take(here.fullAt, perNetwork, now);
  if (own.earlyMs > 0) {
    return { quota: kept, verdict: { allowed: false, by: "network", retryMs: own.earlyMs, tell: false } };
  }
  const strange = here.knownUntil <= now;
  const shared = take(kept.accountFullAt, perAccount, now);
  if (strange && shared.earlyMs > limits.loginDelayMs) {
    const tell = now - kept.toldAt >= tellEveryMs;
    return {
      quota: tell ? { ...kept, toldAt: now } : kept,
      verdict: { allowed: false, by: "account", retryMs: shared.earlyMs, tell },
    };
  }
  return {
    quota: {
      ...kept,
      ...(strange && { accountFullAt: shared.fullAt }),
      networks: { ...kept.networks, [network]: { ...here, fullAt: own.fullAt } },
    },
    verdict: {
      allowed: true,
      delayMs: strange ? shared.earlyMs : 0,
      left: Math.floor((now + perNetwork.burst * perNetwork.everyMs - own.fullAt) / perNetwork.everyMs),
      resetMs: own.fullAt - now,
    },
  };
}

/** The attempt was right: it costs nothing, and the network is known from now on. */
export function succeeded(
  quota: LoginQuota,
  network: string,
  now: number,
  attempted: Attempted = "password",
): LoginQuota {
  const strange = (quota.networks[network]?.knownUntil ?? 0) <= now;
  const accountFullAt = strange
    ? quota.accountFullAt - rates[attempted].account.everyMs
    : quota.accountFullAt;
  return remember({ ...quota, accountFullAt }, network, now);
}

/** The owner is at this network. Of those that are known, the ones that were used last stay known. */
export function remember(quota: LoginQuota, network: string, now: number): LoginQuota {
  const { [network]: _, ...others } = quota.networks;
  const known = Object.entries(others)
    .filter(([, { knownUntil }]) => knownUntil > now)
    .sort(([, a], [, b]) => b.knownUntil - a.knownUntil);
  for (const [tooMany] of known.slice(limits.knownNetworks - 1)) delete others[tooMany];
  return { ...quota, networks: { ...others, [network]: { fullAt: 0, knownUntil: now + knownMs } } };
}

/** When nothing is left to remember. */
export function emptyAt({ accountFullAt, toldAt, networks }: LoginQuota): number {
  const ends = Object.values(networks).flatMap(({ fullAt, knownUntil }) => [fullAt, knownUntil]);
  return Math.max(accountFullAt, toldAt + tellEveryMs, ...ends);
}

/** Networks whose attempts are all there again are as if they had never been, unless they are known. */
function prune(quota: LoginQuota, now: number): LoginQuota {
  const kept = Object.entries(quota.networks).filter(
    ([, { fullAt, knownUntil }]) => fullAt > now || knownUntil > now,
  );
  return { ...quota, networks: Object.fromEntries(kept) };
}

/**
 * A token bucket in one number, the time at which it is full (GCRA, ITU-T I.371 annex A): what it is after one more is
 * taken, and by how much that comes too early.
 */
function take(fullAt: number, { burst, everyMs }: { burst: number; everyMs: number }, now: number) {
  const after = Math.max(fullAt, now) + everyMs;
  return { fullAt: after, earlyMs: Math.max(0, after - now - burst * everyMs) };
}
