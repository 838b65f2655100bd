import { limits } from "../../src/protocol/limits.ts";
import { childrenOf, parentOf } from "../../src/room/fanout-tree.ts";
import { costOf, dollars, grouped, prices, table } from "./prices.ts";

/**
 * What `node bench/fanout/large-audience.ts 2000 10` printed, and with ` 100 3` behind it: the same viewers at many small
 * fan-outs, three levels of them. Medians of four runs each, in turns, on an idle machine: 65 to 69 and 64 to 72 µs for a frame, so
 * that a call to a fan-out is a few tenths of a millisecond, and no better known.
 */
const measured = {
  asOf: "2026-11-23",
  viewers: 2_000,
  editsPerSecond: 5,
  few: { fanouts: 2, microsPerFrame: 66, joinsPerSecond: 366, latencyMs: { p50: 187, p99: 500 } },
  many: { fanouts: 19, microsPerFrame: 68, joinsPerSecond: 290, latencyMs: { p50: 196, p99: 548 } },
};

/** CPU of the whole service for one frame at one viewer, and for one call to a fan-out, by what the second run took more. */
function micros() {
  const { viewers, few, many } = measured;
  const perFanout = few.microsPerFrame * viewers;
  const call = (many.microsPerFrame * viewers - perFanout) / (many.fanouts - few.fanouts);
  return { call, frame: (perFanout - few.fanouts * call) / viewers };
}

/** The objects, calls and dollars of an audience of this size, for an hour of a writer who never pauses. */
function audience(viewers: number, editsPerSecond: number) {
  const direct = Math.min(viewers, limits.directViewers);
  const fanouts = Math.ceil((viewers - direct) / limits.fanoutViewers);
  const isThere = (shard: number) => shard < fanouts;
  // The first of a level has the first of the next below it.
  const below = {
    room: childrenOf(undefined).filter(isThere).length,
    fanout: childrenOf(0).filter(isThere).length,
  };
  const bearing = new Set(Array.from({ length: fanouts }, (_, shard) => parentOf(shard))).size;
  let levels = 0;
  for (
    let shard: number | undefined = fanouts - 1;
    fanouts > 0 && shard !== undefined;
    shard = parentOf(shard)
  )
    levels += 1;
  // A fan-out is called at most once in `fanoutMs`, and at most once for each edit.
  const calls = Math.min(editsPerSecond, 1_000 / limits.fanoutMs);
  const { frame, call } = micros();
  const seconds = 3_600;
  const use = {
    requests: viewers * (1 + levels) + fanouts * calls * seconds,
    messages: viewers + editsPerSecond * seconds,
    activeSeconds: (1 + fanouts) * seconds,
    // Who has fan-outs below sets an alarm again and again.
    rowsWritten: editsPerSecond * seconds + (bearing * seconds * 1_000) / limits.fanoutSettleMs,
  };
  return {
    fanouts,
    levels,
    framesPerSecond: direct * editsPerSecond + (viewers - direct) * calls,
    roomSends: direct * editsPerSecond + below.room * calls,
    roomLoad: (direct * editsPerSecond * frame + below.room * calls * call) / 1e6,
    fanoutLoad:
      ((Math.min(viewers - direct, limits.fanoutViewers) * frame + below.fanout * call) * calls) / 1e6,
    requestsPerHour: use.requests + use.messages / prices.messagesPerRequest,
    gigabyteSeconds: use.activeSeconds * prices.objectGigabytes,
    dollarsPerHour: costOf(use),
  };
}

const percent = (part: number) => `${Math.round(part * 100)} %`;

/** The tables of docs/scaling.md, which a test compares with the page. */
export function scalingTables(): { measured: string; audiences: string } {
  const { viewers, editsPerSecond, few, many, asOf } = measured;
  const { frame, call } = micros();
  const both = (what: (run: typeof few) => number | string) => [what(few), what(many)];
  return {
    measured: table(
      [`measured on ${asOf}`, "fan-outs as they are", "small ones, three levels deep"],
      [
        ["viewers of one document, all of whom converge", grouped(viewers), grouped(viewers)],
        ["fan-outs", ...both(({ fanouts }) => fanouts)],
        ["edits in a second", editsPerSecond, editsPerSecond],
        ["CPU of the service for a frame at a viewer, all told, µs", ...both((run) => run.microsPerFrame)],
        ["of that, without the calls to fan-outs, µs", Math.round(frame), Math.round(frame)],
        ["CPU of a call to a fan-out, µs", grouped(Math.round(call)), grouped(Math.round(call))],
        ["viewers joining in a second", ...both((run) => run.joinsPerSecond)],
        [
          "from the writer's keyboard to a viewer's copy, ms: half within, 99 % within",
          ...both(({ latencyMs }) => `${latencyMs.p50}, ${grouped(latencyMs.p99)}`),
        ],
      ],
    ),
    audiences: table(
      [
        "viewers",
        "edits/s",
        "fan-outs",
        "levels",
        "frames/s",
        "calls and frames/s of the room",
        "load of the room",
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
            of.fanouts,
            of.levels,
            grouped(of.framesPerSecond),
            grouped(of.roomSends),
            percent(of.roomLoad),
            percent(of.fanoutLoad),
            grouped(of.requestsPerHour),
            grouped(of.gigabyteSeconds),
            dollars(of.dollarsPerHour),
          ];
        }),
      ),
    ),
  };
}
