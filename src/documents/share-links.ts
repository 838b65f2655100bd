import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import { hashOf, newRandomToken } from "../auth/random-token.ts";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { linkVisitors, shareLinks } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import type { Making } from "../idempotency/idempotent.ts";
import type { Position } from "../platform/cursor.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { keepGuestNames } from "./author-names.ts";
import { documentFor } from "./documents.ts";

export type ShareLink = Omit<typeof shareLinks.$inferSelect, "tokenHash">;

const columns = {
  id: shareLinks.id,
  documentId: shareLinks.documentId,
  name: shareLinks.name,
  role: shareLinks.role,
  history: shareLinks.history,
  guests: shareLinks.guests,
  createdBy: shareLinks.createdBy,
  createdAt: shareLinks.createdAt,
  expiresAt: shareLinks.expiresAt,
};

/**
 * Makes a link into a document. Its token is told once, here; only its hash is kept. Throws Problem `forbidden`,
 * `quota_exceeded`, and `validation_failed` for one that has expired already.
 */
export async function createShareLink(
  db: Database,
  actorId: string,
  making: Making,
  wanted: Pick<ShareLink, "documentId" | "name" | "role" | "history" | "guests" | "expiresAt">,
  now: number,
): Promise<{ link: ShareLink; token: string }> {
  const { documentId, name, role, history, guests, expiresAt } = wanted;
  const { row } = await documentFor(db, actorId, documentId, "manage");
  refuseTimePast(expiresAt, now);
  const token = newRandomToken();
  const tokenHash = await hashOf(token);
  const { id } = making;
  const [[link]] = await db.batch([
    db
      .insert(shareLinks)
      .select(
        sql`SELECT ${id}, id, ${name}, ${role}, ${Number(history)}, ${Number(guests)}, ${tokenHash}, ${actorId}, ${now}, ${expiresAt}
            FROM documents WHERE id = ${documentId} AND deleted_at IS NULL
              AND (SELECT count(*) FROM share_links WHERE document_id = ${documentId} AND id <> ${id}) < ${limits.linksPerDocument}`,
      )
      // Made before by the same request, whose answer was lost, and with it the token.
      .onConflictDoUpdate({ target: shareLinks.id, set: { tokenHash } })
      .returning(columns),
    shared(db, row.workspaceId, { document_id: documentId, link_id: id, role, by: actorId }, now),
  ]);
  if (!link) throw new Problem("quota_exceeded", `A document has at most ${limits.linksPerDocument} links.`);
  return { link, token };
}

/** What is named changes. */
export type ShareLinkChange = {
  [Field in "name" | "role" | "history" | "guests" | "expiresAt"]?: ShareLink[Field] | undefined;
};

/**
 * Changes what a link gives, to those who have come by it, too; one that is not for guests any more has none. Throws Problem
 * `forbidden`, `not_found`, and `validation_failed` for a time that is over.
 */
export async function changeShareLink(
  db: Database,
  actorId: string,
  { documentId, linkId }: { documentId: string; linkId: string },
  change: ShareLinkChange,
  now: number,
): Promise<ShareLink> {
  const { row } = await documentFor(db, actorId, documentId, "manage");
  refuseTimePast(change.expiresAt, now);
  const ofLink = and(eq(shareLinks.id, linkId), eq(shareLinks.documentId, documentId));
  const [before] = await db.select({ role: shareLinks.role }).from(shareLinks).where(ofLink);
  if (!before) throw noLink();
  const role = change.role ?? before.role;
  const [[changed]] = await db.batch([
    db.update(shareLinks).set(change).where(ofLink).returning(columns),
    shared(db, row.workspaceId, { document_id: documentId, link_id: linkId, role, by: actorId }, now),
    ...(change.guests === false
      ? [
          db
            .delete(linkVisitors)
            .where(and(eq(linkVisitors.linkId, linkId), isNotNull(linkVisitors.guestName))),
        ]
      : []),
    keepGuestNames(db, linkId),
  ]);
  if (!changed) throw noLink();
  return changed;
}

/** The links into a document, for its owners, oldest first, those that have expired, too. Throws Problem `forbidden`. */
export async function listShareLinks(
  db: Database,
  actorId: string,
  documentId: string,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<ShareLink[]> {
  await documentFor(db, actorId, documentId, "manage");
  return db
    .select(columns)
    .from(shareLinks)
    .where(and(eq(shareLinks.documentId, documentId), newerThan(shareLinks, after)))
    .orderBy(asc(shareLinks.createdAt), asc(shareLinks.id))
    .limit(limit);
}

/** Revokes a link, and what everybody has by it, at once. Throws Problem `forbidden`, `not_found`. */
export async function revokeShareLink(
  db: Database,
  actorId: string,
  { documentId, linkId }: { documentId: string; linkId: string },
  now: number,
): Promise<void> {
  const { row } = await documentFor(db, actorId, documentId, "manage");
  const [, revoked] = await db.batch([
    db
      .delete(linkVisitors)
      .where(and(eq(linkVisitors.linkId, linkId), eq(linkVisitors.documentId, documentId))),
    db
      .delete(shareLinks)
      .where(and(eq(shareLinks.id, linkId), eq(shareLinks.documentId, documentId)))
      .returning({ id: shareLinks.id }),
    shared(db, row.workspaceId, { document_id: documentId, link_id: linkId, role: null, by: actorId }, now),
  ]);
  if (revoked.length === 0) throw noLink();
}

function refuseTimePast(expiresAt: number | null | undefined, now: number): void {
  if (expiresAt === null || expiresAt === undefined || expiresAt > now) return;
  const message = "expires_at must be in the future";
  throw new Problem("validation_failed", `${message}.`, {
    errors: [{ path: ["expires_at"], message, code: "custom" }],
  });
}

function noLink(): Problem {
  return new Problem("not_found", "There is no such link.");
}

const shared = (
  db: Database,
  workspaceId: string,
  data: { document_id: string; link_id: string; role: ShareLink["role"] | null; by: string },
  now: number,
) => eventIfChanged(db, { type: "documents.shared", workspaceId, data }, now);
