import { type D1Stats, d1Gate } from "../db/d1-gate.ts";
import { addTo, type Collector } from "../platform/metrics.ts";

let before: D1Stats | undefined;

/** What the gate before D1 has counted since it was last asked, and what it shows now. */
export const collectD1: Collector = ({ counted, gauges }, now) => {
  const stats = d1Gate.stats(now);
  for (const [outcome, calls] of Object.entries(stats.outcomes)) {
    const news = calls - (before?.outcomes[outcome as keyof D1Stats["outcomes"]] ?? 0);
    if (news > 0) addTo(counted, "materi_d1_calls_total", { outcome }, [news]);
  }
  addTo(counted, "materi_d1_call_duration_seconds", {}, [
    stats.latencySeconds - (before?.latencySeconds ?? 0),
    ...stats.latencies.map((calls, index) => calls - (before?.latencies[index] ?? 0)),
  ]);
  addTo(counted, "materi_d1_waits_total", {}, [stats.waitCount - (before?.waitCount ?? 0)]);
  addTo(counted, "materi_d1_wait_seconds_total", {}, [(stats.waitMs - (before?.waitMs ?? 0)) / 1_000]);
  addTo(gauges, "materi_d1_in_flight", {}, [stats.inFlight]);
  addTo(gauges, "materi_d1_queued", {}, [stats.queued]);
  before = stats;
};
