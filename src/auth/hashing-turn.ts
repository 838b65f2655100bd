import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";

/** Who waits for a turn or has it. A place is given up by its time at the latest: a request that is cut off never does it. */
const places = new Set<{ until: number }>();
const longestMs = 60_000;

/**
 * Hashes when it is this request's turn. The runtime hashes where it is called, so an isolate never hashes two passwords at
 * once and never takes more memory than one needs; what has to be bounded is how many wait, since each takes 0.1 s of the
 * isolate from everybody in it. Between two turns other requests are served. Throws Problem `unavailable` when too many wait.
 */
export async function hashingTurn<T>(hash: () => Promise<T>): Promise<T> {
  const now = Date.now();
  for (const place of places) if (place.until <= now) places.delete(place);
  if (places.size >= limits.hashingPlaces) {
    throw new Problem("unavailable", "Too many passwords are being checked at the moment. Try again.", {
      headers: { "retry-after": String(Math.ceil(limits.hashingPlaces / 10)) },
    });
  }
  const place = { until: now + longestMs };
  places.add(place);
  try {
    await scheduler.wait(0);
    return await hash();
  } finally {
    places.delete(place);
  }
}
