import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

/** The settings of an export that are handed on from the environment (`src/otlp/settings.ts`). */
const names = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
];

/**
 * The words with which `wrangler dev` runs the service together with the Worker that exports its spans, where the environment says
 * whereto; else none. Both configurations are made of the checked-in ones, and ignored by git.
 */
export function exportingSpans(env: NodeJS.ProcessEnv): string[] {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT) return [];
  // Beside wrangler.toml, as what it names is relative to it.
  const service = "wrangler.exporting.toml";
  const consumer = '\n[[streaming_tail_consumers]]\nservice = "materi-otlp"\n';
  writeFileSync(service, readFileSync("wrangler.toml", "utf8") + consumer);
  const folder = ".wrangler/otlp";
  mkdirSync(folder, { recursive: true });
  const { 1: date } =
    /^compatibility_date = "(.+)"$/m.exec(readFileSync("src/otlp/wrangler.toml", "utf8")) ?? [];
  const exporter = {
    name: "materi-otlp",
    main: resolve("src/otlp/worker.ts"),
    compatibility_date: date,
    vars: Object.fromEntries(names.map((name) => [name, env[name] ?? ""])),
  };
  // Only for whoever started it: it has the headers.
  writeFileSync(`${folder}/wrangler.json`, JSON.stringify(exporter), { mode: 0o600 });
  return ["--config", service, "--config", `${folder}/wrangler.json`];
}
