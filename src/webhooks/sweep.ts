import { and, isNull, lt, notExists, sql } from "drizzle-orm";
import { database } from "../db/database.ts";
import { outbox, webhookAttempts, webhookDeliveries, webhooks, workspaces } from "../db/schema.ts";
import { limits } from "../protocol/limits.ts";
import { ring } from "./deliveries.ts";

/** Calls of one sweep: two queries and a message each, of the 1,000 that an invocation has. */
const sweepCalls = 100;

/**
 * What the service does every minute about deliveries: it takes up those whose time has come, or that a crash or the queue
 * has left. Once an hour it deletes what is too old, and what belongs to nothing any more.
 */
export async function sweepDeliveries(env: Env, now: number): Promise<void> {
  for (let call = 0; call < sweepCalls; call++) if (!(await ring(env, now))) break;
  if (new Date(now).getUTCMinutes() === 0) await prune(env, now);
}

async function prune(env: Env, now: number): Promise<void> {
  const db = database(env.DB);
  const old = now - limits.eventDays * 86_400_000;
  const without = (
    table: typeof workspaces | typeof webhooks | typeof webhookDeliveries,
    key: typeof webhooks.workspaceId | typeof webhookDeliveries.webhookId | typeof webhookAttempts.deliveryId,
  ) => notExists(db.select({ id: table.id }).from(table).where(sql`${table.id} = ${key}`));
  await db.batch([
    db.delete(webhooks).where(without(workspaces, webhooks.workspaceId)),
    db.delete(webhookDeliveries).where(without(webhooks, webhookDeliveries.webhookId)),
    db.delete(webhookDeliveries).where(lt(webhookDeliveries.createdAt, old)),
    db.delete(webhookAttempts).where(without(webhookDeliveries, webhookAttempts.deliveryId)),
    // Those that no consumer has finished stay.
    db.delete(outbox).where(and(lt(outbox.createdAt, old), isNull(outbox.dueAt))),
  ]);
}
