import type { Workload } from "../workload.ts";
import { figureOf, type Rounds, shown } from "./figures.ts";
import { colored, label, line, logScale, powersOfTen, px, svg } from "./svg.ts";

const width = 860;
const height = 380;
const left = 70;
const right = 650;
const top = 46;
const bottom = 320;

/** A line for each contender, both axes by logarithms: a straight line that rises as the grid does grows in proportion. */
export function growthChart({ name, growth }: Workload, rounds: Rounds): string {
  const lines = Object.keys(rounds).map((contender) => ({
    contender,
    points: Object.keys(rounds[contender]?.[0] ?? {})
      .map((size) => ({ size: Number(size), value: figureOf(rounds, contender, size) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => a.size - b.size),
  }));
  const all = lines.flatMap(({ points }) => points);
  const sizes = all.map(({ size }) => size);
  const values = all.map(({ value }) => value);
  const x = logScale([Math.min(...sizes), Math.max(...sizes)], left, right);
  // Whole powers of ten, so that the grid encloses all lines.
  const y = logScale(
    [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)))],
    bottom,
    top,
  );
  return svg(name, width, height, [
    label(12, 24, `${name}: ${growth?.figure}`, { as: "strong" }),
    ...powersOfTen(x.domain).flatMap((tick) => [
      line(x(tick), top, x(tick), bottom, "grid"),
      label(x(tick), bottom + 20, shown(tick), { anchor: "middle" }),
    ]),
    ...powersOfTen(y.domain).flatMap((tick) => [
      line(left, y(tick), right, y(tick), "grid"),
      label(left - 8, y(tick) + 4, shown(tick), { anchor: "end" }),
    ]),
    label((left + right) / 2, height - 16, growth?.of ?? "", { anchor: "middle" }),
    ...lines.flatMap(({ points }, index) => [
      `<polyline class="${colored(index)} path" points="${points.map(({ size, value }) => `${px(x(size))},${px(y(value))}`).join(" ")}"/>`,
      ...points.map(
        ({ size, value }) =>
          `<circle class="${colored(index)}" cx="${px(x(size))}" cy="${px(y(value))}" r="3"/>`,
      ),
    ]),
    ...apart(lines.map(({ points }) => y(points.at(-1)?.value ?? 1))).map((at, index) =>
      label(
        right + 12,
        at + 4,
        `${lines[index]?.contender}: ${shown(lines[index]?.points.at(-1)?.value ?? 0)}`,
        {
          as: colored(index),
        },
      ),
    ),
  ]);
}

/** Places of labels, moved so far down that none is on another. */
function apart(places: readonly number[]): number[] {
  const moved = [...places];
  let free = Number.NEGATIVE_INFINITY;
  for (const index of places.map((_, n) => n).sort((a, b) => places[a]! - places[b]!)) {
    moved[index] = Math.max(places[index]!, free);
    free = moved[index]! + 16;
  }
  return moved;
}
