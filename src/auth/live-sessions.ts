import { eq, sql } from "drizzle-orm";
import { type Database, prepared } from "../db/database.ts";
import { sessions } from "../db/schema.ts";
import { sessionEnd, sessionMaxAge, sessionMaxIdle } from "./session-rules.ts";

/**
 * Milliseconds for which D1's answer that a session is live is believed (law AU-5). Counted from the question, so an
 * end that came after it is noticed this much later at most; what is left of 2 s is for requests under way.
 */
export const sessionMemory = 1_500;

/** Sessions that an isolate remembers, of either kind: some hundred bytes each. */
const remembered = 10_000;

/** Sessions that were live at `askedAt`, by id. */
const live = new Map<string, { userId: string; askedAt: number; endsAt: number }>();

/** Sessions that have ended. None comes back, so this is true for ever. */
const ended = new Set<string>();

const sessionQuery = prepared((db) =>
  db
    .select()
    .from(sessions)
    .where(eq(sessions.id, sql.placeholder("sessionId")))
    .prepare(),
);

/** Law AU-5: whether the session is there and within its time, as D1 says or said a moment ago. */
export async function isLive(
  db: Database,
  { sessionId, userId }: { sessionId: string; userId: string },
  now: number,
): Promise<boolean> {
  if (ended.has(sessionId)) return false;
  let known = live.get(sessionId);
  if (!known || now < known.askedAt || now >= known.askedAt + sessionMemory) {
    const [session] = await sessionQuery(db).all({ sessionId });
    if (!session) rememberEnded([sessionId]);
    // It may have ended here while D1 was asked.
    if (!session || ended.has(sessionId)) return false;
    known = { userId: session.userId, askedAt: now, endsAt: sessionEnd(session) };
    live.delete(sessionId);
    live.set(sessionId, known);
    forgetOldest(live);
  }
  return known.userId === userId && now < known.endsAt;
}

/** Whether the session, or the personal token, of this id is known here to have ended. */
export const hasEnded = (id: string): boolean => ended.has(id);

/** Sessions, and personal tokens, that have ended are refused in this isolate from now on. */
export function rememberEnded(ids: Iterable<string>): void {
  for (const id of ids) {
    live.delete(id);
    ended.add(id);
    forgetOldest(ended);
  }
}

/** What makes a session's row one that is within its time. */
export const withinTime = (now: number) =>
  sql`(${sessions.createdAt} > ${now - sessionMaxAge} AND ${sessions.rotatedAt} > ${now - sessionMaxIdle})`;

function forgetOldest(memory: Map<string, unknown> | Set<string>): void {
  if (memory.size <= remembered) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}
