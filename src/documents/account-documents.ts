import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { OwnDocument } from "../auth/ports.ts";
import { type Database, database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { documents } from "../db/schema.ts";
import type { Position } from "../platform/cursor.ts";
import { documentBody } from "./document-body.ts";

// What becomes of documents when their person takes them along, or leaves.

const personalWorkspaceOf = (userId: string) =>
  sql<string>`(SELECT id FROM workspaces WHERE personal_user_id = ${userId})`;

/** The statement that gives the documents of one person's personal workspace to another's. */
export function handOverDocuments(
  db: Database,
  { from, to }: { from: string; to: string },
): BatchItem<"sqlite"> {
  return db
    .update(documents)
    .set({ ownerId: to, workspaceId: personalWorkspaceOf(to) })
    .where(and(eq(documents.workspaceId, personalWorkspaceOf(from)), isNull(documents.deletedAt)));
}

const rowsAtOnce = 100;

/** A person's own documents after a position, oldest first, each with the text that it has when its turn comes. */
export async function* ownDocuments(
  env: Env,
  userId: string,
  after: Position | null,
): AsyncGenerator<OwnDocument> {
  const db = database(env.DB);
  let last = after ?? undefined;
  for (;;) {
    const rows = await db
      .select()
      .from(documents)
      .where(and(eq(documents.ownerId, userId), isNull(documents.deletedAt), newerThan(documents, last)))
      .orderBy(asc(documents.createdAt), asc(documents.id))
      .limit(rowsAtOnce);
    for (const row of rows) {
      const read = await env.ROOMS.getByName(row.id).read();
      last = { createdAt: row.createdAt, id: row.id };
      // Deleted meanwhile.
      if (!read.ok) continue;
      yield { position: last, body: documentBody({ row, content: read.content, version: read.version }) };
    }
    if (rows.length < rowsAtOnce) return;
  }
}
