const day = 24 * 60 * 60 * 1000;

/** A session ends this long after the sign-in, however much it is used: a stolen one does not live for ever. */
export const sessionMaxAge = 30 * day;

/** A session that was not refreshed for so long is abandoned: a forgotten device, a holiday being shorter. */
export const sessionMaxIdle = 14 * day;

/**
 * How long after a rotation the token before is still answered: long enough for a retry after a lost answer and for the
 * other tabs of a browser, short enough that a stolen token which was already used is worth nothing.
 */
export const rotationGrace = 30_000;

/** How long a proof of who somebody is counts as recent (law AU-8): a sensitive change, and typing it in. */
const recentSignIn = 10 * 60_000;

/** Law AU-8. */
export const isRecentSignIn = (authenticatedAt: number, now: number): boolean =>
  now < authenticatedAt + recentSignIn;

/** What the rules need to know of a session; times in milliseconds since the epoch. */
export interface SessionState {
  generation: number;
  rotatedAt: number;
  createdAt: number;
}

/** What a refresh comes to when the token presented was not the one to rotate. */
export type RefreshVerdict = "expired" | "retry" | "reuse";

/**
 * AU-2, given that no rotation was won: a session past its time is `expired`; the token one before the current one,
 * within the grace, is a `retry` (answer the current token again); anything else was rotated away long ago and is in two
 * hands (`reuse`: end the session).
 */
export function judgeRefresh(session: SessionState, presented: number, now: number): RefreshVerdict {
  if (now >= sessionEnd(session)) return "expired";
  const inGrace = now - session.rotatedAt <= rotationGrace;
  return presented === session.generation - 1 && inGrace ? "retry" : "reuse";
}

/** When a session ends if it is not refreshed any more. */
export function sessionEnd(session: Omit<SessionState, "generation">): number {
  return Math.min(session.createdAt + sessionMaxAge, session.rotatedAt + sessionMaxIdle);
}
