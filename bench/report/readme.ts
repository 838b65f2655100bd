import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workloads } from "../workloads.ts";
import { growthChart } from "./growth-chart.ts";
import { type Results, readResults } from "./results.ts";
import { measuredOf, tables } from "./tables.ts";
import { targetChart } from "./target-chart.ts";

const page = join(import.meta.dirname, "../README.md");
const folder = join(import.meta.dirname, "../charts");

/** By the first word of their ids. */
const families: Readonly<Record<string, string>> = {
  editors: "concurrent editors",
  trace: "a recorded trace through the service",
  typing: "typing",
  cold: "opening a document",
  storage: "storage",
  fanout: "one writer and many viewers",
  rest: "REST",
  room: "a room with a long text and a long history",
  ot: "the engine in process",
};

/** Each chart by the name of its file. */
export function charts(results: Results): Map<string, string> {
  const made = new Map<string, string>();
  for (const [store, suffix] of [
    ["memory", ""],
    ["disk", "-disk"],
  ] as const) {
    const measured = measuredOf(results, workloads, store);
    for (const family of new Set(workloads.map(({ id }) => id.split("-")[0] ?? id))) {
      const title = `${families[family] ?? family}${store === "disk" ? ", on a disk" : ""}`;
      const chart = targetChart(
        title,
        measured.filter(({ workload }) => workload.id.split("-")[0] === family),
      );
      if (chart) made.set(`${family}${suffix}.svg`, chart);
    }
    for (const { workload, rounds } of measured)
      if (workload.growth) made.set(`${workload.id}${suffix}.svg`, growthChart(workload, rounds));
  }
  return made;
}

/** The page with what the results say between its markers, `<!-- name -->` and `<!-- /name -->`. */
export function withResults(markdown: string, results: Results): string {
  const pictures = [...charts(results).keys()];
  const embedded = (names: readonly string[]) =>
    names.map((name) => `![${name}](charts/${name})\n`).join("\n");
  const isGrowth = (name: string) => name.includes("-growth-");
  const between: Record<string, string> = {
    ...tables(results, workloads),
    charts: embedded(pictures.filter((name) => !isGrowth(name))),
    "growth-charts": embedded(pictures.filter(isGrowth)),
  };
  let written = markdown;
  for (const [name, text] of Object.entries(between)) {
    const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = written.indexOf(before);
    const to = written.indexOf(after);
    if (from < 0 || to < from) throw new Error(`README.md has no place for ${name}`);
    written = `${written.slice(0, from + before.length)}\n\n${text}\n${written.slice(to)}`;
  }
  return written;
}

/** Writes the page and its charts anew from results.json. */
export function writeReadme(): void {
  const results = readResults();
  writeFileSync(page, withResults(readFileSync(page, "utf8"), results));
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const [name, picture] of charts(results)) writeFileSync(join(folder, name), picture);
}
