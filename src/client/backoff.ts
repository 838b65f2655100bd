/**
 * Milliseconds to wait before try `attempt` + 1: full jitter under an exponential ceiling, so that clients that lost
 * one server together do not come back together (AWS Architecture Blog, "Exponential Backoff and Jitter").
 */
export function backoff(attempt: number, first: number, most: number): number {
  return Math.random() * Math.min(most, first * 2 ** attempt);
}
