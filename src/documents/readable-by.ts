import { inArray, isNotNull, or, type SQL, sql } from "drizzle-orm";
import { documentGrants, documents, linkVisitors, memberships, shareLinks } from "../db/schema.ts";

// The rule of `roleIn` (access.ts) in SQL, for questions about many documents: that a person is something in them.

/** The condition on `documents`, with the person's row of `memberships` in its workspace joined to it, if there is one. */
export const readableBy = (userId: string, now: number): SQL | undefined =>
  or(isNotNull(memberships.role), inArray(documents.id, sharedWith(userId, now)));

/** The ids of documents that were shared with a person by a grant or a link. */
export const sharedWith = (userId: string, now: number): SQL =>
  sql`(SELECT ${documentGrants.documentId} FROM ${documentGrants} WHERE ${documentGrants.userId} = ${userId}
      UNION SELECT ${linkVisitors.documentId} FROM ${linkVisitors}
        INNER JOIN ${shareLinks} ON ${shareLinks.id} = ${linkVisitors.linkId}
        WHERE ${linkVisitors.visitorId} = ${userId} AND (${shareLinks.expiresAt} IS NULL OR ${shareLinks.expiresAt} > ${now}))`;
