import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import { normalizeEmail } from "../auth/accounts.ts";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { documentGrants, users } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { documentFor } from "./documents.ts";

export type GrantedRole = "editor" | "viewer";

/** What somebody may do in one document, as its owners see it. */
export interface DocumentGrant {
  userId: string;
  name: string;
  email: string;
  role: GrantedRole;
  grantedBy: string;
  createdAt: number;
}

const columns = {
  userId: documentGrants.userId,
  name: users.name,
  email: users.email,
  role: documentGrants.role,
  grantedBy: documentGrants.grantedBy,
  createdAt: documentGrants.createdAt,
};

/** The grants in a document, for its owners, oldest first. Throws Problem `forbidden`. */
export async function listGrants(
  db: Database,
  userId: string,
  documentId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<(DocumentGrant & { id: string })[]> {
  await documentFor(db, userId, documentId, "manage");
  const later = newerThan({ createdAt: documentGrants.createdAt, id: documentGrants.userId }, after);
  return db
    .select({ ...columns, id: documentGrants.userId })
    .from(documentGrants)
    .innerJoin(users, eq(users.id, documentGrants.userId))
    .where(and(eq(documentGrants.documentId, documentId), later))
    .orderBy(asc(documentGrants.createdAt), asc(documentGrants.userId))
    .limit(limit);
}

/**
 * Gives somebody a role in a document, or another one. By an address that they have proved to be theirs: else whoever
 * registers with another's address first would get what is meant for them. Throws Problem `forbidden`,
 * `quota_exceeded`, and `not_found` where nobody has the address.
 */
export async function grantRole(
  db: Database,
  actorId: string,
  { documentId, email, role }: { documentId: string; email: string; role: GrantedRole },
  now: number,
): Promise<DocumentGrant> {
  const { row } = await documentFor(db, actorId, documentId, "manage");
  const [user] = await db
    .select({ userId: users.id, name: users.name, email: users.email })
    .from(users)
    .where(and(eq(users.emailNormalized, normalizeEmail(email)), isNotNull(users.emailVerifiedAt)));
  if (!user) {
    throw new Problem("not_found", "Nobody here has this e-mail address, and has confirmed it.");
  }
  const { userId } = user;
  const [[granted]] = await db.batch([
    db
      .insert(documentGrants)
      .select(
        sql`SELECT id, ${userId}, ${role}, ${actorId}, ${now} FROM documents
            WHERE id = ${documentId} AND deleted_at IS NULL
              AND (SELECT count(*) FROM document_grants WHERE document_id = ${documentId} AND user_id <> ${userId}) < ${limits.grantsPerDocument}`,
      )
      .onConflictDoUpdate({
        target: [documentGrants.documentId, documentGrants.userId],
        set: { role, grantedBy: actorId },
      })
      .returning(),
    shared(db, row.workspaceId, { document_id: documentId, user_id: userId, role, by: actorId }, now),
  ]);
  if (!granted) {
    throw new Problem("quota_exceeded", `A document has at most ${limits.grantsPerDocument} grants.`);
  }
  return { ...user, role, grantedBy: actorId, createdAt: granted.createdAt };
}

/**
 * Takes a grant away; everybody may give up their own. What their workspace gives them, they keep. Throws Problem
 * `forbidden`, `not_found`.
 */
export async function revokeGrant(
  db: Database,
  actorId: string,
  { documentId, userId }: { documentId: string; userId: string },
  now: number,
): Promise<void> {
  const { row } = await documentFor(db, actorId, documentId, actorId === userId ? "read" : "manage");
  const [revoked] = await db.batch([
    db
      .delete(documentGrants)
      .where(and(eq(documentGrants.documentId, documentId), eq(documentGrants.userId, userId)))
      .returning({ userId: documentGrants.userId }),
    shared(db, row.workspaceId, { document_id: documentId, user_id: userId, role: null, by: actorId }, now),
  ]);
  if (revoked.length === 0) throw new Problem("not_found", "There is no such grant.");
}

const shared = (
  db: Database,
  workspaceId: string,
  data: { document_id: string; user_id: string; role: GrantedRole | null; by: string },
  now: number,
) => eventIfChanged(db, { type: "documents.shared", workspaceId, data }, now);
