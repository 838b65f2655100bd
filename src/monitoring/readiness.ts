import { sql } from "drizzle-orm";
import { d1Gate } from "../db/d1-gate.ts";
import { database } from "../db/database.ts";
import { textsAtHand } from "../documents/newest-text.ts";
import { errorFields, log } from "../platform/log.ts";
import { serverLimits } from "../protocol/limits.ts";

/** How one part of the service does. `latency_ms` is there if it was asked and answered. */
interface Check {
  /** `exhausted`: more is asked of it than it can take; `slow`: no answer in time, or calls have waited for too long. */
  status: "ok" | "exhausted" | "slow" | "failed";
  latency_ms?: number;
  [figure: string]: string | number | undefined;
}

/** What `GET /health/ready` answers. */
export interface Readiness {
  /** `degraded`: everybody is served, and something behind the answers waits. `unavailable`: requests fail, or wait for seconds. */
  status: "ok" | "degraded" | "unavailable";
  checks: Record<"d1" | "room" | "queue" | "text_cache", Check>;
  time: string;
}

/** Milliseconds for one check. */
const checkMs = 2_000;
/** Milliseconds of waiting for D1 from which on it is too slow to serve, as the seed has it. */
const slowMs = 5_000;
/** Milliseconds for which an answer is given again: however many ask, this isolate looks once. */
const sharedMs = 1_000;

let latest: { at: number; readiness: Readiness } | undefined;
/** When somebody began to look; a request cannot wait for what another does. */
let lookingSince = 0;

/** Whether this isolate can serve requests now, or could within the last second. It is for everybody: counts, times, no names. */
export async function readiness(env: Env): Promise<Readiness> {
  const now = Date.now();
  if (latest && now - latest.at < sharedMs) return latest.readiness;
  // Others are told what was seen last, until whoever looks has seen it or is over time.
  if (latest && now - lookingSince < checkMs) return latest.readiness;
  lookingSince = now;
  const [d1, room, queue] = await Promise.all([checkD1(env), checkRoom(env), checkQueue(env)]);
  const text_cache: Check = {
    status: "ok",
    code_units: textsAtHand(),
    limit: serverLimits.cachedUnits,
  };
  const checks = { d1, room, queue, text_cache };
  const status =
    d1.status !== "ok" || room.status !== "ok" ? "unavailable" : queue.status !== "ok" ? "degraded" : "ok";
  const at = Date.now();
  const seen: Readiness = { status, checks, time: new Date(at).toISOString() };
  latest = { at, readiness: seen };
  lookingSince = 0;
  return seen;
}

/** The figures of a connection pool: D1 has none, and the gate before it stands in its place. */
async function checkD1(env: Env): Promise<Check> {
  const { limit, inFlight, queued, longestWaitMs, waitCount, waitMs } = d1Gate.stats(Date.now());
  const figures = {
    limit,
    in_flight: inFlight,
    queued,
    longest_wait_ms: longestWaitMs,
    wait_count: waitCount,
    wait_duration_ms: waitMs,
  };
  // One call more would not help.
  if (longestWaitMs >= slowMs) return { status: "slow", ...figures };
  if (inFlight >= limit) return { status: "exhausted", ...figures };
  const db = database(env.DB);
  return { ...(await timed("d1", () => db.run(sql`SELECT 1 FROM users LIMIT 1`))), ...figures };
}

/** A room that nobody has, and that therefore writes nothing: reading it takes the way that all rooms are reached by. */
const checkRoom = (env: Env): Promise<Check> =>
  timed("room", async () => {
    const read = await env.ROOMS.getByName("readiness").read();
    if (!read.ok && read.code !== "not_found") throw new Error(read.code);
  });

async function checkQueue(env: Env): Promise<Check> {
  let backlog: number | undefined;
  const check = await timed("queue", async () => {
    backlog = (await env.EVENTS.metrics()).backlogCount;
  });
  return { ...check, ...(backlog !== undefined && { backlog }) };
}

async function timed(part: string, ask: () => Promise<unknown>): Promise<Check> {
  const began = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), checkMs);
  });
  try {
    if ((await Promise.race([ask(), late])) === "late") return { status: "slow" };
    return { status: "ok", latency_ms: Date.now() - began };
  } catch (error) {
    log("error", "readiness_failed", { part, ...errorFields(error) });
    return { status: "failed" };
  } finally {
    clearTimeout(timer);
  }
}
