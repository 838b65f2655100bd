/** How it stands with what was looked at. `warn` is what may be meant, and `skip` what could not be looked at. */
export type Outcome = "ok" | "warn" | "fail" | "skip";

/** What the doctor has to say of one thing. */
export interface Finding {
  check: string;
  outcome: Outcome;
  /** What is the case, in figures. */
  found: string;
  /** What to do about it, where something is to be done. */
  todo?: string;
}

/** A finding without what it is about, as a check returns it. */
export type Answer = Omit<Finding, "check">;

export const ok = (found: string): Answer => ({ outcome: "ok", found });
export const warn = (found: string, todo: string): Answer => ({ outcome: "warn", found, todo });
export const fail = (found: string, todo: string): Answer => ({ outcome: "fail", found, todo });
export const skip = (found: string, todo?: string): Answer => ({
  outcome: "skip",
  found,
  ...(todo !== undefined && { todo }),
});

/** Of several times in milliseconds the middle one and the longest. */
export function spread(times: readonly number[]): { median: number; most: number; text: string } {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const most = sorted.at(-1) ?? Number.NaN;
  return { median, most, text: `${median.toFixed(1)} ms at the median, ${most.toFixed(1)} ms at most` };
}
