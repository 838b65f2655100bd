/** Fields whose values may change from one version of the service to the next: texts for people, and what is announced. */
const free: ReadonlySet<string> = new Set(["detail", "limits", "reason"]);

/**
 * Whether `actual` has everything that `recorded` has. More fields are no fault (law WR-1): that is how old and new meet.
 */
export function holdsAll(recorded: unknown, actual: unknown): boolean {
  if (typeof recorded !== "object" || recorded === null || typeof actual !== "object" || actual === null) {
    return Object.is(recorded, actual);
  }
  if (Array.isArray(recorded)) {
    return (
      Array.isArray(actual) &&
      recorded.length === actual.length &&
      recorded.every((item, index) => holdsAll(item, actual[index]))
    );
  }
  return Object.entries(recorded).every(
    ([name, value]) =>
      name in actual && (free.has(name) || holdsAll(value, (actual as Record<string, unknown>)[name])),
  );
}
