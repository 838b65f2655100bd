import { setTimeout as sleep } from "node:timers/promises";
import { serverCpu } from "../../test/support/server-cpu.ts";
import { percentile } from "../median.ts";
import type { Bench, Contender, Figures, Workload } from "../workload.ts";
import type { Audience, AudienceService } from "./audience.ts";
import { limit } from "./limit.ts";
import { ours } from "./ours.ts";

const viewers = 500;
const editsPerSecond = 20;

/** How many watch. */
const audienceOf = ({ isSmoke }: Bench) => (isSmoke ? 50 : viewers);

/** Edits before a measurement: what the first ones cost, and the garbage of those who came, is not what lasts. */
const warmUpEdits = ({ isSmoke }: Bench) => (isSmoke ? 1 : 40);

/** It takes so many times the seconds of other measurements: an edit is some 25 ms of work, and 50 of them are few for a mean. */
const longer = 2;

/** Edits at the pace of a writer, until every viewer has them. */
async function write(audience: Audience, edits: number, bench: Bench): Promise<void> {
  const deliveries = edits * audienceOf(bench);
  const expected = audience.delivered + deliveries;
  const began = performance.now();
  for (let edit = 0; edit < edits; edit++) {
    await sleep(Math.max(0, began + (edit * 1_000) / editsPerSecond - performance.now()));
    audience.edit();
  }
  // Long enough also for a smoke, beside which everything else is at work.
  const deadline = performance.now() + 200_000;
  while (audience.delivered < expected) {
    if (performance.now() > deadline) {
      throw new Error(`${expected - audience.delivered} of ${deliveries} deliveries are missing`);
    }
    await sleep(20);
  }
}

async function measure(service: AudienceService, bench: Bench): Promise<Figures> {
  const audience = await service.open(audienceOf(bench));
  try {
    await write(audience, warmUpEdits(bench), bench);
    const before = audience.delivered;
    const cpu = serverCpu();
    await write(audience, Math.ceil(longer * bench.seconds * editsPerSecond), bench);
    const used = serverCpu() - cpu;
    await audience.verify();
    const sorted = (waits: readonly number[]) => waits.toSorted((a, b) => a - b);
    const waits = sorted(audience.waits);
    return {
      "µs of CPU per delivery": (used / (audience.delivered - before)) * 1e6,
      "p50 ms": percentile(waits, 0.5),
      "p99 ms": percentile(waits, 0.99),
      "p50 ms to the writer's ack": percentile(sorted(audience.ackWaits), 0.5),
    };
  } finally {
    audience.close();
  }
}

export const fanoutWorkloads: readonly Workload[] = [
  {
    id: "fanout-500",
    name: `1 writer of ${editsPerSecond} edits/s, ${viewers} viewers`,
    isQuick: true,
    targets: [{ figure: "µs of CPU per delivery", of: "LIMIT(c)", atMost: 1.05 }],
    async contenders(bench: Bench): Promise<Contender[]> {
      const services = [await ours(bench), await limit(bench)];
      return services.map((service) => ({
        name: service.name,
        measure: () => measure(service, bench),
      }));
    },
  },
];
