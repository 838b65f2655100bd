import { and, eq, exists, gt, isNull, or, sql } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { accessTokenSeconds, invalidToken, type Principal } from "../auth/access-token.ts";
import { authenticate, authenticatedFor } from "../auth/authenticate.ts";
import { hashOf, newRandomToken } from "../auth/random-token.ts";
import { noteSocket } from "../auth/session-sockets.ts";
import { type Database, database } from "../db/database.ts";
import {
  documents,
  linkVisitors,
  memberships,
  sessionDocuments,
  shareLinks,
  workspaces,
} from "../db/schema.ts";
import { bearerToken } from "../platform/bearer-token.ts";
import { clientAddress } from "../platform/client-network.ts";
import { Problem } from "../platform/problem.ts";
import { refuseAccountFlood } from "../platform/rate-limit.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import type { Scope } from "../protocol/rest/tokens.ts";
import { keepGuestNames } from "./author-names.ts";
import { readableBy } from "./readable-by.ts";

// Who comes into a document by a link: people, who are let in with their own tokens from then on, and guests, who get a
// token for this document, and are nobody elsewhere.

/** Begins a guest's token, so that no part of the service takes it for another. */
const guestPrefix = "guest_";

/** Who is asking for a document. A guest's `userId` is for this document alone, and their name is their own word. */
export type Visitor = Principal & { guestName?: string };

export interface OpenedLink {
  documentId: string;
  role: "editor" | "viewer";
  history: boolean;
  guest: { id: string; name: string; token: string; expiresAt: number } | null;
}

/**
 * Opens a link by its token, for a user, or for a guest with a name. Throws Problem `not_found`, one and the same for
 * unknown, revoked and expired, and for a document that is gone; `unauthenticated` where guests may not come.
 */
