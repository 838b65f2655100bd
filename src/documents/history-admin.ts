import { cameToVersion } from "../platform/trace-scope.ts";
import type { IntegrityReport } from "../room/integrity.ts";
import type { Span } from "../room/redaction.ts";
import type { Author } from "../room/room-api.ts";
import { accepted, documentFor, type Places } from "./documents.ts";
import { forgetText } from "./newest-text.ts";
import { indexDocuments } from "./search-index.ts";

/** Milliseconds in a day. */
const day = 86_400_000;

/** How much history is kept: null is without end. */
export interface HistoryKept {
  operations: number | null;
  days: number | null;
}

/**
 * Sets how much of a document's history is kept; what is more is trimmed by and by. Throws Problem `forbidden` for others
 * than the owner: what is trimmed does not come back.
 */
export async function setRetention(
  { db, room }: Places,
  userId: string,
  id: string,
  { operations, days }: HistoryKept,
): Promise<{ horizon: number }> {
  await documentFor(db, userId, id, "manage");
  const ageMs = days === null ? null : days * day;
  const { horizon } = accepted(await room(id).retain({ operations, ageMs }));
  return { horizon };
}

/** Seals and trims now what is sealed and trimmed by and by. Throws Problem `forbidden` for others than the owner. */
export async function compactHistory(
  { db, room }: Places,
  userId: string,
  id: string,
): Promise<{ horizon: number; databaseBytes: number }> {
  await documentFor(db, userId, id, "manage");
  const { horizon, databaseBytes } = accepted(await room(id).compact());
  return { horizon, databaseBytes };
}

/** Replays the document's history. Throws Problem `forbidden` for others than its owner. */
export async function checkIntegrity(
  { db, room }: Places,
  userId: string,
  id: string,
): Promise<IntegrityReport> {
  await documentFor(db, userId, id, "manage");
  return accepted(await room(id).checkIntegrity()).report;
}

/**
 * Takes a span out of the text and all of its history. Throws Problem `forbidden` for others than the owner: it cannot
 * be taken back.
 */
export async function redactDocument(
  places: Places,
  author: Author,
  id: string,
  span: Span,
): Promise<{ version: number; trace_id: string }> {
  const { db, room } = places;
  await documentFor(db, author.userId, id, "manage");
  const { version } = accepted(await room(id).redact({ span, author }));
  forgetText(id);
  // Not left to the event, which comes by and by.
  await indexDocuments(places, new Map([[id, {}]]));
  return { version, trace_id: cameToVersion(id, version) };
}
