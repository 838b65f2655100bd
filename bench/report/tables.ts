import type { Workload } from "../workload.ts";
import { aim, beyond, figureOf, type Rounds, reached, shown, unit, verdict } from "./figures.ts";
import type { Results, Row } from "./results.ts";
import type { RunFacts } from "./run-facts.ts";

export const tableHead = "| workload | | figures | of the target |\n| --- | --- | --- | --- |\n";

/** A line for each contender: the medians of its figures, and of Materi what became of the targets. */
export function tableLines({ name, targets }: Workload, rounds: Rounds): string {
  return Object.entries(rounds)
    .map(([contender, [first = {}]], index) => {
      const figures = Object.keys(first).map(
        (figure) => `${shown(figureOf(rounds, contender, figure))} ${figure}`,
      );
      // What is aimed at beside another project is told where that was measured.
      const known = targets.filter(({ of }) => of === undefined || of in rounds);
      const verdicts = index === 0 ? known.map((target) => verdict(rounds, target)).join("; ") : "";
      return `| ${name} | ${contender} | ${figures.join(", ")} | ${verdicts} |\n`;
    })
    .join("");
}

/** Where a workload grows: a column for each size. */
function growthTable({ name, growth }: Workload, rounds: Rounds): string {
  const sizes = [...new Set(Object.values(rounds).flatMap(([figures = {}]) => Object.keys(figures)))];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [
    `${name}, ${growth?.figure}, by ${growth?.of}:\n\n`,
    line(["", ...sizes.map((size) => shown(Number(size)))]),
    line(["---", ...sizes.map(() => "---:")]),
    ...Object.keys(rounds).map((contender) =>
      line([contender, ...sizes.map((size) => shown(figureOf(rounds, contender, size)))]),
    ),
  ].join("");
}

/** Every target: what became of it, and how far the best peer that has the figure came. */
function targetTable(measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ workload, rounds }) => {
    const [own = "", ...others] = Object.keys(rounds);
    return workload.targets.map((target) => {
      const value = reached(rounds, own, target);
      const state = Number.isNaN(value) ? "not measured" : beyond(value, target) >= 1 ? "met" : "**not met**";
      const [best] = others
        .filter((name) => name !== target.of && !/^(LIMIT|Materi)/.test(name))
        .map((name) => ({ name, value: reached(rounds, name, target) }))
        .filter((other) => !Number.isNaN(other.value))
        .sort((a, b) => beyond(b.value, target) - beyond(a.value, target));
      const peer = best ? `${shown(best.value)} ${best.name}` : "";
      return `| ${workload.name} | ${aim(target)} ${unit(target)} | ${shown(value)} | ${state} | ${peer} |\n`;
    });
  });
  return `| workload | target | Materi | | the best peer |\n| --- | --- | ---: | --- | --- |\n${lines.join("")}`;
}

interface Measured {
  workload: Workload;
  rounds: Rounds;
}

/** In the order of the list, which may have had other workloads when they were measured. */
export function measuredOf(
  { rows }: Results,
  workloads: readonly Workload[],
  store: Row["store"],
): Measured[] {
  return workloads.flatMap((workload) =>
    rows
      .filter((row) => row.workload === workload.id && row.store === store)
      .map(({ rounds }) => ({ workload, rounds })),
  );
}

/** What stands between the README's markers, by their names. */
export function tables(results: Results, workloads: readonly Workload[]): Record<string, string> {
  const memory = measuredOf(results, workloads, "memory");
  const disk = measuredOf(results, workloads, "disk");
  const figures = (measured: readonly Measured[]) =>
    tableHead +
    measured
      .filter(({ workload }) => !workload.growth)
      .map(({ workload, rounds }) => tableLines(workload, rounds))
      .join("");
  return {
    targets: targetTable(memory),
    figures: figures(memory),
    disk: disk.length > 0 ? figures(disk) : "Not measured on a disk.\n",
    growth: memory
      .filter(({ workload }) => workload.growth)
      .map(({ workload, rounds }) => growthTable(workload, rounds))
      .join("\n"),
    unmeasured: workloads
      .filter(({ id }) => !memory.some(({ workload }) => workload.id === id))
      .map(({ id, name }) => `- \`${id}\`: ${name}\n`)
      .join(""),
    runs: Object.entries(results.runs)
      .map(([began, facts]) => runLines(began, facts, results))
      .join(""),
  };
}

function runLines(
  began: string,
  { commit, machine, versions, store, options }: RunFacts,
  { rows }: Results,
): string {
  const of = rows.filter(({ run }) => run === began).map(({ workload }) => `\`${workload}\``);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `- ${began}, commit ${commit}, stored ${store === "memory" ? "in memory (tmpfs)" : "on a disk"}, ${options.rounds} rounds of ${options.seconds} s, on ${machine}.
  ${named.join(", ")}. Of it: ${of.join(", ")}.\n`;
}
