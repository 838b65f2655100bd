import { and, eq, gte, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { documentSearch } from "../db/document-search.ts";
import { documentIndex, documents } from "../db/schema.ts";
import type { EventConsumer } from "../events/event.ts";
import { errorFields, log } from "../platform/log.ts";
import { limits } from "../protocol/limits.ts";
import { placesOf } from "./document-route.ts";
import type { Places } from "./documents.ts";
import { documentToken, indexedText, workspaceToken } from "./search-text.ts";

// The full-text index follows the documents by their events. Each indexing reads the newest there is and writes it only
// over something older, so events may come twice, late and in any order; what is found of a document that was deleted, or
// that one may not read, is not for the index to say, but for the question (search.ts).

/** Brings the index up to date after an event. */
export const indexAfter: EventConsumer = async (env, { type, data }) => {
  const { document_id: id, version } = data;
  const changes = ["documents.created", "documents.updated", "documents.restored", "documents.moved"];
  if (!changes.includes(type) || typeof id !== "string") return;
  await indexDocument(placesOf(env), id, typeof version === "number" ? version : undefined);
};

/**
 * Brings the index of a document up to date. `version`: one that it is known to have; if the index has that already, and
 * the title, the room is not asked.
 */
export async function indexDocument({ db, room }: Places, id: string, version?: number): Promise<void> {
  const [found] = await db
    .select({ row: documents, indexed: documentIndex })
    .from(documents)
    .leftJoin(documentIndex, eq(documentIndex.documentId, documents.id))
    .where(and(eq(documents.id, id), isNull(documents.deletedAt)));
  if (!found) return;
  const { row, indexed } = found;
  const placed = indexed?.title === row.title && indexed.workspaceId === row.workspaceId;
  if (placed && version !== undefined && indexed.version >= version) return;
  const read = await room(id).read();
  if (!read.ok) {
    // Erased in between.
    if (read.code === "not_found") return;
    throw new Error(`the room cannot be indexed: ${read.code}`);
  }
  await write(db, row, read);
}

/** Nothing is written of a title or a place that has changed since it was read: that change has an event of its own. */
async function write(
  db: Database,
  { id, workspaceId, title }: { id: string; workspaceId: string; title: string },
  { version, content }: { version: number; content: string },
): Promise<void> {
  const scope = `${workspaceToken(workspaceId)} ${documentToken(id)}`;
  const text = indexedText(content.slice(0, limits.indexedUnits).toWellFormed());
  const isNew = sql`excluded.version >= ${documentIndex.version} AND (excluded.version > ${documentIndex.version}
    OR excluded.title <> ${documentIndex.title} OR excluded.workspace_id <> ${documentIndex.workspaceId})`;
  await db.batch([
    db
      .insert(documentIndex)
      .select(
        sql`SELECT NULL, id, workspace_id, title, ${version} FROM documents
            WHERE id = ${id} AND workspace_id = ${workspaceId} AND title = ${title}`,
      )
      .onConflictDoUpdate({
        target: documentIndex.documentId,
        set: {
          workspaceId: sql`excluded.workspace_id`,
          title: sql`excluded.title`,
          version: sql`excluded.version`,
        },
        setWhere: isNew,
      }),
    // As FTS5 knows no upsert: what is there goes if the statement before changed something, and what is not there comes.
    db.delete(documentSearch).where(and(eq(documentSearch.rowid, rowOf(db, id)), sql`changes() > 0`)),
    db.insert(documentSearch).select(
      sql`SELECT id, ${scope}, ${indexedText(title)}, ${text} FROM document_index
          WHERE document_id = ${id} AND version = ${version}
            AND NOT EXISTS (SELECT 1 FROM document_search WHERE rowid = document_index.id)`,
    ),
  ]);
}

const rowOf = (db: Database, documentId: string, condition?: SQL) =>
  sql`(${db
    .select({ id: documentIndex.id })
    .from(documentIndex)
    .where(and(eq(documentIndex.documentId, documentId), condition))})`;

/** The statements that take a document out of the index, if the condition holds. */
export function unindexed(db: Database, id: string, condition: SQL): BatchItem<"sqlite">[] {
  return [
    db.delete(documentSearch).where(eq(documentSearch.rowid, rowOf(db, id, condition))),
    db.delete(documentIndex).where(and(eq(documentIndex.documentId, id), condition)),
  ];
}

/** Documents whose index is mended by one run of the cron: a few calls each, of the 1,000 queries of an invocation. */
const sweptAtOnce = 100;

/**
 * What the service does every minute about documents that are not in the index, or not as they are now: made before there
 * was one, moved without an event, or an event was lost. It looks at one of 256 parts of them, so at each within five hours.
 */
export async function sweepSearchIndex(env: Env, now: number): Promise<void> {
  const places = placesOf(env);
  const part = (number: number) => number.toString(16).padStart(2, "0");
  const number = Math.floor(now / 60_000) % 256;
  const behind = await places.db
    .select({ id: documents.id })
    .from(documents)
    .leftJoin(documentIndex, eq(documentIndex.documentId, documents.id))
    .where(
      and(
        gte(documents.id, part(number)),
        // "g" comes after every id.
        lt(documents.id, number === 255 ? "g" : part(number + 1)),
        isNull(documents.deletedAt),
        or(
          isNull(documentIndex.id),
          sql`${documentIndex.title} <> ${documents.title}`,
          sql`${documentIndex.workspaceId} <> ${documents.workspaceId}`,
          lt(documentIndex.version, documents.toldVersion),
        ),
      ),
    )
    .limit(sweptAtOnce);
  for (const { id } of behind) {
    try {
      await indexDocument(places, id);
    } catch (error) {
      log("error", "indexing_failed", { document_id: id, ...errorFields(error) });
    }
  }
}
