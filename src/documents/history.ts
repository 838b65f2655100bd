import { decodeVersionCursor, encodeVersionCursor } from "../platform/cursor.ts";
import type { ChangeBody, PastVersionBody } from "../protocol/rest/history.ts";
import { authorNames } from "./author-names.ts";
import { accepted, documentFor, type Places } from "./documents.ts";

/** Times of a history are kept to the second. */
const timeOf = (at: number): string => new Date(at).toISOString();

/** A page of what was done to a document, newest first. */
export async function readChanges(
  { db, room }: Places,
  userId: string,
  id: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: ChangeBody[]; next_cursor: string | null }> {
  const before = cursor === undefined ? undefined : decodeVersionCursor(cursor);
  await documentFor(db, userId, id, "read");
  const { changes, more } = accepted(
    await room(id).changes({ limit, ...(before !== undefined && { before }) }),
  );
  const body = await authorNames(
    db,
    changes.flatMap(({ authors }) => authors),
  );
  const last = changes.at(-1);
  return {
    items: changes.map(({ first, last, startedAt, endedAt, authors }) => ({
      first_version: first,
      last_version: last,
      started_at: timeOf(startedAt),
      ended_at: timeOf(endedAt),
      authors: authors.map((share) => ({
        ...body(share),
        operations: share.operations,
        inserted: share.inserted,
        deleted: share.deleted,
      })),
    })),
    next_cursor: last && more ? encodeVersionCursor(last.first) : null,
  };
}

/** A document as it was at a version. Throws Problem `base_ahead` and `too_old` for versions that are not there. */
export async function readPastVersion(
  { db, room }: Places,
  userId: string,
  id: string,
  version: number,
): Promise<PastVersionBody> {
  await documentFor(db, userId, id, "read");
  const { content, made } = accepted(await room(id).readVersion(version));
  const body = await authorNames(db, made ? [made.author] : []);
  return {
    version,
    content,
    created_at: made ? timeOf(made.at) : null,
    author: made ? body(made.author) : null,
  };
}