export async function openLink(
  db: Database,
  { token, userId, name }: { token: string; userId: string | undefined; name: string | undefined },
  now: number,
): Promise<OpenedLink> {
  const [link] = await db
    .select({
      id: shareLinks.id,
      documentId: shareLinks.documentId,
      role: shareLinks.role,
      history: shareLinks.history,
      guests: shareLinks.guests,
      expiresAt: shareLinks.expiresAt,
    })
    .from(shareLinks)
    .innerJoin(documents, eq(documents.id, shareLinks.documentId))
    .innerJoin(workspaces, eq(workspaces.id, documents.workspaceId))
    .where(
      and(
        eq(shareLinks.tokenHash, await hashOf(token)),
        isLiveLink(now),
        isNull(documents.deletedAt),
        isNull(workspaces.deletedAt),
      ),
    );
  if (!link) throw new Problem("not_found", "The link is not valid (any more).");
  const { id: linkId, documentId, role, history } = link;
  if (userId !== undefined) {
    await insertVisitor(
      db,
      { linkId, visitorId: userId, guestName: null, tokenHash: null, expiresAt: null },
      now,
    );
    return { documentId, role, history, guest: null };
  }
  if (!link.guests) {
    throw new Problem("unauthenticated", "This link is for people who are signed in.", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  if (name === undefined) {
    const message = "name is required of guests";
    throw new Problem("validation_failed", `${message}.`, {
      errors: [{ path: ["name"], message, code: "custom" }],
    });
  }
  const guest = { id: crypto.randomUUID(), name, token: newRandomToken(guestPrefix) };
  const expiresAt = Math.min(now + limits.guestHours * 3_600_000, link.expiresAt ?? Number.POSITIVE_INFINITY);
  const tokenHash = await hashOf(guest.token);
  await insertVisitor(db, { linkId, visitorId: guest.id, guestName: name, tokenHash, expiresAt }, now);
  return { documentId, role, history, guest: { ...guest, expiresAt } };
}

async function insertVisitor(
  db: Database,
  visitor: Pick<
    typeof linkVisitors.$inferSelect,
    "linkId" | "visitorId" | "guestName" | "tokenHash" | "expiresAt"
  >,
  now: number,
): Promise<void> {
  const { linkId, visitorId, guestName, tokenHash, expiresAt } = visitor;
  const insert = db
    .insert(linkVisitors)
    .select(
      sql`SELECT id, ${visitorId}, document_id, ${guestName}, ${tokenHash}, ${now}, ${expiresAt} FROM share_links
          WHERE id = ${linkId}
            AND (SELECT count(*) FROM link_visitors WHERE link_id = ${linkId} AND visitor_id <> ${visitorId}) < ${limits.visitorsPerLink}`,
    )
    .onConflictDoUpdate({
      target: [linkVisitors.documentId, linkVisitors.visitorId, linkVisitors.linkId],
      set: { createdAt: now },
    })
    .returning({ linkId: linkVisitors.linkId });
  const [inserted] = await db.batch([insert, keepGuestNames(db, linkId)]);
  if (inserted.length === 0) {
    throw new Problem("quota_exceeded", `A link lets in at most ${limits.visitorsPerLink} people.`);
  }
}

const isLiveLink = (now: number) => or(isNull(shareLinks.expiresAt), gt(shareLinks.expiresAt, now));

/**
 * Who presents this token for a document: as `authenticate`, and guests. Whether it is their document, what is asked
 * says (`documentFor`).
 */
export async function authenticateVisitor(
  env: Env,
  token: string | undefined,
  scope: Scope,
): Promise<Visitor> {
  if (!token?.startsWith(guestPrefix)) return authenticate(env, token, scope);
  const now = Date.now();
  const [guest] = await database(env.DB)
    .select({ id: linkVisitors.visitorId, name: linkVisitors.guestName, endsAt: linkVisitors.expiresAt })
    .from(linkVisitors)
    .where(and(eq(linkVisitors.tokenHash, await hashOf(token)), gt(linkVisitors.expiresAt, now)));
  if (!guest) throw invalidToken("ended", "The guest's token is not valid (any more). Open the link again.");
  return {
    userId: guest.id,
    sessionId: guest.id,
    // An open socket shows it again, as one with an access token does.
    expiresAt: Math.floor(Math.min(guest.endsAt ?? 0, now + accessTokenSeconds * 1000) / 1000),
    kind: "person",
    mayWrite: true,
    guestName: guest.name ?? "",
  };
}

/** Lets a request for a document pass that bears a user's token, as `authenticatedFor`, or a guest's. */
export function visitorFor(scope: Scope) {
  const user = authenticatedFor(scope);
  return createMiddleware<RequestContext & { Variables: { principal: Principal } }>(async (c, next) => {
    const token = bearerToken(c.req.header("authorization"));
    if (!token?.startsWith(guestPrefix)) return user(c, next);
    const visitor = await authenticateVisitor(c.env, token, scope);
    await refuseAccountFlood(c.env, clientAddress(c), visitor.userId);
    c.set("principal", visitor);
    c.set("userId", visitor.userId);
    await next();
  });
}

/**
 * As `noteSocket`, and for guests: notes the socket, where whoever takes the access away will find it, if the visitor is something in
 * the document.
 */
export function noteVisitor(
  db: Database,
  { userId, sessionId, kind, guestName }: Visitor,
  documentId: string,
  now: number,
) {
  if (guestName === undefined) {
    const readable = db
      .select({ id: documents.id })
      .from(documents)
      .leftJoin(
        memberships,
        and(eq(memberships.workspaceId, documents.workspaceId), eq(memberships.userId, userId)),
      )
      .where(and(eq(documents.id, documentId), readableBy(userId, now)));
    return noteSocket(db, { sessionId, kind, documentId }, now, exists(readable));
  }
  return db
    .insert(sessionDocuments)
    .select(
      sql`SELECT visitor_id, document_id, ${now} FROM link_visitors
          WHERE document_id = ${documentId} AND visitor_id = ${sessionId} AND expires_at > ${now}`,
    )
    .onConflictDoUpdate({
      target: [sessionDocuments.sessionId, sessionDocuments.documentId],
      set: { admittedAt: now },
    })
    .returning({ sessionId: sessionDocuments.sessionId });
}
