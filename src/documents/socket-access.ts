import { WorkerEntrypoint } from "cloudflare:workers";
import { selectUser } from "../auth/accounts.ts";
import { sessionEnded } from "../auth/authenticate.ts";
import { rememberEnded } from "../auth/live-sessions.ts";
import { database } from "../db/database.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import type { Grant, RoomResult } from "../room/room-api.ts";
import { readsHistory } from "./access.ts";
import { documentIn } from "./documents.ts";
import { documentItem, foundIn } from "./store.ts";
import { authenticateVisitor, noteVisitor, type Visitor } from "./visitors.ts";

/**
 * Lets a socket of this person into a document, with what they may do there at this moment: a new one, or one whose token
 * is renewed. Throws Problem `not_found` where that is nothing, `invalid_token` if the session has just ended (law AU-5).
 *
 * One transaction: whoever changes what they may do after it finds the socket noted, and tells its room (law AC-2).
 */
export async function admit(env: Env, visitor: Visitor, documentId: string): Promise<Grant> {
  const decidedAt = Date.now();
  const db = database(env.DB);
  const { mayWrite, guestName, ...bearer } = visitor;
  const { userId, sessionId } = bearer;
  const [noted, rows, [user]] = await db.batch([
    noteVisitor(db, visitor, documentId, decidedAt),
    documentItem(db, { id: documentId, userId, now: decidedAt }),
    selectUser(db, userId),
  ]);
  const found = documentIn(foundIn(rows), userId, "read");
  if (noted.length === 0) {
    if (guestName === undefined) rememberEnded([sessionId]);
    throw sessionEnded();
  }
  const { role, linkEndsAt } = found;
  return {
    ...bearer,
    expiresAt: Math.min(bearer.expiresAt, Math.floor((linkEndsAt ?? Number.POSITIVE_INFINITY) / 1000)),
    name: guestName ?? user?.name ?? "",
    role: mayWrite ? role : "viewer",
    ...(!readsHistory(found) && { hidesHistory: true }),
    ...(!mayWrite && { readOnly: true }),
    decidedAt,
  };
}

/**
 * Asked by a room, by way of the Worker's own exports, when an open socket presents a new token: who verifies tokens and
 * knows who may see what is the Worker, not the room (law AU-4).
 */
export class SocketAccess extends WorkerEntrypoint<Env> {
  /** Refuses with `user_mismatch` a token that is not this user's, before it says anything about the document. */
  async authorize(
    token: string,
    { userId, documentId }: { userId: string; documentId: string },
  ): Promise<RoomResult<{ grant: Grant }>> {
    try {
      const principal = await authenticateVisitor(this.env, token, "documents:read");
      if (principal.userId !== userId) {
        return { ok: false, code: "user_mismatch", detail: "the token is another user's" };
      }
      return { ok: true, grant: await admit(this.env, principal, documentId) };
    } catch (error) {
      if (error instanceof Problem) return { ok: false, code: error.code, detail: error.message };
      log("error", "socket_access_failed", { document_id: documentId, ...errorFields(error) });
      return { ok: false, code: "unavailable", detail: "the token cannot be checked now" };
    }
  }
}
