import { env, waitUntil } from "cloudflare:workers";
import type { SettingsSource } from "../env.ts";
import { errorFields, log } from "./log.ts";

/** Upper ends of the classes of durations, in seconds. Those of src/db/d1-gate.ts, which imports nothing, are the same. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Every metric of the service, as `GET /metrics` tells them. Labels are few and known: patterns of routes, codes, names of
 * policies; never an id, an address or anything that somebody has sent.
 */
export const metricTable = {
  materi_http_requests_total: counter("Requests that were answered.", ["method", "route", "status"]),
  materi_http_request_duration_seconds: histogram(
    "Seconds until the head of the answer.",
    ["route"],
    durations,
  ),
  materi_auth_failures_total: counter("Requests that were refused for what they proved themselves with.", [
    "reason",
  ]),
  materi_rate_limited_total: counter("Requests that were refused for coming too often.", ["policy"]),
  materi_room_commits_total: counter("Group commits of rooms.", ["outcome"]),
  materi_room_commit_operations: histogram(
    "Operations in a group commit.",
    [],
    [1, 2, 5, 10, 25, 50, 100, 250, 1_000],
  ),
  materi_room_transforms_total: counter("Accepted operations that others were transformed over.", []),
  materi_room_rows_written_total: counter("Rows that group commits wrote, which is what is billed.", []),
  materi_room_sockets_opened_total: counter("Sockets that were opened.", ["kind"]),
  materi_room_sockets_closed_total: counter("Sockets that were closed.", ["kind"]),
  materi_rooms_awake: gauge("Rooms, and fan-outs to viewers, that did something within the last minute.", [
    "kind",
  ]),
  materi_room_sockets: gauge("Sockets of those that are awake.", ["kind"]),
  materi_d1_calls_total: counter("Calls of D1.", ["outcome"]),
  materi_d1_call_duration_seconds: histogram(
    "Seconds of calls of D1 that were answered, the wait for a place not included.",
    [],
    durations,
  ),
  materi_d1_waits_total: counter("Calls of D1 that had to wait for a place.", []),
  materi_d1_wait_seconds_total: counter("Seconds that they waited.", []),
  materi_d1_in_flight: gauge("Calls of D1 that are under way.", []),
  materi_d1_queued: gauge("Calls of D1 that wait for a place.", []),
  materi_queue_backlog: gauge("Messages that wait in a queue.", ["queue"]),
  materi_outbox_waiting: gauge("Events that not every consumer has yet.", []),
  materi_deliveries_waiting: gauge("Deliveries of webhooks that are to be tried (again).", []),
  materi_isolates: gauge("Isolates that have told of themselves within the last minute.", []),
  materi_last_report_timestamp_seconds: gauge("When an isolate last told of itself.", []),
} as const;

interface Metric {
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
  /** Of a histogram, the upper ends of its classes; beyond the last is one more. */
  ends: readonly number[];
}

export type MetricName = keyof typeof metricTable;
type Labels<Name extends MetricName> = Record<(typeof metricTable)[Name]["labels"][number], string>;
type NameOf<Type extends Metric["type"]> = {
  [Name in MetricName]: (typeof metricTable)[Name]["type"] extends Type ? Name : never;
}[MetricName];

/**
 * Numbers by metric and by labels, which are written as in the text format. A counter or gauge has one number; a histogram the sum,
 * then how many fell into each class.
 */
export type Series = Partial<Record<MetricName, Record<string, number[]>>>;

/** What an isolate tells: what was counted since it last told, and what its gauges show now. */
export interface Report {
  isolate: string;
  counted: Series;
  gauges: Series;
}

/** Something that knows numbers of its own, and adds them when this isolate tells of itself. */
export type Collector = (to: { counted: Series; gauges: Series }, now: number) => void;

function counter<const L extends string>(help: string, labels: readonly L[]) {
  return { type: "counter", help, labels, ends: [] } as const;
}
function gauge<const L extends string>(help: string, labels: readonly L[]) {
  return { type: "gauge", help, labels, ends: [] } as const;
}
function histogram<const L extends string>(help: string, labels: readonly L[], ends: readonly number[]) {
  return { type: "histogram", help, labels, ends } as const;
}

