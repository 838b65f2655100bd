import { limits } from "../../src/protocol/limits.ts";
import { costOf, dollars, grouped, prices, table } from "./prices.ts";

/** What `node test/system/audience-bench.ts 2000 10` printed, on two cores that eight other people were using. */
const measuredAudience = {
  asOf: "2026-11-23",
  viewers: 2_000,
  editsPerSecond: 5,
  /** CPU of the whole service for one frame at one viewer. */
  microsPerDelivery: 56,
  joinsPerSecond: 419,
  latencyMs: { p50: 447, p99: 901 },
};

/** The objects, calls and dollars of an audience of this size, for an hour of a writer who never pauses. */
export function audience(viewers: number, editsPerSecond: number) {
  const direct = Math.min(viewers, limits.directViewers);
  const shards = Math.ceil((viewers - direct) / limits.fanoutViewers);
  // A room sends to each shard at most once in `fanoutMs`, and at most once for each edit.
  const callsPerShard = Math.min(editsPerSecond, 1_000 / limits.fanoutMs);
  const roomSends = direct * editsPerSecond + shards * callsPerShard;
  const framesPerShard = Math.min(viewers - direct, limits.fanoutViewers) * callsPerShard;
  const seconds = 3_600;
  const use = {
    requests: viewers * 2 + shards * callsPerShard * seconds,
    messages: viewers + editsPerSecond * seconds,
    activeSeconds: (1 + shards) * seconds,
    rowsWritten: editsPerSecond * seconds,
  };
  return {
    shards,
    deliveriesPerSecond: direct * editsPerSecond + (viewers - direct) * callsPerShard,
    roomSends,
    shardLoad: (framesPerShard * measuredAudience.microsPerDelivery) / 1e6,
    requestsPerHour: use.requests + use.messages / prices.messagesPerRequest,
    gigabyteSeconds: use.activeSeconds * prices.objectGigabytes,
    dollarsPerHour: costOf(use),
  };
}

/** The tables of docs/scaling.md, which a test compares with the page. */
export function scalingTables(): { measured: string; audiences: string } {
  const { viewers, editsPerSecond, microsPerDelivery, joinsPerSecond, latencyMs, asOf } = measuredAudience;
  return {
    measured: table(
      [`measured on ${asOf}`, ""],
      [
        ["viewers of one document, all of whom converge", grouped(viewers)],
        ["edits in a second", editsPerSecond],
        ["frames to viewers in a second", grouped(viewers * editsPerSecond)],
        ["CPU of the service for a frame at a viewer, µs", microsPerDelivery],
        ["viewers joining in a second", joinsPerSecond],
        [
          "from the writer's keyboard to a viewer's copy, ms: half within, 99 % within",
          `${latencyMs.p50}, ${latencyMs.p99}`,
        ],
      ],
    ),
    audiences: table(
      [
        "viewers",
        "edits/s",
        "fan-outs",
        "frames/s",
        "calls and frames/s of the room",
        "load of a fan-out",
        "requests/h",
        "GB-s/h",
        "US dollars/h",
      ],
      [100, 2_000, 10_000, 100_000].flatMap((size) =>
        [1, 5, 20].map((rate) => {
          const of = audience(size, rate);
          return [
            grouped(size),
            rate,
            of.shards,
            grouped(of.deliveriesPerSecond),
            grouped(of.roomSends),
            `${Math.round(of.shardLoad * 100)} %`,
            grouped(of.requestsPerHour),
            grouped(of.gigabyteSeconds),
            dollars(of.dollarsPerHour),
          ];
        }),
      ),
    ),
  };
}
