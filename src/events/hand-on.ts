import { waitUntil } from "cloudflare:workers";
import { asc, inArray, lte, sql } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { type Database, database } from "../db/database.ts";
import { outbox } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { patience, recording } from "./outbox.ts";

/** What is in the queue: the event itself stays in the outbox until every consumer has it. */
export interface EventMessage {
  eventId: string;
}

/** Events that one call takes: what the queue takes at once. */
const atOnce = 100;

/** Calls of one sweep: three queries and messages each, of the 1,000 that an invocation has. */
const sweepCalls = 100;

/**
 * Hands what is due in the outbox to the queue. It is put off before it is sent, not after: whoever comes at the same time
 * takes other events, and what a queue that fails (or a crash in between) does not take is due again later. True if there
 * may be more.
 */
export async function handOn(env: Env, now: number): Promise<boolean> {
  const db = database(env.DB);
  const due = await takeDue(db, now);
  await send(
    env,
    due.map(({ id }) => id),
  );
  return due.length === atOnce;
}

/** Hands these to the queue. */
async function send(env: Env, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += atOnce) {
    const messages = ids.slice(from, from + atOnce).map((eventId): EventMessage => ({ eventId }));
    await env.EVENTS.sendBatch(messages.map((body) => ({ body })));
  }
}

function takeDue(db: Database, now: number): Promise<{ id: string }[]> {
  const wait = sql`${patience.first} * (1 << min(${outbox.attempts}, ${patience.doublings}))`;
  return db
    .update(outbox)
    .set({ dueAt: sql`${now} + ${wait}`, attempts: sql`${outbox.attempts} + 1` })
    .where(
      inArray(
        outbox.id,
        db
          .select({ id: outbox.id })
          .from(outbox)
          .where(lte(outbox.dueAt, now))
          .orderBy(asc(outbox.dueAt))
          .limit(atOnce),
      ),
    )
    .returning({ id: outbox.id });
}

/** What the service does every minute: it hands on what a crash, or the queue, has left. */
export async function sweepOutbox(env: Env, now: number): Promise<void> {
  for (let call = 0; call < sweepCalls; call++) if (!(await handOn(env, now))) return;
}

/** Hands on behind the answer what a request has recorded. What fails is left to the sweep. */
export const handOnAfter = createMiddleware<RequestContext>(async (c, next) => {
  const { ids, areDue } = await recording(next);
  // D1 is not asked: an id whose event did not come to be is one that nobody finds.
  if (ids.length > 0) waitUntil(orLater(send(c.env, ids)));
  if (areDue) handOnSoon(c.env);
});

/** The same for what was recorded elsewhere than in a request. */
export function handOnSoon(env: Env): void {
  waitUntil(orLater(handOn(env, Date.now())));
}

async function orLater(handing: Promise<unknown>): Promise<void> {
  try {
    await handing;
  } catch (error) {
    log("warn", "events_not_handed_on", errorFields(error));
  }
}
