/** How many are remembered: those of requests that began longest ago go first. */
const most = 4_096;

/**
 * Which traces of the platform go on from a caller's. The platform takes no trace id from outside; the service's own span of the
 * request has the caller's (`trace.caller_id`), and its spans are exported under that. One isolate remembers what it has heard:
 * what is told to another isolate keeps the platform's id.
 */
export class JoinedTraces {
  readonly #callers = new Map<string, string>();

  join(traceId: string, caller: string): void {
    this.#callers.set(traceId, caller);
    if (this.#callers.size > most) this.#callers.delete(this.#callers.keys().next().value!);
  }

  /** The id to export under. */
  exported(traceId: string): string {
    return this.#callers.get(traceId) ?? traceId;
  }
}
