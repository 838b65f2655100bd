import { and, eq, gt, inArray, isNull, ne, or, type Placeholder, sql } from "drizzle-orm";
import { type Database, prepared, preparedItem } from "../db/database.ts";
import {
  documentGrants,
  documents,
  linkVisitors,
  memberships,
  roomErasures,
  shareLinks,
  workspaces,
} from "../db/schema.ts";
import { eventIfChanged, eventsFrom } from "../events/outbox.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { operationTraceId } from "../protocol/operation-trace.ts";
import { workspaceRoles, writes } from "../workspaces/roles.ts";
import { type Workspace, workspaceNamed, writable } from "../workspaces/workspaces.ts";
import type { Standing } from "./access.ts";

export type DocumentRow = typeof documents.$inferSelect;

const given = sql.placeholder;

const mayWrite = inArray(sql`role`, workspaceRoles.filter(writes));

/** What begins a document, in a workspace that is named or in the personal one. */
const beginning = (workspaceId: Placeholder | undefined) => ({
  named: preparedItem((db) => workspaceNamed(db, given("userId"), workspaceId)),
  note: preparedItem((db) => {
    const named = workspaceNamed(db, given("userId"), workspaceId);
    return (
      db
        .insert(roomErasures)
        .select(
          sql`SELECT ${given("id")}, ${given("erasureAt")} WHERE EXISTS (SELECT 1 FROM (${named}) WHERE ${mayWrite})`,
        )
        // By somebody who died, or is late: from now on it is the one who notes it here who makes it.
        .onConflictDoUpdate({ target: roomErasures.documentId, set: { dueAt: sql`excluded.due_at` } })
    );
  }),
});
const inNamed = beginning(given("workspaceId"));
const inPersonal = beginning(undefined);

/**
 * The workspace in which a person creates a document; and the note that the room of the document that they make there is to be erased
 * at this time, which comes before the room. Throws what `writable` throws, and then notes nothing.
 */
export async function beginDocument(
  db: Database,
  { id, userId, workspaceId }: { id: string; userId: string; workspaceId: string | undefined },
  erasureAt: number,
): Promise<Workspace> {
  const { named, note } = workspaceId === undefined ? inPersonal : inNamed;
  const values = { id, userId, workspaceId, erasureAt };
  const [[found]] = await db.batch([named(db, values), note(db, values)]);
  return writable(found);
}

const insertion = preparedItem((db) =>
  db
    .insert(documents)
    .select(
      sql`SELECT ${given("id")}, ${given("workspaceId")}, ${given("ownerId")}, ${given("title")}, ${given("createdAt")}, ${given("createdAt")}, NULL, ${given("toldVersion")}
          WHERE EXISTS (SELECT 1 FROM room_erasures WHERE document_id = ${given("id")} AND due_at = ${given("erasureAt")})
            AND ${hasRoomFor(given("workspaceId"))}`,
    )
    .returning({ id: documents.id }),
);

const doneWith = preparedItem((db) =>
  db
    .delete(roomErasures)
    .where(
      and(
        eq(roomErasures.documentId, given("id")),
        sql`EXISTS (SELECT 1 FROM documents WHERE id = ${given("id")})`,
      ),
    ),
);

/**
 * The row of a document whose room is there, in place of the note about the room (`beginDocument`). False if the workspace is
 * full, or the note is not what it was: then the room is being erased.
 */
export async function insertDocument(db: Database, row: DocumentRow, erasureAt: number): Promise<boolean> {
  const { id, workspaceId, ownerId, createdAt } = row;
  const [inserted] = await db.batch([
    insertion(db, { ...row, erasureAt }),
    eventIfChanged(
      db,
      { type: "documents.created", workspaceId, data: { document_id: id, user_id: ownerId } },
      createdAt,
    ),
    doneWith(db, { id }),
  ]);
  return inserted.length > 0;
}

/** The condition that a workspace takes one more document. */
export const hasRoomFor = (workspaceId: string | Placeholder) =>
  sql`(SELECT count(*) FROM documents WHERE workspace_id = ${workspaceId}) < ${limits.documentsPerWorkspace}`;

/** Throws Problem `quota_exceeded` where a workspace takes no more documents. */
export async function refuseFullWorkspace(db: Database, workspaceId: string): Promise<void> {
  const [found] = await db
    .select({ one: sql`1` })
    .from(workspaces)
    .where(and(eq(workspaces.id, workspaceId), hasRoomFor(workspaceId)));
  if (found) return;
  throw new Problem(
    "quota_exceeded",
    `A workspace has at most ${limits.documentsPerWorkspace} documents, those in the trash among them.`,
  );
}

/** A document, and by what a person may be something in it: also one that is just being deleted. */
export interface FoundDocument extends Standing {
  row: DocumentRow;
  /** Set while the whole workspace waits to be erased. */
  workspaceDeletedAt: number | null;
  /** When the first of the links ends that they have it by, milliseconds since the epoch; null: none does. */
  linkEndsAt: number | null;
}

