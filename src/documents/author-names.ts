import { and, eq, inArray, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { guestNames, users } from "../db/schema.ts";
import type { AuthorBody } from "../protocol/rest/history.ts";
import type { Author } from "../room/room-api.ts";

/** D1 takes 100 parameters at most. */
const idsAtOnce = 90;

/** Shows authors of a document with the names of these people, as they are now; histories bear only their ids. */
export async function authorNames(
  db: Database,
  documentId: string,
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
    const guests = await db
      .select({ id: guestNames.guestId, name: guestNames.name })
      .from(guestNames)
      .where(
        and(
          eq(guestNames.documentId, documentId),
          inArray(guestNames.guestId, ids.slice(start, start + idsAtOnce)),
        ),
      );
    for (const { id, name } of guests) names.set(id, name);
  }
  // Of an account that was deleted, the name is empty.
  return ({ userId, kind }) => ({ user_id: userId, name: names.get(userId) || null, kind });
}

/**
 * The statement that keeps how those call themselves who may write as guests by a link: the document's history will bear
 * their ids when the guests themselves are long gone.
 */
export function keepGuestNames(db: Database, linkId: string): BatchItem<"sqlite"> {
  return db
    .insert(guestNames)
    .select(
      sql`SELECT v.document_id, v.visitor_id, v.guest_name FROM link_visitors v INNER JOIN share_links l ON l.id = v.link_id
          WHERE v.link_id = ${linkId} AND l.role = 'editor' AND v.guest_name IS NOT NULL`,
    )
    .onConflictDoNothing();
}
