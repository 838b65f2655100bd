import { and, desc, eq, isNull } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { olderThan } from "../db/older-than.ts";
import { documents } from "../db/schema.ts";
import type { Position } from "../platform/cursor.ts";

export type DocumentRow = typeof documents.$inferSelect;

export async function insertDocument(db: Database, row: typeof documents.$inferInsert): Promise<void> {
  await db.insert(documents).values(row);
}

/** The document, also one that is just being deleted. */
export async function findDocument(db: Database, id: string): Promise<DocumentRow | undefined> {
  const [row] = await db.select().from(documents).where(eq(documents.id, id));
  return row;
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
  await db.delete(documents).where(eq(documents.id, id));
}
