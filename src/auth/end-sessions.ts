import { waitUntil } from "cloudflare:workers";
import { and, eq, inArray, lte, ne, type SQL } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { database } from "../db/database.ts";
import { sessionDocuments, sessions } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import { type AuditEvent, auditRows } from "./audit.ts";
import { rememberEnded } from "./live-sessions.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { type CloseSockets, closeSocketsOf, sweepSockets } from "./session-sockets.ts";

/** Which sessions: one, or a person's, or a person's but one. */
export type WhichSessions =
  | { sessionId: string; userId?: string }
  | { userId: string; exceptSessionId?: string };

/**
 * Law AU-5: ends sessions and writes an audit row for each, in one transaction with `also`, which comes after them; then
 * closes their sockets. The answer is how many have ended now: ending one twice is the same.
 */
export async function endSessions(
  env: Env,
  closeSockets: CloseSockets,
  {
    which,
    event,
    origin,
    also = [],
  }: { which: WhichSessions; event: AuditEvent; origin: RequestOrigin; also?: BatchItem<"sqlite">[] },
  now: number,
): Promise<number> {
  const db = database(env.DB);
  const ending = rowsOf(which);
  const ids = db.select({ id: sessions.id }).from(sessions).where(ending);
  const [open, , ended] = await db.batch([
    db
      .select({ sessionId: sessionDocuments.sessionId, documentId: sessionDocuments.documentId })
      .from(sessionDocuments)
      .where(inArray(sessionDocuments.sessionId, ids)),
    auditRows(db, ending, { event, origin }, now),
    db.delete(sessions).where(ending).returning({ id: sessions.id }),
    ...also,
  ]);
  rememberEnded(ended.map(({ id }) => id));
  const closing = closeSocketsOf(env, closeSockets, open, now);
  // Also for somebody who does not wait for the answer.
  waitUntil(closing);
  await closing;
  return ended.length;
}

/** Sessions that one transaction ends: their rows and audit rows stay far below what D1 takes. */
const endedAtOnce = 1_000;

/**
 * Law AU-5 for everybody: ends all sessions that there are now, some at a time. Sockets of the first are closed at once,
 * those of the others by the sweep (`sweepSockets`). The answer is how many have ended.
 */
export async function endAllSessions(
  env: Env,
  closeSockets: CloseSockets,
  told: { event: AuditEvent; origin: RequestOrigin },
  now: number,
): Promise<number> {
  const db = database(env.DB);
  // Not those that begin meanwhile; in an order, so that each statement means the same.
  const which = inArray(
    sessions.id,
    db
      .select({ id: sessions.id })
      .from(sessions)
      .where(lte(sessions.createdAt, now))
      .orderBy(sessions.id)
      .limit(endedAtOnce),
  );
  let ended = 0;
  for (;;) {
    const [, gone] = await db.batch([
      auditRows(db, which, told, now),
      db.delete(sessions).where(which).returning({ id: sessions.id }),
    ]);
    rememberEnded(gone.map(({ id }) => id));
    ended += gone.length;
    if (gone.length < endedAtOnce) break;
  }
  waitUntil(
    sweepSockets(env, closeSockets, now).catch((error) => log("error", "sweep_failed", errorFields(error))),
  );
  return ended;
}

function rowsOf(which: WhichSessions): SQL | undefined {
  if ("sessionId" in which) {
    const { sessionId, userId } = which;
    return and(eq(sessions.id, sessionId), userId === undefined ? undefined : eq(sessions.userId, userId));
  }
  const { userId, exceptSessionId } = which;
  return and(
    eq(sessions.userId, userId),
    exceptSessionId === undefined ? undefined : ne(sessions.id, exceptSessionId),
  );
}
