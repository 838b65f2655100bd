import { and, eq, type SQL, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { documents, personalTokens, sessionDocuments, sessions } from "../db/schema.ts";
import { roleIn } from "./access.ts";
import { findDocument } from "./store.ts";

/** Of whom and where something has changed about what they may do; without `userId`, of everybody. */
export interface AccessChange {
  userId?: string;
  where: { documentId: string } | { workspaceId: string };
  /** For people. */
  reason: string;
}

/**
 * Laws AC-1 and AC-2: has the rooms in which people have open sockets know what they may do there now, in either
 * direction. Called after the change is in D1, so a socket that is admitted meanwhile has it already. Doing it twice is
 * the same: the consumer of the event does it again, for a Worker that died in between.
 */
export async function announceAccess(env: Env, change: AccessChange): Promise<void> {
  const db = database(env.DB);
  await Promise.all(
    (await openSockets(db, change)).map(async ({ userId, documentId }) => {
      const room = env.ROOMS.getByName(documentId);
      const found = await findDocument(db, userId, documentId);
      const gone = !found || found.row.deletedAt !== null || found.workspaceDeletedAt !== null;
      const role = gone ? undefined : roleIn(found.row, userId, found);
      if (role) await room.setRole(userId, role, change.reason);
      else await room.revoke({ userId }, change.reason);
    }),
  );
}

/** Who has, or had, sockets in which documents: by their sign-ins, by their personal access tokens, or as guests. */
async function openSockets(
  db: Database,
  { userId, where }: AccessChange,
): Promise<{ userId: string; documentId: string }[]> {
  const there: SQL =
    "documentId" in where ? eq(documents.id, where.documentId) : eq(documents.workspaceId, where.workspaceId);
  // Of guests, who have nothing else, the sign-in is themselves.
  const whose = sql<string>`coalesce(${sessions.userId}, ${personalTokens.userId}, ${sessionDocuments.sessionId})`;
  return db
    .selectDistinct({ userId: whose, documentId: sessionDocuments.documentId })
    .from(sessionDocuments)
    .innerJoin(documents, eq(documents.id, sessionDocuments.documentId))
    .leftJoin(sessions, eq(sessions.id, sessionDocuments.sessionId))
    .leftJoin(personalTokens, eq(personalTokens.id, sessionDocuments.sessionId))
    .where(and(there, userId === undefined ? undefined : eq(whose, userId)));
}
