import type { Grant } from "../room/room-api.ts";

/**
 * AU-4: what a person may be in a document, decided here alone, for REST and for sockets, before its room is touched.
 * Undefined: nothing, and the document looks to them as if there were none.
 */
export function roleIn(document: { ownerId: string }, userId: string): Grant["role"] | undefined {
  return document.ownerId === userId ? "owner" : undefined;
}
