import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rounds } from "./figures.ts";
import { format } from "./format.ts";
import type { RunFacts } from "./run-facts.ts";

/** A workload as it was measured last, on one kind of storage. */
export interface Row {
  workload: string;
  store: RunFacts["store"];
  /** When the run that it is of began: its key in `runs`. */
  run: string;
  rounds: Rounds;
}

/** What results.json holds. */
export interface Results {
  /** By the time at which they began. */
  runs: Record<string, RunFacts>;
  rows: Row[];
}

const file = join(import.meta.dirname, "../results.json");

export function readResults(): Results {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { runs: {}, rows: [] };
}

export function writeResults(results: Results): void {
  writeFileSync(file, format("results.json", JSON.stringify(results, undefined, 2)));
}

/** A row takes the place of the one of the same workload and storage, and a run of which no row is left is forgotten. */
export function withRow(results: Results, row: Row, facts: RunFacts): Results {
  const others = results.rows.filter(
    ({ workload, store }) => workload !== row.workload || store !== row.store,
  );
  const rows = [...others, { ...row, rounds: rounded(row.rounds) }];
  const runs = Object.entries({ ...results.runs, [row.run]: facts }).filter(([began]) =>
    rows.some(({ run }) => run === began),
  );
  return { runs: Object.fromEntries(runs), rows };
}

/** Six digits: more were chance. */
function rounded(rounds: Rounds): Rounds {
  return Object.fromEntries(
    Object.entries(rounds).map(([contender, list]) => [
      contender,
      list.map((figures) =>
        Object.fromEntries(
          Object.entries(figures).map(([figure, value]) => [figure, Number(value.toPrecision(6))]),
        ),
      ),
    ]),
  );
}
