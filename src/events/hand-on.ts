import { waitUntil } from "cloudflare:workers";
import { asc, inArray, lte, sql } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { type Database, database } from "../db/database.ts";
import { outbox } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { recordedEvents } from "./outbox.ts";

/** What is in the queue: the event itself stays in the outbox until every consumer has it. */
export interface EventMessage {
  eventId: string;
}

/** Events that one call takes: what the queue takes at once. */
const atOnce = 100;

/** Calls of one sweep: three queries and messages each, of the 1,000 that an invocation has. */
const sweepCalls = 100;

/**
 * Milliseconds after which an event that no consumer has finished is handed to the queue again: doubled for each time, up
 * to an hour.
 */
const patience = { first: 60_000, doublings: 6 };

/**
 * Hands what is due in the outbox to the queue. It is put off before it is sent, not after: whoever comes at the same time
 * takes other events, and what a queue that fails (or a crash in between) does not take is due again later. True if there
 * may be more.
 */
export async function handOn(env: Env, now: number): Promise<boolean> {
  const db = database(env.DB);
  const due = await takeDue(db, now);
  if (due.length > 0) {
    await env.EVENTS.sendBatch(due.map(({ id }) => ({ body: { eventId: id } satisfies EventMessage })));
  }
  return due.length === atOnce;
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
  const before = recordedEvents();
  await next();
  // Others in this isolate may have recorded it: then this finds nothing, or takes it for them.
  if (recordedEvents() !== before) handOnSoon(c.env);
});

/** Milliseconds between two times that an isolate hands on: what is recorded meanwhile goes together. */
const gatherMs = 100;

/** Milliseconds after which whoever hands on leaves it to the next who records something: a request goes on for 30 s behind its answer. */
const turnMs = 10_000;

/** Milliseconds after which whoever hands on is taken to have been cut off. */
const longestMs = 15_000;

/** Who hands on to a queue, until when at most (milliseconds since the epoch), and whether something was recorded since they began. */
const atWork = new WeakMap<Env["EVENTS"], { until: number; again: boolean }>();

/** The same for what was recorded elsewhere than in a request. Whoever is at it already does it for the others. */
export function handOnSoon(env: Env): void {
  const now = Date.now();
  const other = atWork.get(env.EVENTS);
  if (other && now < other.until) other.again = true;
  else waitUntil(handOnWhile(env));
}

async function handOnWhile(env: Env): Promise<void> {
  const work = { until: 0, again: true };
  atWork.set(env.EVENTS, work);
  const ends = Date.now() + turnMs;
  try {
    while (work.again) {
      work.again = false;
      // In the last round it is nobody's: who records something from here on begins anew.
      const isLast = Date.now() >= ends;
      work.until = isLast ? 0 : Date.now() + longestMs;
      const isMore = await handOn(env, Date.now());
      if (isLast) return;
      if (!isMore) await scheduler.wait(gatherMs);
      work.again ||= isMore;
    }
  } catch (error) {
    log("warn", "events_not_handed_on", errorFields(error));
  } finally {
    work.until = 0;
  }
}
