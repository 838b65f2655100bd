import { and, desc, eq, type InferSelectModel, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { webhookAttempts } from "../db/schema.ts";
import { limits } from "../protocol/limits.ts";

/** One attempt at a delivery. Without answer, failure and time it is under way, or died. */
export type Attempt = InferSelectModel<typeof webhookAttempts>;

type AttemptKey = Pick<Attempt, "deliveryId" | "attempt" | "attemptedAt">;

/** The statement that writes down an attempt, if the one before it in the batch, by which it is claimed, changed anything. */
export function beginAttempt(
  db: Database,
  { deliveryId, attempt, attemptedAt }: AttemptKey,
): BatchItem<"sqlite"> {
  return db
    .insert(webhookAttempts)
    .select(sql`SELECT ${deliveryId}, ${attemptedAt}, ${attempt}, NULL, NULL, NULL WHERE changes() > 0`)
    .onConflictDoNothing();
}

/** The statements that write down what came of it, and forget those before the newest. */
export function endAttempt(
  db: Database,
  { deliveryId, attempt, attemptedAt, ...outcome }: Attempt,
): BatchItem<"sqlite">[] {
  const ofDelivery = eq(webhookAttempts.deliveryId, deliveryId);
  return [
    db
      .update(webhookAttempts)
      .set(outcome)
      .where(
        and(ofDelivery, eq(webhookAttempts.attempt, attempt), eq(webhookAttempts.attemptedAt, attemptedAt)),
      ),
    db.delete(webhookAttempts).where(
      and(
        ofDelivery,
        sql`${webhookAttempts.attemptedAt} <= (SELECT attempted_at FROM webhook_attempts WHERE delivery_id = ${deliveryId}
              ORDER BY attempted_at DESC LIMIT 1 OFFSET ${limits.keptAttempts})`,
      ),
    ),
  ];
}

/** The attempts at a delivery, newest first. */
export function listAttempts(db: Database, deliveryId: string): Promise<Attempt[]> {
  return db
    .select()
    .from(webhookAttempts)
    .where(eq(webhookAttempts.deliveryId, deliveryId))
    .orderBy(desc(webhookAttempts.attemptedAt), desc(webhookAttempts.attempt))
    .limit(limits.keptAttempts);
}
