import { waitUntil } from "cloudflare:workers";
import { and, count, desc, eq, inArray, type SQL } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, database } from "../db/database.ts";
import { personalTokens, sessionDocuments } from "../db/schema.ts";
import type { Making } from "../idempotency/idempotent.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import type { Scope } from "../protocol/rest/tokens.ts";
import { auditRow } from "./audit.ts";
import { hasEnded, rememberEnded, sessionMemory } from "./live-sessions.ts";
import { hashOf, newRandomToken } from "./random-token.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { type CloseSockets, closeSocketsOf } from "./session-sockets.ts";

/** What every personal access token begins with, for people and secret scanners to know it by. */
export const tokenPrefix = "mat_";

export type PersonalToken = Omit<typeof personalTokens.$inferSelect, "tokenHash" | "scope"> & {
  scopes: Scope[];
};

const hour = 60 * 60 * 1000;

/** Who does something to their tokens: a person, signed in here. */
export interface TokenOwner {
  userId: string;
  sessionId: string;
  origin: RequestOrigin;
}

/** Makes a token. Its text is in this answer and nowhere else. Throws Problem `too_many_tokens`. */
export async function createPersonalToken(
  db: Database,
  { userId, sessionId, origin }: TokenOwner,
  { making, name, scopes, expiresAt }: { making: Making; name: string; scopes: Scope[]; expiresAt: number },
  now: number,
): Promise<{ row: PersonalToken; token: string }> {
  const [has] = await db
    .select({ tokens: count() })
    .from(personalTokens)
    .where(eq(personalTokens.userId, userId));
  // Two at once may come to one more; it is no door, only a bound.
  if ((has?.tokens ?? 0) >= limits.personalTokens) {
    throw new Problem(
      "too_many_tokens",
      `There are ${limits.personalTokens} personal access tokens. Delete one.`,
    );
  }
  const token = newRandomToken(tokenPrefix);
  const row = { id: making.id, userId, name, createdAt: now, expiresAt, lastUsedAt: null };
  const tokenHash = await hashOf(token);
  await db.batch([
    db
      .insert(personalTokens)
      .values({ ...row, tokenHash, scope: scopes.join(" ") })
      // Made before by the same request, whose answer was lost, and with it the token.
      .onConflictDoUpdate({ target: personalTokens.id, set: { tokenHash } }),
    auditRow(db, { userId, event: "personal_token.created", sessionId, origin }, now),
  ]);
  return { row: { ...row, scopes }, token };
}

/** A person's tokens, the newest first; those that have expired too, until they are deleted. */
export async function listPersonalTokens(db: Database, userId: string): Promise<PersonalToken[]> {
  const rows = await db
    .select()
    .from(personalTokens)
    .where(eq(personalTokens.userId, userId))
    .orderBy(desc(personalTokens.createdAt), desc(personalTokens.id));
  return rows.map(withScopes);
}

/** Ends one of a person's tokens. Throws Problem `not_found`. */
export async function deletePersonalToken(
  env: Env,
  closeSockets: CloseSockets,
  { userId, sessionId, origin }: TokenOwner,
  id: string,
  now: number,
): Promise<void> {
  const db = database(env.DB);
  const own = and(eq(personalTokens.id, id), eq(personalTokens.userId, userId));
  const [found] = await db.select({ id: personalTokens.id }).from(personalTokens).where(own);
  if (!found) throw new Problem("not_found", "There is no such personal access token.");
  const told = auditRow(db, { userId, event: "personal_token.revoked", sessionId, origin }, now);
  await endPersonalTokens(env, closeSockets, { which: own, also: [told] }, now);
}

/** Law AU-11: ends tokens, in one transaction with `also`, and closes their sockets. */
export async function endPersonalTokens(
  env: Env,
  closeSockets: CloseSockets,
  { which, also = [] }: { which: SQL | undefined; also?: BatchItem<"sqlite">[] },
  now: number,
): Promise<void> {
  const db = database(env.DB);
  const ids = db.select({ id: personalTokens.id }).from(personalTokens).where(which);
  const [open, ended] = await db.batch([
    db
      .select({ sessionId: sessionDocuments.sessionId, documentId: sessionDocuments.documentId })
      .from(sessionDocuments)
      .where(inArray(sessionDocuments.sessionId, ids)),
    db.delete(personalTokens).where(which).returning({ id: personalTokens.id }),
    ...also,
  ]);
  rememberEnded(ended.map(({ id }) => id));
  const closing = closeSocketsOf(env, closeSockets, open, now);
  // Also for somebody who does not wait for the answer.
  waitUntil(closing);
  await closing;
}

/** Tokens that were there at `askedAt`, by hash: believed for as long as a session is (law AU-5). */
const live = new Map<string, { row: PersonalToken; askedAt: number }>();
const remembered = 10_000;

/** The token that this is, if it is there and has not expired. Its use is noted to the hour. */
export async function findPersonalToken(
  env: Env,
  token: string,
  now: number,
): Promise<PersonalToken | undefined> {
  const db = database(env.DB);
  const tokenHash = await hashOf(token);
  let known = live.get(tokenHash);
  if (!known || now < known.askedAt || now >= known.askedAt + sessionMemory) {
    live.delete(tokenHash);
    const [row] = await db.select().from(personalTokens).where(eq(personalTokens.tokenHash, tokenHash));
    if (!row) return undefined;
    known = { row: withScopes(row), askedAt: now };
    live.set(tokenHash, known);
    const [oldest] = live.keys();
    if (live.size > remembered && oldest !== undefined) live.delete(oldest);
    if (now - (row.lastUsedAt ?? 0) >= hour) waitUntil(noteUse(db, row.id, now));
  }
  const { row } = known;
  // It may have been deleted in this isolate while D1 was asked.
  return hasEnded(row.id) || now >= row.expiresAt ? undefined : row;
}

async function noteUse(db: Database, id: string, now: number): Promise<void> {
  await db
    .update(personalTokens)
    .set({ lastUsedAt: now - (now % hour) })
    .where(eq(personalTokens.id, id));
}

function withScopes({ tokenHash: _, scope, ...row }: typeof personalTokens.$inferSelect): PersonalToken {
  return { ...row, scopes: scope.split(" ") as Scope[] };
}
