import { type MetricName, metricTable, type Series } from "../platform/metrics.ts";

/** Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

export function prometheusText(series: Series): string {
  return (Object.keys(metricTable) as MetricName[]).map((name) => family(name, series[name] ?? {})).join("");
}

/** A metric with all of its labels; also one without any numbers yet, so that it is known. */
function family(name: MetricName, byLabels: Record<string, number[]>): string {
  const { type, help } = metricTable[name];
  const lines = Object.entries(byLabels).flatMap(([labels, numbers]) =>
    type === "histogram" ? classes(name, labels, numbers) : [sample(name, labels, numbers[0] ?? 0)],
  );
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

/** The classes of a histogram hold what is in those before them, too. */
function classes(name: MetricName, labels: string, [sum = 0, ...counts]: number[]): string[] {
  const { ends }: { ends: readonly number[] } = metricTable[name];
  let upTo = 0;
  const buckets = [...ends, "+Inf"].map((end, index) => {
    upTo += counts[index] ?? 0;
    return sample(`${name}_bucket`, [labels, `le="${end}"`].filter(Boolean).join(","), upTo);
  });
  return [...buckets, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, upTo)];
}

const sample = (name: string, labels: string, value: number) =>
  `${name}${labels === "" ? "" : `{${labels}}`} ${value}`;
