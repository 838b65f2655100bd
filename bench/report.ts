import { median } from "./median.ts";
import type { Figures, Target, Workload } from "./workload.ts";

/** What a workload came to: the figures of each contender, round by round. */
export interface Result {
  workload: Workload;
  rounds: ReadonlyMap<string, readonly Figures[]>;
}

export const tableHead = "| workload | | figures | of the target |\n| --- | --- | --- | --- |\n";

/** The median over the rounds; of a relative target, of the ratios within a round. */
export function reached({ rounds }: Result, { figure, of }: Target): number {
  const [own = []] = rounds.values();
  const other = of === undefined ? undefined : rounds.get(of);
  return median(
    own.map(
      (figures, round) =>
        (figures[figure] ?? Number.NaN) / (other ? (other[round]?.[figure] ?? Number.NaN) : 1),
    ),
  );
}

/** Lines of a Markdown table, one for each contender. */
export function tableLines(result: Result): string {
  const { workload, rounds } = result;
  // What is aimed at beside another project is told where that was measured.
  const known = workload.targets.filter(({ of }) => of === undefined || rounds.has(of));
  const targets = known.map((target) => {
    const value = reached(result, target);
    const isMet = value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
    const aim = target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
    return `${isMet ? "met" : "**not met**"}: ${shown(value)}${target.of ? ` × ${target.of}` : ` ${target.figure}`} (${aim})`;
  });
  return [...rounds]
    .map(([name, list], index) => {
      const figures = Object.keys(list[0] ?? {}).map(
        (figure) => `${shown(median(list.map((each) => each[figure] ?? Number.NaN)))} ${figure}`,
      );
      return `| ${workload.name} | ${name} | ${figures.join(", ")} | ${index === 0 ? targets.join("; ") : ""} |\n`;
    })
    .join("");
}

const shown = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
