import { DurableObject } from "cloudflare:workers";
import { merge, type Report, type Series } from "../platform/metrics.ts";

/** Milliseconds for which reports are gathered into one row. A timer keeps the object awake, so none is lost to sleep. */
const saveMs = 5_000;
/** Milliseconds after which an isolate that tells nothing of itself has no gauges any more. */
const freshMs = 60_000;
const key = "counted";

/**
 * The one object in which the counts of all isolates come together. It keeps them in one row, so that counters go on over sleep and
 * deployments; of gauges it knows in memory what each isolate told last.
 */
export class MetricsStore extends DurableObject<Env> {
  #counted: Series;
  readonly #gauges = new Map<string, { at: number; gauges: Series }>();
  #isSaving = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#counted = ctx.storage.kv.get<Series>(key) ?? {};
  }

  async add({ isolate, counted, gauges }: Report): Promise<void> {
    merge(this.#counted, counted);
    this.#gauges.set(isolate, { at: Date.now(), gauges });
    if (this.#isSaving) return;
    this.#isSaving = true;
    setTimeout(() => {
      this.#isSaving = false;
      this.ctx.storage.kv.put(key, this.#counted);
    }, saveMs);
  }

  /** Everything that was counted, and the sums of what the isolates' gauges showed within the last minute. */
  async read(): Promise<Series> {
    const now = Date.now();
    const all: Series = {};
    merge(all, this.#counted);
    let newest: number | undefined;
    for (const [isolate, { at, gauges }] of this.#gauges) {
      if (now - at > freshMs) this.#gauges.delete(isolate);
      else merge(all, gauges);
      newest = Math.max(newest ?? at, at);
    }
    all.materi_isolates = { "": [this.#gauges.size] };
    if (newest !== undefined) all.materi_last_report_timestamp_seconds = { "": [newest / 1_000] };
    return all;
  }
}
