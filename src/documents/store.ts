import { and, desc, eq, isNull } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { olderThan } from "../db/page-position.ts";
import { documentGrants, documents, memberships, workspaces } from "../db/schema.ts";
import type { Position } from "../platform/cursor.ts";
import type { Standing } from "./access.ts";

export type DocumentRow = typeof documents.$inferSelect;

export async function insertDocument(db: Database, row: typeof documents.$inferInsert): Promise<void> {
  await db.insert(documents).values(row);
}

/** A document, and by what a person may be something in it: also one that is just being deleted. */
export interface FoundDocument extends Standing {
  row: DocumentRow;
  /** Set while the whole workspace waits to be erased. */
  workspaceDeletedAt: number | null;
}

/** One query: every request for a document begins with it. */
export async function findDocument(
  db: Database,
  userId: string,
  id: string,
): Promise<FoundDocument | undefined> {
  const [found] = await db
    .select({
      row: documents,
      workspaceDeletedAt: workspaces.deletedAt,
      workspaceRole: memberships.role,
      grantedRole: documentGrants.role,
    })
    .from(documents)
    .innerJoin(workspaces, eq(workspaces.id, documents.workspaceId))
    .leftJoin(
      memberships,
      and(eq(memberships.workspaceId, documents.workspaceId), eq(memberships.userId, userId)),
    )
    .leftJoin(
      documentGrants,
      and(eq(documentGrants.documentId, documents.id), eq(documentGrants.userId, userId)),
    )
    .where(eq(documents.id, id));
  return found;
}

/** A person's own documents after a position, newest first. */
export function listDocuments(
  db: Database,
  ownerId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<DocumentRow[]> {
  return db
    .select()
    .from(documents)
    .where(and(eq(documents.ownerId, ownerId), isNull(documents.deletedAt), olderThan(documents, after)))
    .orderBy(desc(documents.createdAt), desc(documents.id))
    .limit(limit);
}

/** Undefined if the document has been deleted meanwhile. */
export async function updateDocument(
  db: Database,
  id: string,
  change: { title?: string; updatedAt: number },
): Promise<DocumentRow | undefined> {
  const [row] = await db
    .update(documents)
    .set(change)
    .where(and(eq(documents.id, id), isNull(documents.deletedAt)))
    .returning();
  return row;
}

export async function markDeleted(db: Database, id: string, now: number): Promise<void> {
  await db.update(documents).set({ deletedAt: now }).where(eq(documents.id, id));
}

export async function deleteDocument(db: Database, id: string): Promise<void> {
  await db.batch([
    db.delete(documentGrants).where(eq(documentGrants.documentId, id)),
    db.delete(documents).where(eq(documents.id, id)),
  ]);
}
