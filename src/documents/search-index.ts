import { and, eq, gte, inArray, isNull, lt, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, preparedItem } from "../db/database.ts";
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

/** What is known of a document before it is looked at. */
interface Known {
  /** A version that it has: if the index has that already, and the title, the room is not asked. */
  version?: number | undefined;
  /** It was just made: its room is not asked for the text that it began with, if that was none. What comes later has an event of its own. */
  isNew?: boolean;
}

/** Brings the index up to date after events. */
export const indexAfter: EventConsumer = async (env, events) => {
  const changed = new Map<string, Known>();
  for (const { type, data } of events) {
    const { document_id: id, version } = data;
    const changes = ["documents.created", "documents.updated", "documents.restored", "documents.moved"];
    if (!changes.includes(type) || typeof id !== "string") continue;
    const known: Known = typeof version === "number" ? { version } : { isNew: type === "documents.created" };
    // Of several events of one document, nothing is taken from any of them.
    changed.set(id, changed.has(id) ? {} : known);
  }
  if (changed.size > 0) await indexDocuments(placesOf(env), changed);
};

/** Brings the index of documents up to date, as many as there are parameters of a statement of D1 (100) at most. */
export async function indexDocuments({ db, room }: Places, known: ReadonlyMap<string, Known>): Promise<void> {
  const found = await db
    .select({ row: documents, indexed: documentIndex })
    .from(documents)
    .leftJoin(documentIndex, eq(documentIndex.documentId, documents.id))
    .where(and(inArray(documents.id, [...known.keys()]), isNull(documents.deletedAt)));
  const read = await Promise.all(
    found.map(async ({ row, indexed }) => {
      const { version, isNew = false } = known.get(row.id) ?? {};
      const placed = indexed?.title === row.title && indexed.workspaceId === row.workspaceId;
      if (placed && version !== undefined && indexed.version >= version) return [];
      if (isNew && !indexed && row.toldVersion === 0) return [{ row, version: 0, content: "" }];
      const text = await room(row.id).read();
      if (text.ok) return [{ row, ...text }];
      // Erased in between.
      if (text.code === "not_found") return [];
      throw new Error(`the room cannot be indexed: ${text.code}`);
    }),
  );
  let units = 0;
  let statements: BatchItem<"sqlite">[] = [];
  for (const { row, version, content } of read.flat()) {
    const text = content.slice(0, limits.indexedUnits).toWellFormed();
    statements.push(...indexing(db, row, { version, text }));
    units += text.length;
    // One call writes the texts of many documents, or a long one.
    if (units < limits.indexedUnits) continue;
    await writeAll(db, statements);
    statements = [];
    units = 0;
  }
  await writeAll(db, statements);
}

async function writeAll(db: Database, [first, ...others]: BatchItem<"sqlite">[]): Promise<void> {
  if (first) await db.batch([first, ...others]);
}

/**
 * The statements that write a text into the index. Nothing is written of a title or a place that has changed since it was read: that
 * change has an event of its own.
 */
function indexing(
  db: Database,
  { id, workspaceId, title }: { id: string; workspaceId: string; title: string },
  { version, text }: { version: number; text: string },
): BatchItem<"sqlite">[] {
  const scope = `${workspaceToken(workspaceId)} ${documentToken(id)}`;
  const indexed = { id, version, scope, indexedTitle: indexedText(title), indexedText: indexedText(text) };
  return [
    writeIndexed(db, { id, workspaceId, title, version }),
    // As FTS5 knows no upsert: what is there goes if the statement before changed something, and what is not there comes.
    deleteSearched(db, { id }),
    insertSearched(db, indexed),
  ];
}

const given = sql.placeholder;

const writeIndexed = preparedItem((db) =>
  db
    .insert(documentIndex)
    .select(
      sql`SELECT NULL, id, workspace_id, title, ${given("version")} FROM documents
          WHERE id = ${given("id")} AND workspace_id = ${given("workspaceId")} AND title = ${given("title")}`,
    )
    .onConflictDoUpdate({
      target: documentIndex.documentId,
      set: {
        workspaceId: sql`excluded.workspace_id`,
        title: sql`excluded.title`,
        version: sql`excluded.version`,
      },
      setWhere: sql`excluded.version >= ${documentIndex.version} AND (excluded.version > ${documentIndex.version}
        OR excluded.title <> ${documentIndex.title} OR excluded.workspace_id <> ${documentIndex.workspaceId})`,
    }),
);

const deleteSearched = preparedItem((db) =>
  db.delete(documentSearch).where(and(eq(documentSearch.rowid, rowOf(db, given("id"))), sql`changes() > 0`)),
);

const insertSearched = preparedItem((db) =>
  db.insert(documentSearch).select(
    sql`SELECT id, ${given("scope")}, ${given("indexedTitle")}, ${given("indexedText")} FROM document_index
        WHERE document_id = ${given("id")} AND version = ${given("version")}
          AND NOT EXISTS (SELECT 1 FROM document_search WHERE rowid = document_index.id)`,
  ),
);

const rowOf = (db: Database, documentId: string | Placeholder, condition?: SQL) =>
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
      await indexDocuments(places, new Map([[id, {}]]));
    } catch (error) {
      log("error", "indexing_failed", { document_id: id, ...errorFields(error) });
    }
  }
}
