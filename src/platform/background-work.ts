import { errorFields, type LogFields, log } from "./log.ts";

/** Does what no request asked for, and writes a line when it has ended. What it throws is thrown on: the platform repeats it. */
export async function inBackground(
  event: "queue_batch" | "cron",
  fields: LogFields,
  work: () => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const ended = () => ({ ...fields, duration_ms: Math.round((performance.now() - startedAt) * 10) / 10 });
  try {
    await work();
  } catch (error) {
    log("error", event, { ...ended(), outcome: "failed", ...errorFields(error) });
    throw error;
  }
  log("info", event, { ...ended(), outcome: "ok" });
}
