import { WorkerEntrypoint } from "cloudflare:workers";
import type { Principal } from "../auth/access-token.ts";
import { findUser } from "../auth/accounts.ts";
import { authenticate, sessionEnded } from "../auth/authenticate.ts";
import { admitSocket } from "../auth/session-sockets.ts";
import { database } from "../db/database.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import type { Grant, RoomResult } from "../room/room-api.ts";
import { documentFor } from "./documents.ts";

/**
 * Lets a socket of this person into a document, with what they may do there at this moment: a new one, or one whose token
 * is renewed. Throws Problem `not_found` where that is nothing, `invalid_token` if the session has just ended (law AU-5).
 */
export async function admit(env: Env, principal: Principal, documentId: string): Promise<Grant> {
  const decidedAt = Date.now();
  const db = database(env.DB);
  const { mayWrite, ...bearer } = principal;
  const { userId } = bearer;
  await documentFor(db, userId, documentId, "read");
  if (!(await admitSocket(db, { ...bearer, documentId }, decidedAt))) throw sessionEnded();
  // Asked again: whoever changes it from here on finds the socket noted, and tells its room (law AC-2).
  const [{ role }, user] = await Promise.all([
    documentFor(db, userId, documentId, "read"),
    findUser(db, userId),
  ]);
  return {
    ...bearer,
    name: user?.name ?? "",
    role: mayWrite ? role : "viewer",
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
      const principal = await authenticate(this.env, token, "documents:read");
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
