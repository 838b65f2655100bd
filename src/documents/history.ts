import { decodeVersionCursor, encodeVersionCursor } from "../platform/cursor.ts";
import { cameToVersion } from "../platform/trace-scope.ts";
import { limits } from "../protocol/limits.ts";
import { operationTraceId } from "../protocol/operation-trace.ts";
import type { BlameBody, ChangeBody, DiffBody, PastVersionBody } from "../protocol/rest/history.ts";
import type { Author } from "../room/room-api.ts";
import { authorNames } from "./author-names.ts";
import { accepted, documentFor, type Places, refuseHiddenHistory } from "./documents.ts";
import { updateDocument } from "./store.ts";

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
  await documentFor(db, userId, id, "history");
  const { changes, more } = accepted(
    await room(id).changes({ limit, ...(before !== undefined && { before }) }),
  );
  const body = await authorNames(
    db,
    id,
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
  await documentFor(db, userId, id, "history");
  const { content, made } = accepted(await room(id).readVersion(version));
  const body = await authorNames(db, id, made ? [made.author] : []);
  return {
    version,
    content,
    created_at: made ? timeOf(made.at) : null,
    author: made ? body(made.author) : null,
    trace_id: made ? operationTraceId(id, version) : null,
  };
}

/** What differs between two versions; `from` may be the newer one. Throws Problem as `readPastVersion` does. */
export async function readDiff(
  { db, room }: Places,
  userId: string,
  id: string,
  { from, to }: { from: number; to: number },
): Promise<DiffBody> {
  await documentFor(db, userId, id, "history");
  const { edits } = accepted(await room(id).diff({ from, to }));
  return { from, to, edits };
}

/** Who wrote which part of the text at a version (the newest, without one). Throws Problem as `readPastVersion` does. */
export async function readBlame(
  { db, room }: Places,
  userId: string,
  id: string,
  { version, from }: { version?: number | undefined; from: number },
): Promise<BlameBody> {
  await documentFor(db, userId, id, "history");
  const blamed = accepted(
    await room(id).blame({ from, most: limits.blameSpans, ...(version !== undefined && { version }) }),
  );
  const body = await authorNames(
    db,
    id,
    blamed.spans.flatMap(({ author }) => author ?? []),
  );
  const reached = blamed.spans.at(-1)?.to ?? blamed.units;
  return {
    version: blamed.version,
    spans: blamed.spans.map(({ from, to, author }) => ({ from, to, author: author && body(author) })),
    next_from: reached < blamed.units ? reached : null,
  };
}

/**
 * Puts the text back to what it was at a version, as a change like any other: those who have it open see it, and it can be taken
 * back. Throws Problem as `readPastVersion` does, `storage_full`, and `precondition_failed` where `ifVersion` is not the newest.
 */
export async function restoreVersion(
  { db, room }: Places,
  author: Author,
  id: string,
  { version: past, ifVersion }: { version: number; ifVersion: number | undefined },
  now: number,
): Promise<{ version: number; trace_id: string }> {
  refuseHiddenHistory(await documentFor(db, author.userId, id, "write"));
  const { version } = accepted(
    await room(id).restore({ version: past, author, ...(ifVersion !== undefined && { ifVersion }) }),
  );
  await updateDocument(db, id, { title: undefined, version, by: author.userId }, now);
  return { version, trace_id: cameToVersion(id, version) };
}
