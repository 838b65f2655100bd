import { setTimeout as sleep } from "node:timers/promises";
import {
  type KeyValue,
  keyValues,
  logsRequest,
  type OtlpLog,
  type OtlpSpan,
  tracesRequest,
} from "./otlp-json.ts";
import type { OtlpSettings } from "./settings.ts";

/** What waits for the collector is at most so much of each kind; what is more is dropped, and told of. */
const mostWaiting = 4_096;
/** What one request takes. */
const atOnce = 512;
const tries = 3;
/** Milliseconds before the second try, twice that before the third, and up to half more by chance. */
const backoff = 500;
/** Milliseconds that a collector may ask to be left alone (`Retry-After`); one that asks for more gets nothing of this batch. */
const longestWait = 5_000;
/** Milliseconds after which a sending whose isolate has lost it is taken for dead. */
const sendingDead = 120_000;
/** What is read of an answer. */
const answerBytes = 65_536;

/** Of what was dropped, why. */
type Reason = "full" | "refused" | "rejected" | "unreachable" | "open_spans";

interface Signal<T> {
  path: "/v1/traces" | "/v1/logs";
  body(resource: KeyValue[], items: readonly T[]): object;
  waiting: T[];
}

/**
 * The way to one collector by OTLP/HTTP (JSON). Whatever it does (hang, refuse, close, answer garbage), memory, time and tries are
 * bounded, and no request waits: what cannot be sent is dropped, and a line says how much and why (law TR-4).
 */
export class Collector {
  readonly #settings: OtlpSettings;
  readonly #resource: KeyValue[];
  readonly #spans: Signal<OtlpSpan> = { path: "/v1/traces", body: tracesRequest, waiting: [] };
  readonly #logs: Signal<OtlpLog> = { path: "/v1/logs", body: logsRequest, waiting: [] };
  readonly #dropped = new Map<Reason, number>();
  #sendingSince: number | undefined;

  constructor(settings: OtlpSettings) {
    this.#settings = settings;
    this.#resource = keyValues(settings.resource);
  }

  span(span: OtlpSpan): void {
    this.#wait(this.#spans, span);
  }

  log(record: OtlpLog): void {
    this.#wait(this.#logs, record);
  }

  dropped(count: number, reason: Reason = "open_spans"): void {
    if (count > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
  }

  #wait<T>(signal: Signal<T>, item: T): void {
    if (signal.waiting.length < mostWaiting) signal.waiting.push(item);
    else this.dropped(1, "full");
  }

  /** Sends all that waits, unless that is being done; what comes meanwhile goes along. Never throws. */
  async send(): Promise<void> {
    const now = Date.now();
    if (this.#sendingSince !== undefined && now - this.#sendingSince < sendingDead) return;
    this.#sendingSince = now;
    try {
      await Promise.all([this.#drain(this.#spans), this.#drain(this.#logs)]);
    } finally {
      this.#sendingSince = undefined;
      this.#report();
    }
  }

  async #drain<T>(signal: Signal<T>): Promise<void> {
    // A collector that fails is left alone until there is something new to tell.
    for (let sent = true; sent && signal.waiting.length > 0; ) {
      const items = signal.waiting.splice(0, atOnce);
      sent = await this.#sendAll(signal, items);
    }
  }

  /** Whether the collector took them; those that it did not take are dropped. */
  async #sendAll<T>(signal: Signal<T>, items: readonly T[]): Promise<boolean> {
    const body = JSON.stringify(signal.body(this.#resource, items));
    let reason: Reason = "unreachable";
    for (let attempt = 1; attempt <= tries; attempt++) {
      let wait = backoff * attempt * (1 + Math.random() / 2);
      try {
        const response = await this.#post(signal.path, body);
        if (response.ok) {
          this.dropped(rejectedOf(response.text), "rejected");
          return true;
        }
        reason = "refused";
        // As the OTLP specification has it: these may be tried again, no other.
        if (![429, 502, 503, 504].includes(response.status)) break;
        wait = Math.max(wait, response.retryAfterMs);
      } catch {
        reason = "unreachable";
      }
      if (attempt === tries || wait > longestWait) break;
      await sleep(wait);
    }
    this.dropped(items.length, reason);
    return false;
  }

  async #post(path: string, body: string) {
    const { endpoint, headers, timeoutMs } = this.#settings;
    const response = await fetch(`${endpoint}${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      // It would lead the headers, which are a secret, elsewhere.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const retryAfter = Number(response.headers.get("retry-after") ?? 0);
    return {
      ok: response.ok,
      status: response.status,
      text: await startOf(response),
      retryAfterMs: Number.isNaN(retryAfter) ? 0 : retryAfter * 1_000,
    };
  }

  #report(): void {
    for (const [reason, count] of this.#dropped) {
      // biome-ignore lint/suspicious/noConsole: this Worker's own log
      console.warn(JSON.stringify({ event: "otlp_dropped", reason, count }));
    }
    this.#dropped.clear();
  }
}

/** What an answer begins with. An endless one is not read to its end. */
async function startOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= answerBytes) break;
  }
  return Buffer.concat(parts).toString();
}

/** How many items of an accepted request the collector says that it did not take (`partial_success`). */
function rejectedOf(text: string): number {
  try {
    const { partialSuccess: { rejectedSpans = 0, rejectedLogRecords = 0 } = {} } = JSON.parse(text);
    const rejected = Number(rejectedSpans) + Number(rejectedLogRecords);
    return Number.isSafeInteger(rejected) ? Math.max(0, rejected) : 0;
  } catch {
    // It took them, whatever it says besides.
    return 0;
  }
}
