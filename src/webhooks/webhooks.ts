import { and, asc, eq, type InferSelectModel, inArray, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { webhookAttempts, webhookDeliveries, webhooks } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import type { Making } from "../idempotency/idempotent.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { managedWorkspace } from "../workspaces/workspaces.ts";
import { newestSecret } from "./signing.ts";
import { targetFault } from "./target.ts";

export type Webhook = InferSelectModel<typeof webhooks>;

/** Who asks, in which workspace. All of it is for those who manage it: Problem `not_found`, `forbidden` for others. */
export interface Asker {
  env: Env;
  userId: string;
  workspaceId: string;
}

const hour = 3_600_000;

/** Throws Problem `validation_failed` for a target that nothing is sent to, and `quota_exceeded`. */
export async function createWebhook(
  { env, userId, workspaceId }: Asker,
  { making, url, name, events }: { making: Making; url: string; name: string; events: string[] | null },
  now: number,
): Promise<{ webhook: Webhook; secret: string }> {
  const db = database(env.DB);
  await managedWorkspace(db, userId, workspaceId);
  refuseTarget(env, url);
  const { id } = making;
  if (making.again) {
    const [webhook] = await db.select().from(webhooks).where(isOf(workspaceId, id));
    if (webhook) return { webhook, secret: await newestSecret(env, webhook) };
  }
  const row: Webhook = {
    id,
    workspaceId,
    name,
    url: new URL(url).href,
    events: events && JSON.stringify(events),
    secretGeneration: 1,
    oldSecretUntil: null,
    createdBy: userId,
    createdAt: now,
    failingSince: null,
    disabledAt: null,
    disabledReason: null,
  };
  const [made] = await db
    .insert(webhooks)
    .select(
      sql`SELECT ${row.id}, ${workspaceId}, ${name}, ${row.url}, ${row.events}, 1, NULL, ${userId}, ${now}, NULL, NULL, NULL
          WHERE (SELECT count(*) FROM webhooks WHERE workspace_id = ${workspaceId}) < ${limits.webhooksPerWorkspace}`,
    )
    .returning({ id: webhooks.id });
  if (!made) {
    throw new Problem("quota_exceeded", `A workspace has at most ${limits.webhooksPerWorkspace} webhooks.`);
  }
  return { webhook: row, secret: await newestSecret(env, row) };
}

/** Those that were there first come first. */
export async function listWebhooks(
  { env, userId, workspaceId }: Asker,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<Webhook[]> {
  const db = database(env.DB);
  await managedWorkspace(db, userId, workspaceId);
  return db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.workspaceId, workspaceId), newerThan(webhooks, after)))
    .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
    .limit(limit);
}

/** A webhook of the workspace. Throws Problem `not_found`. */
export async function webhookFor({ env, userId, workspaceId }: Asker, id: string): Promise<Webhook> {
  const db = database(env.DB);
  await managedWorkspace(db, userId, workspaceId);
  const [found] = await db.select().from(webhooks).where(isOf(workspaceId, id));
  if (!found) throw noWebhook();
  return found;
}

export interface WebhookChange {
  url?: string | undefined;
  name?: string | undefined;
  events?: string[] | null | undefined;
  enabled?: boolean | undefined;
}

/** What is enabled again begins anew, whatever has failed before. What was pending when it was disabled is dead. */
export async function changeWebhook(
  asker: Asker,
  id: string,
  { url, name, events, enabled }: WebhookChange,
  now: number,
): Promise<Webhook> {
  const before = await webhookFor(asker, id);
  if (url !== undefined) refuseTarget(asker.env, url);
  const change: Partial<Webhook> = {
    ...(url !== undefined && { url: new URL(url).href }),
    ...(name !== undefined && { name }),
    ...(events !== undefined && { events: events && JSON.stringify(events) }),
    ...(enabled === true && { disabledAt: null, disabledReason: null, failingSince: null }),
    ...(enabled === false && before.disabledAt === null && { disabledAt: now, disabledReason: "asked" }),
  };
  if (Object.keys(change).length === 0) return before;
  const db = database(asker.env.DB);
  const update = db.update(webhooks).set(change).where(isOf(asker.workspaceId, id)).returning();
  const [[changed]] = await db.batch([update, ...(enabled === false ? [endPending(db, id)] : [])]);
  if (!changed) throw noWebhook();
  return changed;
}

export async function deleteWebhook(asker: Asker, id: string): Promise<void> {
  await webhookFor(asker, id);
  const db = database(asker.env.DB);
  await db.batch([
    db.delete(webhooks).where(isOf(asker.workspaceId, id)),
    db
      .delete(webhookAttempts)
      .where(
        inArray(
          webhookAttempts.deliveryId,
          db
            .select({ id: webhookDeliveries.id })
            .from(webhookDeliveries)
            .where(eq(webhookDeliveries.webhookId, id)),
        ),
      ),
    db.delete(webhookDeliveries).where(eq(webhookDeliveries.webhookId, id)),
  ]);
}

/** Gives a webhook another secret; the one before signs along for a time, and the one before that no more. */
export async function rotateSecret(
  asker: Asker,
  id: string,
  now: number,
): Promise<{ webhook: Webhook; secret: string }> {
  await webhookFor(asker, id);
  const [webhook] = await database(asker.env.DB)
    .update(webhooks)
    .set({
      secretGeneration: sql`${webhooks.secretGeneration} + 1`,
      oldSecretUntil: now + limits.oldSecretHours * hour,
    })
    .where(isOf(asker.workspaceId, id))
    .returning();
  if (!webhook) throw noWebhook();
  return { webhook, secret: await newestSecret(asker.env, webhook) };
}

/** The statement that gives up what waits to be sent to a webhook. */
export function endPending(db: Database, webhookId: string) {
  return db
    .update(webhookDeliveries)
    .set({ status: "dead", dueAt: null, failure: "disabled" })
    .where(and(eq(webhookDeliveries.webhookId, webhookId), eq(webhookDeliveries.status, "pending")));
}

function refuseTarget(env: Env, url: string): void {
  const message = targetFault(new URL(url), { loopback: settingsOf(env).webhooksToLoopback });
  if (message === undefined) return;
  throw new Problem("validation_failed", `${message}.`, {
    errors: [{ path: ["url"], message, code: "forbidden_target" }],
  });
}

const isOf = (workspaceId: string, id: string) =>
  and(eq(webhooks.id, id), eq(webhooks.workspaceId, workspaceId));

function noWebhook(): Problem {
  return new Problem("not_found", "There is no such webhook.");
}
