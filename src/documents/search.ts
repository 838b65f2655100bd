import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { documentSearch } from "../db/document-search.ts";
import { documentIndex, documents, memberships, workspaces } from "../db/schema.ts";
import { workspaceFor } from "../workspaces/workspaces.ts";
import { readableBy, sharedWith } from "./readable-by.ts";
import { marks, matchOf, type Piece, piecesOf, workspaceToken } from "./search-text.ts";
import type { DocumentRow } from "./store.ts";

/** A document that was found. */
export interface Found {
  row: DocumentRow;
  title: Piece[];
  /** The passage of its text with most of what was asked for; its beginning, if all of that is in the title. */
  excerpt: Piece[];
}

/** Tokens of an excerpt: some three lines. */
const excerptTokens = 32;

/**
 * The documents that a person may read and in which everything is that they ask for, best first. Who may read what is
 * decided in the query by the documents' own rows (law AU-4); the scope only keeps the index from going through
 * everybody's. Throws Problem `not_found` for a workspace that they are not in.
 */
export async function searchDocuments(
  db: Database,
  userId: string,
  { question, workspaceId }: { question: string; workspaceId: string | undefined },
  { offset, limit }: { offset: number; limit: number },
  now: number,
): Promise<Found[]> {
  if (workspaceId !== undefined) await workspaceFor(db, userId, workspaceId);
  const match = matchOf(question);
  if (match === undefined) return [];
  const scope = workspaceId === undefined ? scopeOf(userId, now) : sql`${workspaceToken(workspaceId)}`;
  const { before, after } = marks;
  const rows = await db
    .select({
      row: documents,
      title: sql<string>`highlight(document_search, 1, ${before}, ${after})`,
      excerpt: sql<string>`snippet(document_search, 2, ${before}, ${after}, '…', ${excerptTokens})`,
    })
    .from(documentSearch)
    // In this order, so that the index ranks and the rest is asked only for what is on the page and before.
    .crossJoin(documentIndex)
    .crossJoin(documents)
    .crossJoin(workspaces)
    .leftJoin(
      memberships,
      and(eq(memberships.workspaceId, documents.workspaceId), eq(memberships.userId, userId)),
    )
    .where(
      and(
        sql`document_search MATCH 'scope : (' || ${scope} || ') AND {title text} : (' || ${match} || ')'`,
        eq(documentIndex.id, documentSearch.rowid),
        eq(documents.id, documentIndex.documentId),
        eq(workspaces.id, documents.workspaceId),
        isNull(documents.deletedAt),
        isNull(workspaces.deletedAt),
        workspaceId === undefined ? undefined : eq(documents.workspaceId, workspaceId),
        readableBy(userId, now),
      ),
    )
    .orderBy(sql`${documentSearch}.rank`)
    .limit(limit)
    .offset(offset);
  return rows.map(({ row, title, excerpt }) => ({
    row,
    title: piecesOf(title),
    excerpt: piecesOf(excerpt),
  }));
}

/** The tokens of all workspaces that a person is in, and of all documents that were shared with them. */
const scopeOf = (userId: string, now: number): SQL =>
  sql`(SELECT coalesce(group_concat(token, ' OR '), 'none') FROM (
        SELECT 'w' || replace(${memberships.workspaceId}, '-', '') AS token FROM ${memberships}
          WHERE ${memberships.userId} = ${userId}
        UNION ALL SELECT 'd' || replace(document_id, '-', '') FROM ${sharedWith(userId, now)}))`;
