// What counting costs a room's commit: `node bench/flush-metrics.ts`.
import { registerHooks } from "node:module";

const platform = `export const env = ${JSON.stringify({ ADMIN_TOKEN: "x" })}, waitUntil = () => {};
  env.METRICS = { getByName: () => ({ add: async () => {} }) };`;
registerHooks({
  resolve: (name, context, next) =>
    name === "cloudflare:workers"
      ? { url: `data:text/javascript,${encodeURIComponent(platform)}`, shortCircuit: true }
      : next(name, context),
});
const { FlushMetrics } = await import("../src/room/flush-metrics.ts");

const commits = 5_000_000;
const metrics = new FlushMetrics("bench", undefined);
const flush = { documentId: "bench", transforms: 3, rowsWritten: 1, durationMs: 0, error: undefined };
for (let round = 0; round < 3; round++) {
  const began = performance.now();
  for (let commit = 0; commit < commits; commit++)
    metrics.ended({ ...flush, from: commit, to: commit + (commit % 50) });
  const ns = ((performance.now() - began) * 1e6) / commits;
  console.log(`${ns.toFixed(0)} ns for a commit`);
}
