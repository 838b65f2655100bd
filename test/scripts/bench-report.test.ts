import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { reached, verdict } from "../../bench/report/figures.ts";
import { charts, withResults } from "../../bench/report/readme.ts";
import { readResults, withRow } from "../../bench/report/results.ts";
import type { RunFacts } from "../../bench/report/run-facts.ts";
import { workloads } from "../../bench/workloads.ts";

const bench = join(import.meta.dirname, "../../bench");
const page = readFileSync(join(bench, "README.md"), "utf8");
const results = readResults();

describe("bench/README.md", () => {
  it("says between its markers what results.json says, and no more", () => {
    expect(withResults(page, results)).toBe(page);
  });

  it("has the charts of results.json, and no others", () => {
    const made = charts(results);
    expect(globSync("*.svg", { cwd: join(bench, "charts") }).sort()).toEqual([...made.keys()].sort());
    for (const [name, picture] of made)
      expect(readFileSync(join(bench, "charts", name), "utf8")).toBe(picture);
  });

  it("has every workload in the tables, or among those that are not measured", () => {
    const section = /\n## Not measured\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
    const unmeasured = [...section.matchAll(/^- `([\w-]+)`/gm)].map(([, id]) => id);
    const measured = results.rows.filter(({ store }) => store === "memory").map(({ workload }) => workload);
    expect([...measured, ...unmeasured].sort()).toEqual(workloads.map(({ id }) => id).sort());
  });

  it("names a reason for every target that is not reached", () => {
    const section = /\n## Targets that are not reached, and why\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
    const reasons = [...section.matchAll(/^- `([\w-]+)`/gm)].map(([, id]) => id);
    const short = results.rows
      .filter(({ store }) => store === "memory")
      .filter(({ workload, rounds }) =>
        workloads
          .find(({ id }) => id === workload)
          ?.targets.some((target) => !verdict(rounds, target).startsWith("met")),
      )
      .map(({ workload }) => workload);
    expect([...new Set(reasons)].sort()).toEqual(short.sort());
  });
});

describe("figures", () => {
  const rounds = {
    Materi: [{ "edits/s": 100 }, { "edits/s": 60 }, { "edits/s": 90 }],
    Other: [{ "edits/s": 50 }, { "edits/s": 60 }, { "edits/s": 30 }],
  };

  it("tell a relative target by the median of the ratios within a round", () => {
    const target = { figure: "edits/s", of: "Other", atLeast: 2 };
    expect(reached(rounds, "Materi", target)).toBe(2);
    expect(verdict(rounds, target)).toBe("met: 2 × Other (≥ 2)");
    expect(verdict(rounds, { ...target, atLeast: 2.1 })).toBe("**not met**: 2 × Other (≥ 2.1)");
    const two = { Materi: rounds.Materi.slice(0, 2), Other: rounds.Other.slice(0, 2) };
    expect(reached(two, "Materi", target)).toBe(1.5);
  });

  it("are not taken for met where nothing was measured", () => {
    expect(verdict(rounds, { figure: "edits/s", of: "Nobody", atLeast: 0 })).toMatch(/^not measured/);
    expect(verdict({}, { figure: "edits/s", atMost: 9 })).toMatch(/^not measured/);
  });
});

describe("results", () => {
  const facts = (commit: string): RunFacts => ({
    commit,
    machine: "one",
    versions: {},
    store: "memory",
    options: { rounds: 1, seconds: 1, all: false, peers: false },
  });
  const row = (workload: string, run: string, value: number) => ({
    workload,
    store: "memory" as const,
    run,
    rounds: { Materi: [{ "edits/s": value }] },
  });

  it("of a part of the workloads leave the others as they were, and forget a run of which nothing is left", () => {
    const first = withRow(
      withRow({ runs: {}, rows: [] }, row("a", "1", 1), facts("x")),
      row("b", "1", 2),
      facts("x"),
    );
    const second = withRow(first, row("b", "2", 3), facts("y"));
    expect(second.rows).toEqual([row("a", "1", 1), row("b", "2", 3)]);
    expect(Object.keys(second.runs)).toEqual(["1", "2"]);
    const third = withRow(second, row("a", "3", 4), facts("z"));
    expect(Object.keys(third.runs)).toEqual(["2", "3"]);
  });
});
