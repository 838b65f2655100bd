import { and, eq, gt, lt, lte, notExists, type SQL, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { linkVisitors, personalTokens, sessionDocuments, sessions } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import { accessTokenSeconds, type Principal } from "./access-token.ts";
import { withinTime } from "./live-sessions.ts";

/** A document in which a session has, or had, open sockets. */
export interface SessionDocument {
  sessionId: string;
  documentId: string;
}

/** Closes the sockets that a session has in a document; throws if their room cannot be reached. */
export type CloseSockets = (env: Env, where: SessionDocument) => Promise<void>;

/**
 * Milliseconds for which a socket may be on its way to its room. A room refuses it there, as it remembers which sessions
 * ended; but its memory can be lost, so a row that is younger is kept for the sweep to ask again.
 */
const onItsWay = 60_000;

/** Documents whose sockets one sweep closes: a call each, of the 1,000 that an invocation has. */
const sweepSize = 500;

/**
 * Law AU-5: notes that the session, or the personal token, has a socket in the document, if it is live, and `mayEnter` holds of the
 * document; returns no row where it does not. One statement: an end of the session that comes after it finds the row, and
 * one that came before it is seen. For every socket that is opened, and when its token is renewed, so a row that is older than a
 * token lives belongs to no socket.
 */
export function noteSocket(
  db: Database,
  { sessionId, documentId, kind }: SessionDocument & { kind: Principal["kind"] },
  now: number,
  mayEnter?: SQL,
) {
  const place = {
    documentId: sql<string>`${documentId}`.as("document_id"),
    admittedAt: sql<number>`${now}`.as("admitted_at"),
  };
  const session =
    kind === "person"
      ? db
          .select({ sessionId: sessions.id, ...place })
          .from(sessions)
          .where(and(eq(sessions.id, sessionId), withinTime(now), mayEnter))
      : db
          .select({ sessionId: personalTokens.id, ...place })
          .from(personalTokens)
          .where(and(eq(personalTokens.id, sessionId), gt(personalTokens.expiresAt, now), mayEnter));
  return db
    .insert(sessionDocuments)
    .select(session)
    .onConflictDoUpdate({
      target: [sessionDocuments.sessionId, sessionDocuments.documentId],
      set: { admittedAt: now },
    })
    .returning({ sessionId: sessionDocuments.sessionId });
}

/** Closes the sockets of sessions that have ended. What fails is left to the sweep. */
export async function closeSocketsOf(
  env: Env,
  closeSockets: CloseSockets,
  open: SessionDocument[],
  now: number,
): Promise<void> {
  const outcomes = await Promise.allSettled(open.map((where) => closeSockets(env, where)));
  const closed = open.filter(({ sessionId, documentId }, at) => {
    const outcome = outcomes[at];
    if (outcome?.status === "fulfilled") return true;
    log("warn", "sockets_not_closed", {
      session_id: sessionId,
      document_id: documentId,
      ...errorFields(outcome?.reason),
    });
    return false;
  });
  const db = database(env.DB);
  const [first, ...others] = closed.map(({ sessionId, documentId }) =>
    db
      .delete(sessionDocuments)
      .where(
        and(
          eq(sessionDocuments.sessionId, sessionId),
          eq(sessionDocuments.documentId, documentId),
          lte(sessionDocuments.admittedAt, now - onItsWay),
        ),
      ),
  );
  if (first) await db.batch([first, ...others]);
}

/** Closes what a crash between the end of a session and its sockets left open, and forgets sockets that are long gone. */
export async function sweepSockets(env: Env, closeSockets: CloseSockets, now: number): Promise<void> {
  const db = database(env.DB);
  const absent = (table: typeof sessions | typeof personalTokens): SQL =>
    notExists(db.select({ id: table.id }).from(table).where(eq(table.id, sessionDocuments.sessionId)));
  const noGuest = notExists(
    db
      .select({ id: linkVisitors.visitorId })
      .from(linkVisitors)
      .where(eq(linkVisitors.visitorId, sessionDocuments.sessionId)),
  );
  const [, orphans] = await db.batch([
    db
      .delete(sessionDocuments)
      .where(lt(sessionDocuments.admittedAt, now - accessTokenSeconds * 1000 - onItsWay)),
    db
      .select({ sessionId: sessionDocuments.sessionId, documentId: sessionDocuments.documentId })
      .from(sessionDocuments)
      .where(and(absent(sessions), absent(personalTokens), noGuest))
      .limit(sweepSize),
  ]);
  await closeSocketsOf(env, closeSockets, orphans, now);
}
