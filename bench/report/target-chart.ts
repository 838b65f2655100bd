import type { Workload } from "../workload.ts";
import { aim, beyond, figureOf, type Rounds, reached, shown, unit } from "./figures.ts";
import { label, line, logScale, powersOfTen, px, svg } from "./svg.ts";

const width = 940;
const left = 250;
const right = 720;
const barHeight = 15;

/** Further away from the target than this, a bar ends at the edge. */
const furthest = 64;

/**
 * Bars that begin at the target: to the right of it is better than aimed at, to the left worse, twice as much twice as far from
 * where the axis says 1. Undefined where there is no target of which anything was measured.
 */
export function targetChart(
  title: string,
  measured: readonly { workload: Workload; rounds: Rounds }[],
): string | undefined {
  const groups = measured.flatMap(({ workload, rounds }) =>
    workload.targets.map((target) => ({
      heading: `${workload.name}: ${aim(target)} ${unit(target)}`,
      bars: Object.keys(rounds)
        .map((contender) => ({
          contender,
          figure: `${shown(figureOf(rounds, contender, target.figure))} ${target.figure}`,
          beyond: beyond(reached(rounds, contender, target), target),
        }))
        .filter((bar) => Number.isFinite(bar.beyond)),
    })),
  );
  const bars = groups.flatMap((group) => group.bars);
  if (bars.length === 0) return undefined;
  const reach = Math.min(furthest, Math.max(2, ...bars.map((bar) => Math.max(bar.beyond, 1 / bar.beyond))));
  const x = logScale([1 / reach, reach], left, right);
  const clamped = (value: number) => Math.min(reach, Math.max(1 / reach, value));

  const pieces: string[] = [];
  let y = 52;
  for (const { heading, bars: list } of groups) {
    if (list.length === 0) continue;
    pieces.push(label(12, y, heading, { as: "strong" }));
    y += 8;
    for (const [index, bar] of list.entries()) {
      const from = Math.min(x(1), x(clamped(bar.beyond)));
      const to = Math.max(x(1), x(clamped(bar.beyond)));
      const middle = y + barHeight - 3;
      pieces.push(
        label(left - 8, middle, bar.contender, { anchor: "end", as: index === 0 ? "strong" : "" }),
        `<rect x="${px(from)}" y="${px(y + 2)}" width="${px(Math.max(1, to - from))}" height="${barHeight - 3}" class="${index === 0 ? "c0" : "peer"}"/>`,
        label(right + 8, middle, bar.figure, { as: index === 0 ? "strong" : "" }),
      );
      y += barHeight;
    }
    y += 22;
  }
  const bottom = y - 14;
  const grid = [...powersOfTen(x.domain), 0.5, 2]
    .filter((tick) => tick !== 1)
    .flatMap((tick) => [
      line(x(tick), 36, x(tick), bottom, "grid"),
      label(x(tick), 30, `${tick} ×`, { anchor: "middle" }),
    ]);
  return svg(title, width, bottom + 8, [
    label(12, 14, title),
    ...grid,
    label(x(1), 14, "target", { anchor: "middle", as: "strong" }),
    ...pieces,
    line(x(1), 20, x(1), bottom, "target"),
  ]);
}
