import { TextCache } from "../platform/text-cache.ts";
import { inSpan } from "../platform/tracing.ts";
import { serverLimits } from "../protocol/limits.ts";
import type { DocumentRoomApi, KnownText, RoomResult } from "../room/room-api.ts";

/** A text, and its version. */
export interface VersionedText {
  version: number;
  content: string;
}

/** Of each document that was read in this isolate, the newest text as of then. */
const cache = new TextCache<VersionedText & Required<KnownText>>(serverLimits.cachedUnits);

/**
 * The newest text of a document, for who may read it, and whether it was at hand.
 *
 * Law CA-1: what is held here is answered only if the room, asked in this call, says that it is the newest text: same version, same
 * storage (epoch), same hash. What it is not goes, and so does all of a document that is gone (law CA-2).
 */
export async function newestText(
  room: DocumentRoomApi,
  id: string,
): Promise<RoomResult<VersionedText & { isCached: boolean }>> {
  const answer = await newestTextUnless(room, id, []);
  if (!answer.ok) return answer;
  const { content } = answer;
  if (content === undefined) throw new Error("the room kept a text back that nobody has");
  return { ...answer, content };
}

/** The same; `content` is undefined where the caller has the text, for its version is one of `held`. */
export async function newestTextUnless(
  room: DocumentRoomApi,
  id: string,
  held: readonly number[],
): Promise<RoomResult<{ version: number; content: string | undefined; isCached: boolean }>> {
  const known = held.map((version) => ({ version }));
  const cached = await inSpan("CacheCheck", {}, async () => {
    const entry = cache.get(id);
    return entry && { entry, answer: await room.readUnless([...known, withoutContent(entry)]) };
  });
  const answer = cached?.answer ?? (await inSpan("DatabaseFetch", {}, async () => room.readUnless(known)));
  if (!answer.ok) {
    cache.delete(id);
    return answer;
  }
  const { version, content, epoch, hash } = answer;
  if (content !== undefined) cache.set(id, { version, content, epoch, hash });
  if (content !== undefined || held.includes(version)) return { ok: true, version, content, isCached: false };
  return { ok: true, version, content: cached?.entry.content, isCached: true };
}

/** Code units that this isolate holds. */
export const textsAtHand = (): number => cache.units;

/** Law CA-2: of a document that is erased or redacted nothing is held here on. */
export function forgetText(id: string): void {
  cache.delete(id);
}

const withoutContent = ({ version, epoch, hash }: Required<KnownText>): KnownText => ({
  version,
  epoch,
  hash,
});
