import { median } from "../median.ts";
import type { Figures, Target } from "../workload.ts";

/** The figures of each contender, round by round. Materi is the first. */
export type Rounds = Readonly<Record<string, readonly Figures[]>>;

/** The median over the rounds; NaN where there is none. */
export function figureOf(rounds: Rounds, contender: string, figure: string): number {
  return median((rounds[contender] ?? []).map((figures) => figures[figure] ?? Number.NaN));
}

/** What a contender came to of a target: the figure, or where the target is relative the median of the ratios within a round. */
export function reached(rounds: Rounds, contender: string, { figure, of }: Target): number {
  if (of === undefined) return figureOf(rounds, contender, figure);
  return median(
    (rounds[contender] ?? []).map(
      (figures, round) => (figures[figure] ?? Number.NaN) / (rounds[of]?.[round]?.[figure] ?? Number.NaN),
    ),
  );
}

/** How far that is beyond the target: from 1 on it is met. */
export const beyond = (value: number, { atLeast, atMost }: Target): number =>
  atLeast === undefined ? (atMost ?? Number.NaN) / value : value / atLeast;

export const aim = ({ atLeast, atMost }: Target): string =>
  atLeast === undefined ? `≤ ${shown(atMost ?? Number.NaN)}` : `≥ ${shown(atLeast)}`;

/** What a target is of: "× LIMIT(c)", "bytes up per edit". */
export const unit = ({ figure, of }: Target): string => (of === undefined ? figure : `× ${of}`);

/** "met: 0.93 × LIMIT(c) (≥ 0.9)". */
export function verdict(rounds: Rounds, target: Target): string {
  const [own = ""] = Object.keys(rounds);
  const value = reached(rounds, own, target);
  if (Number.isNaN(value)) return `not measured: ${unit(target)} (${aim(target)})`;
  const word = beyond(value, target) >= 1 ? "met" : "**not met**";
  return `${word}: ${shown(value)} ${unit(target)} (${aim(target)})`;
}

/** Three digits that count. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
