import { and, desc, eq, inArray, isNull, lte, ne, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { olderThan } from "../db/page-position.ts";
import { outbox, webhookDeliveries, webhooks } from "../db/schema.ts";
import type { EventConsumer } from "../events/event.ts";
import type { Making } from "../idempotency/idempotent.ts";
import type { Position } from "../platform/cursor.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import { currentTraceId } from "../platform/trace-scope.ts";
import type { WebhookMessageBody } from "../protocol/rest/webhooks.ts";
import { type Attempt, beginAttempt, listAttempts } from "./attempt-log.ts";
import { type Asker, type Webhook, webhookFor } from "./webhooks.ts";

/** A delivery, and the event that it is of. */
export interface Delivery {
  row: typeof webhookDeliveries.$inferSelect;
  event: Pick<typeof outbox.$inferSelect, "type" | "workspaceId" | "data" | "createdAt" | "traceId">;
}

/** What is in the queue: which attempt, counted from 0, at which delivery. A doubled message finds another count. */
export interface DeliveryMessage {
  deliveryId: string;
  attempt: number;
}

/** What one call to the queue takes. */
const atOnce = 100;

/** Milliseconds after which a delivery whose message was lost, or whose attempt died, is due again. */
const patience = 60_000;

/** As a consumer of events: what their workspaces' webhooks are to be sent of them, each once, and none of what was before it. */
export const noteDeliveries: EventConsumer = async (env, events) => {
  const workspaces = new Set(events.flatMap(({ workspaceId }) => workspaceId ?? []));
  if (workspaces.size === 0) return;
  const db = database(env.DB);
  const listening = await db
    .select({
      id: webhooks.id,
      workspaceId: webhooks.workspaceId,
      events: webhooks.events,
      createdAt: webhooks.createdAt,
    })
    .from(webhooks)
    .where(and(inArray(webhooks.workspaceId, [...workspaces]), isNull(webhooks.disabledAt)));
  const now = Date.now();
  const rows = events.flatMap(({ id, type, workspaceId, createdAt }) =>
    listening
      .filter((webhook) => webhook.workspaceId === workspaceId && webhook.createdAt <= createdAt)
      .filter(({ events: chosen }) => chosen === null || JSON.parse(chosen).includes(type))
      .map((webhook) => newDelivery(webhook.id, id, now)),
  );
  // One by one: a statement of D1 takes 100 parameters.
  const [first, ...others] = rows.map((row) =>
    db.insert(webhookDeliveries).values(row).onConflictDoNothing(),
  );
  if (!first) return;
  await db.batch([first, ...others]);
  await ringLogged(env, now);
};

function newDelivery(webhookId: string, eventId: string, now: number) {
  return {
    id: crypto.randomUUID(),
    webhookId,
    eventId,
    status: "pending" as const,
    attempts: 0,
    dueAt: now,
    createdAt: now,
  };
}

/**
 * Puts what is due into the queue, and off in the same moment: what gets lost from then on is due again later. True if
 * there may be more.
 */
export async function ring(env: Env, now: number): Promise<boolean> {
  const db = database(env.DB);
  const due = await db
    .update(webhookDeliveries)
    .set({ dueAt: now + patience })
    .where(
      inArray(
        webhookDeliveries.id,
        db
          .select({ id: webhookDeliveries.id })
          .from(webhookDeliveries)
          .where(lte(webhookDeliveries.dueAt, now))
          .orderBy(webhookDeliveries.dueAt)
          .limit(atOnce),
      ),
    )
    .returning({ deliveryId: webhookDeliveries.id, attempt: webhookDeliveries.attempts });
  if (due.length > 0) {
    await env.DELIVERIES.sendBatch(due.map((body) => ({ body: body satisfies DeliveryMessage })));
  }
  return due.length === atOnce;
}

/** What fails is left to the sweep. */
export async function ringLogged(env: Env, now: number): Promise<void> {
  try {
    await ring(env, now);
  } catch (error) {
    log("warn", "deliveries_not_handed_on", errorFields(error));
  }
}

// ── For people ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What was sent to a webhook, newest first; of one status, if one is given. */
export async function listDeliveries(
  asker: Asker,
  webhookId: string,
  {
    status,
    after,
    limit,
  }: { status: Delivery["row"]["status"] | undefined; after: Position | undefined; limit: number },
): Promise<Delivery[]> {
  await webhookFor(asker, webhookId);
  return selectDeliveries(database(asker.env.DB))
    .where(
      and(
        eq(webhookDeliveries.webhookId, webhookId),
        status && eq(webhookDeliveries.status, status),
        olderThan(webhookDeliveries, after),
      ),
    )
    .orderBy(desc(webhookDeliveries.createdAt), desc(webhookDeliveries.id))
    .limit(limit);
}

/** A delivery, with the attempts at it, newest first. Throws Problem `not_found`. */
export async function deliveryFor(
  asker: Asker,
  webhookId: string,
  id: string,
): Promise<Delivery & { attempts: Attempt[] }> {
  await webhookFor(asker, webhookId);
  const db = database(asker.env.DB);
  const delivery = await oneDelivery(db, webhookId, id);
  return { ...delivery, attempts: await listAttempts(db, id) };
}

/** Sends again what was delivered or given up, now and with all attempts. Throws Problem `webhook_disabled`. */
export async function redeliver(asker: Asker, webhookId: string, id: string, now: number): Promise<Delivery> {
  refuseDisabled(await webhookFor(asker, webhookId));
  const db = database(asker.env.DB);
  await oneDelivery(db, webhookId, id);
  await db
    .update(webhookDeliveries)
    .set({ status: "pending", attempts: 0, dueAt: now })
    .where(
      and(
        eq(webhookDeliveries.id, id),
        eq(webhookDeliveries.webhookId, webhookId),
        ne(webhookDeliveries.status, "pending"),
      ),
    );
  await ringLogged(asker.env, now);
  return oneDelivery(db, webhookId, id);
}

/** Sends a webhook a message of the type `webhooks.ping`, which says nothing. Throws Problem `webhook_disabled`. */
export async function ping(asker: Asker, webhookId: string, making: Making, now: number): Promise<Delivery> {
  const webhook = await webhookFor(asker, webhookId);
  refuseDisabled(webhook);
  const db = database(asker.env.DB);
  const event = {
    id: making.id,
    type: "webhooks.ping",
    workspaceId: webhook.workspaceId,
    data: JSON.stringify({ webhook_id: webhookId }),
    createdAt: now,
    traceId: currentTraceId() ?? null,
  };
  const delivery = newDelivery(webhookId, event.id, now);
  // Not due: it is for nobody but this webhook.
  await db.batch([
    db
      .insert(outbox)
      .values({ ...event, dueAt: null })
      .onConflictDoNothing(),
    db.insert(webhookDeliveries).values(delivery).onConflictDoNothing(),
  ]);
  await ringLogged(asker.env, now);
  const [found] = await selectDeliveries(db).where(
    and(eq(webhookDeliveries.webhookId, webhookId), eq(webhookDeliveries.eventId, event.id)),
  );
  if (!found) throw noDelivery();
  return found;
}

function refuseDisabled({ disabledAt }: Webhook): void {
  if (disabledAt !== null) throw new Problem("webhook_disabled", "The webhook is disabled: enable it first.");
}

const selectDeliveries = (db: Database) =>
  db
    .select({
      row: webhookDeliveries,
      event: {
        type: outbox.type,
        workspaceId: outbox.workspaceId,
        data: outbox.data,
        createdAt: outbox.createdAt,
        traceId: outbox.traceId,
      },
    })
    .from(webhookDeliveries)
    .innerJoin(outbox, eq(outbox.id, webhookDeliveries.eventId))
    .$dynamic();

async function oneDelivery(db: Database, webhookId: string, id: string): Promise<Delivery> {
  const [found] = await selectDeliveries(db).where(
    and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.webhookId, webhookId)),
  );
  if (!found) throw noDelivery();
  return found;
}

