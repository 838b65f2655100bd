import { decodeCursor, encodeCursor, type Position } from "./cursor.ts";

/**
 * One page of a list. `read` gives at most `limit` rows after a position, newest first; it is asked for one more than the
 * page has, which tells whether there is another. Throws Problem `invalid_request` for what is no cursor.
 */
export async function readPage<Row extends Position>(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  read: (slice: { after: Position | undefined; limit: number }) => Promise<Row[]>,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const found = await read({ after, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return { rows, nextCursor: last ? encodeCursor(last) : null };
}
