import type { EndedRequest } from "./ended-requests.ts";
import { count, observe, reportAfterAnswer } from "./metrics.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts an answer, and has the dataset `ANALYTICS` (docs/metrics.md) hear of it where there is one. */
export function countRequest(ended: EndedRequest, { ANALYTICS }: Pick<Env, "ANALYTICS">): void {
  const { route, status, outcome, durationMs } = ended;
  const method = methods.has(ended.method) ? ended.method : "other";
  count("materi_http_requests_total", { method, route, status: String(status) });
  observe("materi_http_request_duration_seconds", { route }, durationMs / 1_000);
  // Why a token is not valid is counted where it is found out.
  if (status === 401 && outcome !== "invalid_token") count("materi_auth_failures_total", { reason: outcome });
  ANALYTICS?.writeDataPoint({
    indexes: [route.slice(0, 96)],
    blobs: ["request", method, route, String(status), outcome],
    doubles: [1, durationMs],
  });
  reportAfterAnswer(Date.now());
}
