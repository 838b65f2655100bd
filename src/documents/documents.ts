import type { Database } from "../db/database.ts";
import type { Making } from "../idempotency/idempotent.ts";
import { Problem } from "../platform/problem.ts";
import { cameToVersion } from "../platform/trace-scope.ts";
import { inSpan } from "../platform/tracing.ts";
import type { Role } from "../protocol/server-frames.ts";
import type { Attendance, Author, DocumentRoomApi, RoomResult, RoomStats } from "../room/room-api.ts";
import { type Need, readsHistory, roleIn, suffices } from "./access.ts";
import { eraseRoom, workTime } from "./erasure.ts";
import { newestText } from "./newest-text.ts";
import {
  beginDocument,
  type DocumentRow,
  type FoundDocument,
  findDocument,
  insertDocument,
  refuseFullWorkspace,
  updateDocument,
} from "./store.ts";

/** A document as it is at this moment: its row in D1, and its text from its room. */
export interface Document {
  row: DocumentRow;
  content: string;
  version: number;
}

/** Where documents live: their rows, and their rooms by document id. */
export interface Places {
  db: Database;
  room: (id: string) => DocumentRoomApi;
}

/**
 * The document, for a person who may do with it what is needed. Throws Problem `not_found`, one and the same for a
 * document that is absent, deleted or foreign, and `forbidden` for one who may know of it but not do this.
 */
export async function documentFor(
  db: Database,
  userId: string,
  id: string,
  need: Need,
): Promise<FoundDocument & { role: Role }> {
  return documentIn(await findDocument(db, userId, id), userId, need);
}

/** What was found of a document, for a person who may do with it what is needed; throws as `documentFor`. */
export function documentIn(
  found: FoundDocument | undefined,
  userId: string,
  need: Need,
): FoundDocument & { role: Role } {
  if (!found || found.row.deletedAt !== null || found.workspaceDeletedAt !== null) throw notFound();
  const role = roleIn(found.row, userId, found);
  if (!role) throw notFound();
  if (!suffices(role, need)) throw new Problem("forbidden", "Your role in the document does not allow this.");
  if (need === "history") refuseHiddenHistory(found);
  return { ...found, role };
}

/** Throws Problem `forbidden` for who is there by a link that does not show how the text came to be. */
export function refuseHiddenHistory(found: FoundDocument): void {
  if (readsHistory(found)) return;
  throw new Problem("forbidden", "The link by which you are here does not show the history.");
}

export interface NewDocument {
  making: Making;
  title: string;
  content: string;
  workspaceId: string | undefined;
}

/**
 * Creates a document in a workspace of the person's, the personal one if none is named. The room comes first, as a row
 * without a room would be a broken document; before it comes the note that erases the room should the row fail to
 * follow. Throws Problem `forbidden`, `not_found`, `quota_exceeded`.
 */
export async function createDocument(
  { db, room }: Places,
  author: Author,
  { making, title, content, workspaceId }: NewDocument,
  now: number,
): Promise<Document> {
  const { id } = making;
  if (making.again && (await findDocument(db, author.userId, id))) {
    return readDocument({ db, room }, author.userId, id);
  }
  const erasureAt = now + workTime;
  const workspace = await beginDocument(db, { id, userId: author.userId, workspaceId }, erasureAt);
  const { version } = accepted(await room(id).create({ content, author }));
  if (version > 0) cameToVersion(id, version);
  const row = {
    id,
    workspaceId: workspace.id,
    ownerId: author.userId,
    title,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    toldVersion: version,
  };
  if (!(await insertDocument(db, row, erasureAt))) {
    await eraseRoom({ db, room }, id);
    await refuseFullWorkspace(db, workspace.id);
    throw new Problem("unavailable", "Creating the document took too long. Try again.");
  }
  return { row, content, version };
}

export function readDocument({ db, room }: Places, userId: string, id: string): Promise<Document> {
  return inSpan("DocumentService.GetDocument", { document_id: id }, async (span) => {
    const { row } = await documentFor(db, userId, id, "read");
    const { version, content, isCached } = accepted(await newestText(room(id), id));
    span.setAttributes({ cache_hit: isCached });
    return { row, version, content };
  });
}

/** Who has the document open, those first who came first. */
export async function readPresence({ db, room }: Places, userId: string, id: string): Promise<Attendance> {
  await documentFor(db, userId, id, "read");
  return accepted(await room(id).attendees());
}

/** What the document's room costs: for its owner, who pays. Throws Problem `forbidden` for others who may read it. */
export async function readStats({ db, room }: Places, userId: string, id: string): Promise<RoomStats> {
  await documentFor(db, userId, id, "manage");
  return room(id).stats();
}

/**
 * Changes title, text or both, the text only at `ifVersion` if one is given. The text goes first, since it may be
 * refused; a crash before the title leaves a change that the caller, who has no answer, makes again.
 */
export async function changeDocument(
  { db, room }: Places,
  author: Author,
  id: string,
  { title, content, ifVersion }: { title?: string; content?: string; ifVersion: number | undefined },
  now: number,
): Promise<Document> {
  await documentFor(db, author.userId, id, "write");
  const text =
    content === undefined
      ? accepted(await newestText(room(id), id))
      : {
          content,
          ...accepted(
            await room(id).replaceContent({
              content,
              author,
              ...(ifVersion !== undefined && { ifVersion }),
            }),
          ),
        };
  if (content !== undefined) cameToVersion(id, text.version);
  else if (ifVersion !== undefined && ifVersion !== text.version) {
    throw new Problem("precondition_failed", `The document is at version ${text.version}.`);
  }
  const row = await updateDocument(db, id, { title, version: text.version, by: author.userId }, now);
  if (!row) throw notFound();
  return { row, ...text };
}

/** What a room answered; its refusals as Problems. */
export function accepted<T>(result: RoomResult<T>): T {
  if (result.ok) return result;
  // Between the row and the room the document was deleted.
  if (result.code === "not_found") throw notFound();
  throw new Problem(result.code, result.detail);
}

export function notFound(): Problem {
  return new Problem("not_found", "There is no such document.");
}
