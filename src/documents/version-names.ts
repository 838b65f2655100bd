import { decodeVersionCursor, encodeVersionCursor } from "../platform/cursor.ts";
import type { NamedVersionBody } from "../protocol/rest/history.ts";
import type { Author } from "../room/room-api.ts";
import { authorNames } from "./author-names.ts";
import { accepted, documentFor, type Places, refuseHiddenHistory } from "./documents.ts";

/** A page of the versions that have names, newest first. */
export async function listNamedVersions(
  { db, room }: Places,
  userId: string,
  id: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: NamedVersionBody[]; next_cursor: string | null }> {
  const before = cursor === undefined ? undefined : decodeVersionCursor(cursor);
  await documentFor(db, userId, id, "history");
  const { named } = accepted(
    await room(id).namedVersions({ limit: limit + 1, ...(before !== undefined && { before }) }),
  );
  const page = named.slice(0, limit);
  const body = await authorNames(
    db,
    id,
    page.map(({ author }) => author),
  );
  const last = named.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map(({ version, name, at, author }) => ({
      version,
      name,
      named_at: new Date(at).toISOString(),
      named_by: body(author),
    })),
    next_cursor: last ? encodeVersionCursor(last.version) : null,
  };
}

/**
 * Gives a version a name, or another one; null takes it away, if there is one. Throws Problem `base_ahead` and `too_old` for versions
 * that are not there, and `quota_exceeded`.
 */
export async function nameVersion(
  { db, room }: Places,
  author: Author,
  id: string,
  { version, name }: { version: number; name: string | null },
  now: number,
): Promise<NamedVersionBody> {
  refuseHiddenHistory(await documentFor(db, author.userId, id, "write"));
  accepted(await room(id).nameVersion({ version, name, author, at: now }));
  const body = await authorNames(db, id, [author]);
  return { version, name: name ?? "", named_at: new Date(now).toISOString(), named_by: body(author) };
}
