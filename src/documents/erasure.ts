import { and, eq, lte, type SQL, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import {
  documentGrants,
  documents,
  guestNames,
  idempotencyKeys,
  invitations,
  linkVisitors,
  memberships,
  roomErasures,
  shareLinks,
  workspaces,
} from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import { errorFields, log } from "../platform/log.ts";
import { graceEnd } from "../workspaces/grace.ts";
import { placesOf } from "./document-route.ts";
import type { Places } from "./documents.ts";
import { forgetText } from "./newest-text.ts";
import { unindexed } from "./search-index.ts";

// How documents end: their rows in one batch, which also notes that the room is to be erased; then the room. Whatever
// fails in between, the cron goes on with it.

/** Milliseconds after which whoever was at work on a room, making or erasing it, is taken to have died. */
export const workTime = 600_000;

/** What one run of the cron erases of each kind: some calls each, of the 1,000 that an invocation has. */
const erasedAtOnce = 100;

/** Erases a document, its history, and who had which part in it, at once and for good. */
export async function eraseDocument(places: Places, id: string, now: number): Promise<void> {
  if (await eraseRows(places.db, id, undefined, now)) await eraseRoom(places, id);
}

/** The rows of a document; false if there is none of which the condition holds. */
async function eraseRows(
  db: Database,
  id: string,
  condition: SQL | undefined,
  now: number,
): Promise<boolean> {
  const [found] = await db
    .select({ workspaceId: documents.workspaceId })
    .from(documents)
    .where(and(eq(documents.id, id), condition));
  if (!found) return false;
  const { workspaceId } = found;
  const noted = sql`EXISTS (SELECT 1 FROM ${roomErasures} WHERE ${roomErasures.documentId} = ${id})`;
  const [begun] = await db.batch([
    db
      .insert(roomErasures)
      .select(
        db
          .select({ documentId: documents.id, dueAt: sql<number>`${now + workTime}`.as("due_at") })
          .from(documents)
          .where(and(eq(documents.id, id), condition)),
      )
      .onConflictDoNothing()
      .returning({ id: roomErasures.documentId }),
    db.delete(idempotencyKeys).where(and(eq(idempotencyKeys.madeId, id), noted)),
    db.delete(guestNames).where(and(eq(guestNames.documentId, id), noted)),
    db.delete(linkVisitors).where(and(eq(linkVisitors.documentId, id), noted)),
    db.delete(shareLinks).where(and(eq(shareLinks.documentId, id), noted)),
    db.delete(documentGrants).where(and(eq(documentGrants.documentId, id), noted)),
    ...unindexed(db, id, noted),
    db.delete(documents).where(and(eq(documents.id, id), noted)),
    eventIfChanged(db, { type: "documents.erased", workspaceId, data: { document_id: id } }, now),
  ]);
  return begun.length > 0;
}

/** Erases a room that no row names. */
export async function eraseRoom({ db, room }: Places, id: string): Promise<void> {
  await room(id).erase();
  forgetText(id);
  await db.delete(roomErasures).where(eq(roomErasures.documentId, id));
}

/** Erases documents of a workspace, in the trash or not; true when none is left. */
export async function eraseDocumentsIn(env: Env, workspaceId: string): Promise<boolean> {
  const places = placesOf(env);
  const found = await places.db
    .select({ id: documents.id })
    .from(documents)
    .where(eq(documents.workspaceId, workspaceId))
    .limit(erasedAtOnce);
  for (const { id } of found) await eraseDocument(places, id, Date.now());
  return found.length < erasedAtOnce;
}

/**
 * What the service does every minute about what was deleted: it erases the documents and the workspaces whose grace has
 * ended, the rooms whose documents did not come to be, or went without them, and guests whose time is over.
 */
export async function sweepErasures(env: Env, now: number): Promise<void> {
  const places = placesOf(env);
  await eraseRooms(places, now);
  await eraseTrash(places, now);
  await eraseWorkspaces(env, now);
  await places.db.delete(linkVisitors).where(lte(linkVisitors.expiresAt, now));
}

async function eraseRooms(places: Places, now: number): Promise<void> {
  // Taken out of the hands of whoever was at work on them (`insertDocument` asks for the time that it has set).
  const due = await places.db
    .update(roomErasures)
    .set({ dueAt: now + workTime })
    .where(
      sql`${roomErasures.documentId} IN (SELECT document_id FROM room_erasures WHERE due_at <= ${now} LIMIT ${erasedAtOnce})`,
    )
    .returning({ id: roomErasures.documentId });
  for (const { id } of due) await logged(id, () => eraseRoom(places, id));
}

async function eraseTrash(places: Places, now: number): Promise<void> {
  const { db } = places;
  const over = lte(documents.deletedAt, graceEnd(now));
  const due = await db.select({ id: documents.id }).from(documents).where(over).limit(erasedAtOnce);
  for (const { id } of due) {
    await logged(id, async () => {
      if (await eraseRows(db, id, over, now)) await eraseRoom(places, id);
    });
  }
}

async function eraseWorkspaces(env: Env, now: number): Promise<void> {
  const db = database(env.DB);
  const over = lte(workspaces.deletedAt, graceEnd(now));
  const [due] = await db.select({ id: workspaces.id }).from(workspaces).where(over).limit(1);
  if (!due || !(await eraseDocumentsIn(env, due.id))) return;
  await db.batch([
    db.delete(memberships).where(eq(memberships.workspaceId, due.id)),
    db.delete(invitations).where(eq(invitations.workspaceId, due.id)),
    db.delete(workspaces).where(eq(workspaces.id, due.id)),
  ]);
}

/** One that fails is tried again later, and keeps nobody else from being erased. */
async function logged(id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log("error", "erasing_failed", { document_id: id, ...errorFields(error) });
  }
}
