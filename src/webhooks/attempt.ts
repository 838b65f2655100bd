import { and, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { webhookDeliveries, webhooks } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { errorFields, log } from "../platform/log.ts";
import { inSpan, traceparentFrom } from "../platform/tracing.ts";
import { limits } from "../protocol/limits.ts";
import { endAttempt } from "./attempt-log.ts";
import { claimAttempt, type DeliveryMessage, messageOf } from "./deliveries.ts";
import { resolveBy } from "./resolve.ts";
import { signedHeaders } from "./signing.ts";
import { sendFault } from "./target.ts";
import { endPending, type Webhook } from "./webhooks.ts";

const day = 86_400_000;

/**
 * Milliseconds from an attempt to the next, up to a tenth more by chance so that targets that were down together are not
 * asked together: as Standard Webhooks advises, eight attempts within 28 hours.
 */
const backoff = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000];

/** Messages with a delay up to this are left in the queue; the sweep looks after the others, a minute late at most. */
const shortWait = 60_000;

/** What came of an attempt: an HTTP status, or why there is none. */
interface Outcome {
  answer: number | null;
  failure:
    | "status"
    | "redirect"
    | "timeout"
    | "unreachable"
    | "forbidden_target"
    | "no_such_host"
    | "unresolved"
    | null;
  tookMs: number;
}

/** And when the target asks to be asked again, milliseconds from now. */
type Sent = Outcome & { retryAfter: number };

/** Makes the attempts of a batch. One that fails here is due again, as if its message had been lost. */
export async function makeAttempts(env: Env, messages: readonly Message<DeliveryMessage>[]): Promise<void> {
  await Promise.all(
    messages.map(async ({ body }) => {
      try {
        await makeAttempt(env, body);
      } catch (error) {
        log("error", "delivery_failed", { delivery_id: body.deliveryId, ...errorFields(error) });
      }
    }),
  );
}

/** Makes one attempt, unless somebody else has, and writes down what came of it. */
export async function makeAttempt(
  env: Env,
  message: DeliveryMessage,
  { now = Date.now() }: { now?: number } = {},
): Promise<void> {
  const db = database(env.DB);
  const claimed = await claimAttempt(db, message, now);
  if (!claimed) return;
  const { row, event, webhook } = claimed;
  const body = JSON.stringify(messageOf(event));
  const names = {
    webhook_id: webhook.id,
    event_id: row.eventId,
    attempt: row.attempts,
    trace_id: event.traceId ?? undefined,
  };
  const { retryAfter, ...outcome } = await inSpan("webhook.deliver", names, async (span) => {
    const sent = await send(env, webhook, { id: row.eventId, body, traceId: event.traceId }, now);
    span.setAttributes({
      "http.response.status_code": sent.answer ?? undefined,
      failure: sent.failure ?? undefined,
    });
    return sent;
  });
  const { answer, failure, tookMs } = outcome;
  log("info", "webhook_delivery", {
    ...names,
    status: answer ?? undefined,
    failure: failure ?? undefined,
    took_ms: tookMs,
  });
  const arrived = failure === null;
  const wait = arrived || outcome.answer === 410 ? undefined : nextWait(row.attempts, retryAfter);
  const result = db
    .update(webhookDeliveries)
    .set({
      ...outcome,
      status: arrived ? "delivered" : wait === undefined ? "dead" : "pending",
      dueAt: wait === undefined ? null : now + wait,
    })
    .where(
      and(
        eq(webhookDeliveries.id, row.id),
        eq(webhookDeliveries.status, "pending"),
        // Nobody has begun another one meanwhile.
        eq(webhookDeliveries.attempts, row.attempts),
      ),
    );
  const attempt = { deliveryId: row.id, attempt: row.attempts, attemptedAt: now };
  await db.batch([
    result,
    ...endAttempt(db, { ...attempt, ...outcome }),
    ...webhookResult(db, webhook, outcome, now),
  ]);
  if (wait !== undefined && wait < shortWait) {
    await env.DELIVERIES.send({ deliveryId: row.id, attempt: row.attempts } satisfies DeliveryMessage, {
      delaySeconds: Math.ceil(wait / 1000),
    });
  }
}

/** Milliseconds, not before the target asks to be asked again; undefined after the last attempt. */
function nextWait(attempts: number, retryAfter: number): number | undefined {
  const wait = backoff[attempts - 1];
  return wait === undefined ? undefined : Math.round(Math.max(wait, retryAfter) * (1 + Math.random() / 10));
}

/** Milliseconds that an overloaded target asks for (RFC 9110 §10.2.3, RFC 6585 §4), up to a bound; 0 where it does not. */
function retryAfterOf({ status, headers }: Response, now: number): number {
  const value = headers.get("retry-after") ?? "";
  if (status !== 429 && status !== 503) return 0;
  const asked = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(asked) ? 0 : Math.min(Math.max(asked, 0), limits.webhookRetryHours * 3_600_000);
}

/** What the attempt says about the webhook itself. */
function webhookResult(
  db: Database,
  { id, failingSince }: Webhook,
  { answer, failure }: Outcome,
  now: number,
) {
  const mine = eq(webhooks.id, id);
  if (failure === null) {
    return [
      db
        .update(webhooks)
        .set({ failingSince: null })
        .where(and(mine, isNotNull(webhooks.failingSince))),
    ];
  }
  const reason =
    answer === 410
      ? "gone"
      : failingSince !== null && failingSince < now - limits.webhookFailingDays * day
        ? "failing"
        : undefined;
  if (reason) {
    log("warn", "webhook_disabled", { webhook_id: id, reason });
    return [
      db
        .update(webhooks)
        .set({ disabledAt: now, disabledReason: reason })
        .where(and(mine, isNull(webhooks.disabledAt))),
      endPending(db, id),
    ];
  }
  return [
    db
      .update(webhooks)
      .set({ failingSince: sql`coalesce(failing_since, ${now})` })
      .where(mine),
  ];
}

async function send(
  env: Env,
  webhook: Webhook,
  message: { id: string; body: string; traceId: string | null },
  now: number,
): Promise<Sent> {
  const began = Date.now();
  const ended = (outcome: Partial<Sent>): Sent => ({
    answer: null,
    failure: null,
    retryAfter: 0,
    tookMs: Date.now() - began,
    ...outcome,
  });
  const { webhooksToLoopback, dnsOverHttps } = settingsOf(env);
  const fault = await sendFault(new URL(webhook.url), {
    loopback: webhooksToLoopback,
    resolve: resolveBy(dnsOverHttps),
  });
  if (fault) return ended({ failure: fault });
  try {
    const response = await fetch(webhook.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Materi-Webhooks/1",
        ...(message.traceId !== null && { traceparent: traceparentFrom(message.traceId) }),
        ...(await signedHeaders(env, webhook, message, now)),
      },
      body: message.body,
      // One that leads elsewhere would lead past the check of where it may lead.
      redirect: "manual",
      signal: AbortSignal.timeout(limits.webhookSeconds * 1000),
    });
    // What it says beyond the status is nobody's business.
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return ended({ answer: status });
    const failure = status >= 300 && status < 400 ? "redirect" : "status";
    return ended({ answer: status, failure, retryAfter: retryAfterOf(response, now) });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return ended({ failure: timedOut ? "timeout" : "unreachable" });
  }
}
