import { errorFields, isLogged, log } from "../platform/log.ts";
import type { EndedFlush } from "./ended-flush.ts";

export function logFlush(flush: EndedFlush): void {
  const level = flush.error === undefined ? "info" : "error";
  if (!isLogged(level)) return;
  log(level, "room_commit", {
    document_id: flush.documentId,
    from: flush.from,
    version: flush.to,
    operations: flush.to - flush.from + 1,
    transforms: flush.transforms,
    rows_written: flush.rowsWritten,
    duration_ms: Math.round(flush.durationMs * 10) / 10,
    outcome: flush.error === undefined ? "ok" : "failed",
    ...(flush.error !== undefined && errorFields(flush.error)),
  });
}
