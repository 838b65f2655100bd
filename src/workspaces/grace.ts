import { limits } from "../protocol/limits.ts";

/** What was deleted at this time, or before, cannot be brought back at `now`, and is erased. Milliseconds since the epoch. */
export const graceEnd = (now: number): number => now - limits.graceDays * 86_400_000;
