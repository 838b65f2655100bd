import type * as schemas from "../protocol/rest/webhooks.ts";
import type { Attempt } from "./attempt-log.ts";
import type { Delivery } from "./deliveries.ts";
import type { Webhook } from "./webhooks.ts";

const time = (at: number) => new Date(at).toISOString();
const timeOrNull = (at: number | null) => (at === null ? null : time(at));

/** A webhook as those who manage the workspace see it. */
export function webhookBody(webhook: Webhook): schemas.WebhookBody {
  return {
    id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events === null ? null : JSON.parse(webhook.events),
    enabled: webhook.disabledAt === null,
    disabled_reason: webhook.disabledReason,
    failing_since: timeOrNull(webhook.failingSince),
    old_secret_until: timeOrNull(webhook.oldSecretUntil),
    created_by: webhook.createdBy,
    created_at: time(webhook.createdAt),
  };
}

export function attemptBody({
  attempt,
  attemptedAt,
  tookMs,
  answer,
  failure,
}: Attempt): schemas.WebhookAttemptBody {
  return { attempt, attempted_at: time(attemptedAt), took_ms: tookMs, answer, failure };
}

export function deliveryBody({ row, event }: Delivery): schemas.WebhookDeliveryBody {
  return {
    id: row.id,
    event_id: row.eventId,
    type: event.type,
    trace_id: event.traceId,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: timeOrNull(row.dueAt),
    attempted_at: timeOrNull(row.attemptedAt),
    took_ms: row.tookMs,
    answer: row.answer,
    failure: row.failure,
    created_at: time(row.createdAt),
  };
}
