import { difference } from "../ot/difference.ts";
import type { Operation } from "../ot/operation.ts";
import { parseOperation } from "../ot/parse.ts";
import { Problem } from "../platform/problem.ts";
import { cameToVersion } from "../platform/trace-scope.ts";
import { limits } from "../protocol/limits.ts";
import type { ContentEdit } from "../protocol/rest/content.ts";
import type { AcceptedOperations, Author, DocumentRoomApi } from "../room/room-api.ts";
import { operationOf } from "./content-edits.ts";
import { accepted, documentFor, type Places, refuseHiddenHistory } from "./documents.ts";
import { newestText, newestTextUnless, type VersionedText } from "./newest-text.ts";
import type { FoundDocument } from "./store.ts";

/**
 * What a change is made upon: a version that must still be the newest, one from which the change is moved over what
 * others did since, or whatever is the newest.
 */
export type Base = { ifVersion: number } | { baseVersion: number } | "newest";

/** What a change came to. */
export interface Changed {
  version: number;
  /** Of the operation that made that version. */
  trace_id: string;
  /** Whether others had changed the text since the base. */
  merged: boolean;
}

/** The newest text; `content` is undefined where its version is one that the caller holds. */
export async function readContent(
  { db, room }: Places,
  userId: string,
  id: string,
  held: readonly number[],
): Promise<{ version: number; content: string | undefined }> {
  await documentFor(db, userId, id, "read");
  const { version, content } = accepted(await newestTextUnless(room(id), id, held));
  return { version, content };
}

/** The text at a version, for who may read the history. Throws Problem `base_ahead` or `too_old` for one that is not there yet, or no more. */
export async function readContentAt(
  { db, room }: Places,
  userId: string,
  id: string,
  version: number,
): Promise<VersionedText> {
  await documentFor(db, userId, id, "history");
  return accepted(await room(id).readVersion(version));
}

/**
 * Replaces the text: what differs between the one at the base and `content`, found by lines and words, becomes the edit,
 * so that what others wrote since, or elsewhere, stays.
 */
export function replaceContent(
  places: Places,
  author: Author,
  id: string,
  { content, base }: { content: string; base: Base },
): Promise<Changed> {
  return change(places, author, id, base, (before) => difference(before, content));
}

/** Makes several edits of the text at the base, all or none of them. */
export function editContent(
  places: Places,
  author: Author,
  id: string,
  { edits, base }: { edits: readonly ContentEdit[]; base: Base },
): Promise<Changed> {
  return change(places, author, id, base, (before) => operationOf(edits, before));
}

/** The change is worked out here, not in the room, where others wait meanwhile; the room only moves it. */
async function change(
  { db, room: rooms }: Places,
  author: Author,
  id: string,
  base: Base,
  operationOn: (content: string) => Operation,
): Promise<Changed> {
  const found = await documentFor(db, author.userId, id, "write");
  const room = rooms(id);
  const before = await textUpon(room, base, found);
  const operation = operationOn(before.content);
  const ifNewest = typeof base === "object" && "ifVersion" in base;
  const { version, moved } = accepted(await room.edit({ author, base: before.version, operation, ifNewest }));
  return { version, merged: moved, trace_id: cameToVersion(id, version) };
}

/**
 * The text that a change is made upon. Of one of the past, what the change comes to would say what it was: so it is for who
 * may read the history.
 */
async function textUpon(room: DocumentRoomApi, base: Base, found: FoundDocument): Promise<VersionedText> {
  const newest = accepted(await newestText(room, found.row.id));
  if (base === "newest") return newest;
  if ("ifVersion" in base) {
    if (base.ifVersion === newest.version) return newest;
    throw new Problem("precondition_failed", `The document is at version ${newest.version}.`);
  }
  if (base.baseVersion === newest.version) return newest;
  refuseHiddenHistory(found);
  return accepted(await room.readVersion(base.baseVersion));
}

/** Submits an operation as a socket does; a repeat of one that was accepted gets its first answer again (law RM-3). */
export async function submitOperation(
  { db, room }: Places,
  author: Author,
  id: string,
  { clientId, seq, base, op }: { clientId: string; seq: number; base: number; op: unknown },
): Promise<{ version: number; actor: number; trace_id: string }> {
  await documentFor(db, author.userId, id, "write");
  const parsed = parseOperation(op, { insertUnits: limits.insertUnits, parts: limits.operationParts });
  if (!parsed.ok) throw new Problem(parsed.code, parsed.detail);
  const { operation } = parsed;
  const { version, actor } = accepted(await room(id).submit({ author, clientId, seq, base, operation }));
  return { version, actor, trace_id: cameToVersion(id, version) };
}

/** What was accepted after a version, for who may read the history. */
export async function readOperations(
  { db, room }: Places,
  userId: string,
  id: string,
  slice: { since: number; limit: number },
): Promise<AcceptedOperations> {
  await documentFor(db, userId, id, "history");
  return accepted(await room(id).operations(slice));
}