function noDelivery(): Problem {
  return new Problem("not_found", "There is no such delivery.");
}

/**
 * Takes an attempt at a delivery upon itself: nobody else makes the same one. Undefined if somebody has, or nothing is to
 * be sent any more.
 */
export async function claimAttempt(
  db: Database,
  { deliveryId, attempt }: DeliveryMessage,
  now: number,
): Promise<(Delivery & { webhook: Webhook }) | undefined> {
  const claim = db
    .update(webhookDeliveries)
    .set({ attempts: attempt + 1, attemptedAt: now, dueAt: now + patience })
    .where(
      and(
        eq(webhookDeliveries.id, deliveryId),
        eq(webhookDeliveries.status, "pending"),
        eq(webhookDeliveries.attempts, attempt),
        sql`EXISTS (SELECT 1 FROM webhooks WHERE id = ${webhookDeliveries.webhookId} AND disabled_at IS NULL)`,
      ),
    )
    .returning();
  const begun = beginAttempt(db, { deliveryId, attempt: attempt + 1, attemptedAt: now });
  const [[row]] = await db.batch([claim, begun]);
  if (!row) return undefined;
  const [found] = await db
    .select({ webhook: webhooks, event: outbox })
    .from(webhooks)
    .innerJoin(outbox, eq(outbox.id, row.eventId))
    .where(eq(webhooks.id, row.webhookId));
  return found && { row, ...found };
}

/** What is sent of an event, the same each time. */
export function messageOf({
  type,
  workspaceId,
  data,
  createdAt,
  traceId,
}: Delivery["event"]): WebhookMessageBody {
  return {
    type,
    timestamp: new Date(createdAt).toISOString(),
    trace_id: traceId,
    data: { workspace_id: workspaceId, ...JSON.parse(data) },
  };
}