const whose = { id: given("id"), userId: given("userId"), now: given("now") };

/** No two columns of one name: in what D1 answers to a batch they would be one. */
function selectDocument(db: Database) {
  const byLink = db
    .select({
      documentId: linkVisitors.documentId,
      edits: sql<number>`max(${shareLinks.role} = 'editor')`.as("edits"),
      history: sql<number>`max(${shareLinks.history})`.as("history"),
      endsAt: sql<number | null>`min(${shareLinks.expiresAt})`.as("ends_at"),
    })
    .from(linkVisitors)
    .innerJoin(shareLinks, eq(shareLinks.id, linkVisitors.linkId))
    .where(
      and(
        eq(linkVisitors.documentId, whose.id),
        eq(linkVisitors.visitorId, whose.userId),
        or(isNull(shareLinks.expiresAt), gt(shareLinks.expiresAt, whose.now)),
      ),
    )
    .groupBy(linkVisitors.documentId)
    .as("by_link");
  return db
    .select({
      row: documents,
      edits: byLink.edits,
      history: byLink.history,
      linkEndsAt: byLink.endsAt,
      workspaceDeletedAt: sql<number | null>`${workspaces.deletedAt}`.as("workspace_deleted_at"),
      workspaceRole: sql<Standing["workspaceRole"]>`${memberships.role}`.as("workspace_role"),
      grantedRole: sql<Standing["grantedRole"]>`${documentGrants.role}`.as("granted_role"),
    })
    .from(documents)
    .innerJoin(workspaces, eq(workspaces.id, documents.workspaceId))
    .leftJoin(
      memberships,
      and(eq(memberships.workspaceId, documents.workspaceId), eq(memberships.userId, whose.userId)),
    )
    .leftJoin(
      documentGrants,
      and(eq(documentGrants.documentId, documents.id), eq(documentGrants.userId, whose.userId)),
    )
    .leftJoin(byLink, eq(byLink.documentId, documents.id))
    .where(eq(documents.id, whose.id));
}

const findQuery = prepared((db) => selectDocument(db).prepare());

/** Of a document `id`, a person `userId` and the time `now`, for a batch: its rows are for `foundIn`. */
export const documentItem = preparedItem(selectDocument);

/** One query: every request for a document begins with it. */
export async function findDocument(
  db: Database,
  userId: string,
  id: string,
): Promise<FoundDocument | undefined> {
  return foundIn(await findQuery(db).all({ id, userId, now: Date.now() }));
}

/** The document in what the query gave. */
export function foundIn([found]: Awaited<ReturnType<typeof selectDocument>>): FoundDocument | undefined {
  if (!found) return undefined;
  const { edits, history, ...rest } = found;
  const linkRole = edits === null ? null : edits ? "editor" : "viewer";
  return { ...rest, linkRole, linkHistory: history === 1 };
}

/** That the document of a row has this version: it, and those from `first_version` on, were not told of before. */
const updatedEvent = (version: number, more: Record<string, string> = {}) =>
  ({
    type: "documents.updated",
    workspaceId: sql`workspace_id`,
    data: sql`json_patch(json_object('document_id', id, 'first_version', min(told_version + 1, ${version})),
                         ${JSON.stringify({ version, ...more })})`,
  }) as const;

/**
 * Changes the title, if one is given, and says when, and of which version of the text. Undefined if the document has been
 * deleted meanwhile.
 */
export async function updateDocument(
  db: Database,
  id: string,
  { title, version, by }: { title: string | undefined; version: number; by: string },
  now: number,
): Promise<DocumentRow | undefined> {
  const there = and(eq(documents.id, id), isNull(documents.deletedAt));
  const update = db
    .update(documents)
    .set({
      ...(title !== undefined && { title }),
      updatedAt: now,
      toldVersion: version,
    })
    .where(there)
    .returning();
  const updated = updatedEvent(version, { user_id: by });
  const [, [row]] = await db.batch([
    eventsFrom(db, updated, sql`FROM documents WHERE ${there}`, now),
    update,
  ]);
  return row;
}

/**
 * Records that the text was edited up to a version, if that was not told last (law EV-3). It may be a lower one, where older
 * storage was put back. Whether there is an event of it.
 */
export async function noteEdits(
  db: Database,
  id: string,
  { version, at }: { version: number; at: number },
  now: number,
): Promise<boolean> {
  const untold = and(eq(documents.id, id), isNull(documents.deletedAt), ne(documents.toldVersion, version));
  const [, noted] = await db.batch([
    eventsFrom(
      db,
      // Nobody's request: it is the newest operation's (law TR-3).
      { ...updatedEvent(version), traceId: operationTraceId(id, version) },
      sql`FROM documents WHERE ${untold}`,
      now,
    ),
    db
      .update(documents)
      .set({ toldVersion: version, updatedAt: sql`max(${documents.updatedAt}, ${at})` })
      .where(untold)
      .returning({ id: documents.id }),
  ]);
  return noted.length > 0;
}
