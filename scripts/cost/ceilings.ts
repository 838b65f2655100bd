// What one room and one D1 carry: a seeded simulation of the queues before them. Prints the tables of docs/scaling.md, which a test
// compares: `node scripts/cost/ceilings.ts`.
import { grouped, table } from "./prices.ts";

/** All of it in one place: to be measured anew, change these, and put what comes out into the page. */
const parameters = {
  asOf: "2026-11-23",
  /**
   * CPU of workerd in µs, from `npm run bench -- --only editors-` and `--only fanout-`: of a commit, of an edit in it besides what the
   * others are sent, and of a frame to one socket. Of c µs per edit with n editors who commit together: commit = (c10 - c50) / (1/10 - 1/50).
   */
  room: { commitMicros: 425, editMicros: 60, frameMicros: 46 },
  /** Submissions of somebody who types, in a second: one is in flight at a time. Assumed, as in document-costs.ts. */
  submissionsPerSecond: 4,
  /** Milliseconds that D1 is at work on a call: one that reads by an index, as Cloudflare reckons, and one that writes. Assumed. */
  d1: { readMs: 1, writeMs: 3 },
  /**
   * Calls of D1, and how many of them write, with all that comes after the answer: counted in the service (`materi_d1_calls_total`), on
   * documents without webhooks. What comes after the answer is shared with others of the same second: of 50 documents made in a second
   * each takes 2.2 calls, 2 of its own; an announcement, of which there are some ten in a second, is reckoned with 2 of its own and 1.5.
   */
  calls: {
    read: { calls: 2, writes: 0 },
    open: { calls: 3, writes: 1 },
    create: { calls: 2.3, writes: 2.2 },
    announcement: { calls: 3.5, writes: 3 },
    renewal: { calls: 3, writes: 1 },
  },
  /** What somebody does in an hour in which they are at work. Assumed: of it they type for 20 minutes, announced once a minute. */
  perHour: { read: 20, open: 4, create: 1, announcement: 20, renewal: 6 },
  seed: 20_261_123,
  /** Seconds that are simulated. */
  seconds: 120,
} as const;

/** mulberry32: numbers from 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seconds until what happens so often in a second, by chance, happens again. */
export const exponential = (random: () => number, perSecond: number): number =>
  -Math.log(1 - random()) / perSecond;

/** Times from 0 on, in seconds, of what comes so often by chance (Poisson). */
export function arrivals(random: () => number, perSecond: number, seconds: number): number[] {
  const times: number[] = [];
  for (let at = exponential(random, perSecond); at < seconds; at += exponential(random, perSecond))
    times.push(at);
  return times;
}

interface Queued {
  /** Part of the time in which it is at work. */
  load: number;
  /** Milliseconds from arrival to end: half within, 99 % within. */
  p50: number;
  p99: number;
  /** Arrivals that are done with at once. */
  together: number;
}

/**
 * One thread that takes what waits, `most` of it at once, for as long as `service` says (seconds); what comes meanwhile waits. That is
 * a room's group commit, and a D1 with `most` 1.
 */
export function queue(
  times: readonly number[],
  service: (together: number) => number,
  most = Number.POSITIVE_INFINITY,
): Queued {
  const waits: number[] = [];
  let free = 0;
  let busy = 0;
  let turns = 0;
  for (let next = 0; next < times.length; ) {
    const begins = Math.max(free, times[next] ?? 0);
    let end = next;
    while (end < times.length && end - next < most && (times[end] ?? 0) <= begins) end += 1;
    const taken = service(end - next);
    free = begins + taken;
    busy += taken;
    turns += 1;
    for (; next < end; next++) waits.push((free - (times[next] ?? 0)) * 1_000);
  }
  waits.sort((a, b) => a - b);
  const at = (part: number) => waits[Math.floor(waits.length * part)] ?? Number.NaN;
  return {
    load: busy / Math.max(free, times.at(-1) ?? 0),
    p50: at(0.5),
    p99: at(0.99),
    together: times.length / turns,
  };
}

/** A room in which so many type, each of whom sees what the others type. */
function room(editors: number): Queued & { editsPerSecond: number } {
  const { commitMicros, editMicros, frameMicros } = parameters.room;
  const editsPerSecond = editors * parameters.submissionsPerSecond;
  const times = arrivals(randomFrom(parameters.seed), editsPerSecond, parameters.seconds);
  const service = (edits: number) => (commitMicros + edits * editMicros + editors * frameMicros) / 1e6;
  return { editsPerSecond, ...queue(times, service) };
}

/** A D1 of so many who are at work at once. */
function database(people: number): Queued & { callsPerSecond: number } {
  const { calls, perHour, d1 } = parameters;
  const names = Object.keys(perHour) as (keyof typeof perHour)[];
  const sum = (of: "calls" | "writes") =>
    names.reduce((total, name) => total + perHour[name] * calls[name][of], 0);
  const writing = sum("writes") / sum("calls");
  const callsPerSecond = (people * sum("calls")) / 3_600;
  const random = randomFrom(parameters.seed);
  const times = arrivals(random, callsPerSecond, parameters.seconds);
  const service = () => {
    const ms = random() < writing ? d1.writeMs : d1.readMs;
    return exponential(random, 1_000 / ms);
  };
  return { callsPerSecond, ...queue(times, service, 1) };
}

const percent = (part: number) => `${Math.round(part * 100)} %`;
const short = (ms: number) => (ms < 10 ? ms.toFixed(1) : grouped(ms));

/** The tables of docs/scaling.md. */
export function ceilingTables(): { room: string; database: string } {
  const { room: of, asOf } = parameters;
  return {
    room: table(
      [
        `all of them typing (${of.commitMicros}, ${of.editMicros}, ${of.frameMicros} µs; ${asOf})`,
        "edits/s",
        "load of the room",
        "edits in a commit",
        "ms until an edit is sent on: half within, 99 % within",
      ],
      [10, 25, 50, 100, 200, 400].map((editors) => {
        const { editsPerSecond, load, together, p50, p99 } = room(editors);
        return [
          grouped(editors),
          grouped(editsPerSecond),
          percent(load),
          together.toFixed(1),
          `${short(p50)}, ${short(p99)}`,
        ];
      }),
    ),
    database: table(
      ["people at work at once", "calls/s", "load of D1", "ms for a call: half within, 99 % within"],
      [1_000, 2_000, 4_000, 6_000, 8_000].map((people) => {
        const { callsPerSecond, load, p50, p99 } = database(people);
        return [grouped(people), grouped(callsPerSecond), percent(load), `${short(p50)}, ${short(p99)}`];
      }),
    ),
  };
}

if (import.meta.main) {
  const { room: rooms, database: databases } = ceilingTables();
  process.stdout.write(`${rooms}\n\n${databases}\n`);
}
