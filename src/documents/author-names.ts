import { inArray } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { users } from "../db/schema.ts";
import type { AuthorBody } from "../protocol/rest/history.ts";
import type { Author } from "../room/room-api.ts";

/** D1 takes 100 parameters at most. */
const idsAtOnce = 90;

/** Shows authors with the names of these people, as they are now; histories bear only their ids. */
export async function authorNames(
  db: Database,
  authors: Iterable<Author>,
): Promise<(author: Author) => AuthorBody> {
  const ids = [...new Set([...authors].map(({ userId }) => userId))];
  const names = new Map<string, string>();
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const found = await db
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(inArray(users.id, ids.slice(start, start + idsAtOnce)));
    for (const { id, name } of found) names.set(id, name);
  }
  // Of an account that was deleted, the name is empty.
  return ({ userId, kind }) => ({ user_id: userId, name: names.get(userId) || null, kind });
}