const collectors: Collector[] = [];

/** To be called before the isolate serves anything. */
export function collectFrom(collector: Collector): void {
  collectors.push(collector);
}

/** Of the isolate, whose settings never change. Nobody without the operator's token reads metrics, so nothing is counted without one. */
let on: boolean | undefined;
export function isMetered(): boolean {
  on ??= Boolean((env as SettingsSource).ADMIN_TOKEN);
  return on;
}

let counted: Series = {};

/** Adds to a counter of this isolate. */
export function count<Name extends NameOf<"counter">>(name: Name, labels: Labels<Name>, by = 1): void {
  if (isMetered()) addTo(counted, name, labels, [by]);
}

/** Adds an observation to a histogram of this isolate. */
export function observe<Name extends NameOf<"histogram">>(
  name: Name,
  labels: Labels<Name>,
  value: number,
): void {
  if (isMetered()) addTo(counted, name, labels, observation(name, value));
}

/** Adds what was put together elsewhere. */
export function addSeries(series: Series): void {
  if (isMetered()) merge(counted, series);
}

/** The numbers of a histogram that has seen this value alone. */
function observation(name: NameOf<"histogram">, value: number): number[] {
  const ends: readonly number[] = metricTable[name].ends;
  const numbers = new Array<number>(ends.length + 2).fill(0);
  const found = ends.findIndex((end) => value <= end);
  numbers[0] = value;
  numbers[1 + (found === -1 ? ends.length : found)] = 1;
  return numbers;
}

export function addTo<Name extends MetricName>(
  series: Series,
  name: Name,
  labels: Labels<Name>,
  numbers: readonly number[],
): void {
  const names: readonly string[] = metricTable[name].labels;
  const key = names
    .map((label) => `${label}="${escaped((labels as Record<string, string>)[label] ?? "")}"`)
    .join(",");
  addNumbers(series, name, key, numbers);
}

/** Adds the numbers of one to those of another. */
export function merge(into: Series, from: Series): void {
  for (const [name, byLabels] of Object.entries(from)) {
    for (const [labels, numbers] of Object.entries(byLabels)) {
      addNumbers(into, name as MetricName, labels, numbers);
    }
  }
}

function addNumbers(series: Series, name: MetricName, labels: string, numbers: readonly number[]): void {
  series[name] ??= {};
  const byLabels: Record<string, number[]> = series[name];
  const sum = byLabels[labels];
  if (!sum) byLabels[labels] = [...numbers];
  else for (const [index, number] of numbers.entries()) sum[index] = (sum[index] ?? 0) + number;
}

/** As the text format has it. */
const escaped = (value: string) =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** Milliseconds between two reports of an isolate. */
const reportMs = 10_000;
let isolate: string | undefined;
let reportedAt = 0;

/** Milliseconds until this isolate is to report; 0: now. */
export const untilReport = (now: number): number => Math.max(0, reportedAt + reportMs - now);

/**
 * Tells the store what was counted since the last time. Isolates share no memory, so what each of them counts is put together there.
 * What could not be told is told with the next.
 */
export async function report(now: number): Promise<void> {
  if (!isMetered()) return;
  // Not before there is a request: the platform gives no random numbers earlier.
  isolate ??= crypto.randomUUID();
  reportedAt = now;
  const gauges: Series = {};
  for (const collect of collectors) collect({ counted, gauges }, now);
  const told = counted;
  counted = {};
  try {
    await env.METRICS.getByName("metrics").add({ isolate, counted: told, gauges });
  } catch (error) {
    merge(counted, told);
    log("warn", "metrics_not_told", errorFields(error));
  }
}

/** When somebody began to wait for the next report. A request that is cut off never ends to wait. */
let waitingSince = 0;

/** Reports behind the answer: at once if it is time, else when it is. Of all requests of an isolate one waits. */
export function reportAfterAnswer(now: number): void {
  if (!isMetered() || now - waitingSince < 2 * reportMs) return;
  waitingSince = now;
  const wait = untilReport(now);
  const reported = async () => {
    if (wait > 0) await scheduler.wait(wait);
    waitingSince = 0;
    await report(Date.now());
  };
  waitUntil(reported());
}
