import { and, eq, gt, isNull } from "drizzle-orm";
import { documents } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import { Problem } from "../platform/problem.ts";
import { graceEnd } from "../workspaces/grace.ts";
import { roleIn, suffices } from "./access.ts";
import { notFound, type Places } from "./documents.ts";
import { eraseDocument } from "./erasure.ts";
import { type DocumentRow, findDocument } from "./store.ts";

/**
 * Puts a document into the trash: from now on nobody sees it, and its owners can bring it back until the grace period
 * ends. Throws Problem `forbidden`, and `not_found` also for one that is in the trash.
 */
export async function trashDocument({ db }: Places, userId: string, id: string, now: number): Promise<void> {
  const row = await ownedDocument({ db }, userId, id);
  if (row.deletedAt !== null) throw notFound();
  await db.batch([
    db
      .update(documents)
      .set({ deletedAt: now })
      .where(and(eq(documents.id, id), isNull(documents.deletedAt))),
    eventIfChanged(
      db,
      {
        type: "documents.deleted",
        workspaceId: row.workspaceId,
        data: { document_id: id, user_id: userId },
      },
      now,
    ),
  ]);
}

/** Erases a document, in the trash or not, for good. Throws Problem `forbidden`. */
export async function deletePermanently(
  places: Places,
  userId: string,
  id: string,
  now: number,
): Promise<void> {
  await ownedDocument(places, userId, id);
  await eraseDocument(places, id, now);
}

/**
 * Brings a document back from the trash; one that is not there stays as it is. Throws Problem `forbidden`, and
 * `not_found` where the grace period has ended.
 */
export async function restoreDocument(
  { db }: Places,
  userId: string,
  id: string,
  now: number,
): Promise<DocumentRow> {
  const row = await ownedDocument({ db }, userId, id);
  if (row.deletedAt === null) return row;
  const [[restored]] = await db.batch([
    db
      .update(documents)
      .set({ deletedAt: null })
      .where(and(eq(documents.id, id), gt(documents.deletedAt, graceEnd(now))))
      .returning(),
    eventIfChanged(
      db,
      {
        type: "documents.restored",
        workspaceId: row.workspaceId,
        data: { document_id: id, user_id: userId },
      },
      now,
    ),
  ]);
  if (!restored) throw notFound();
  return restored;
}

/** The row of a document, in the trash or not, for who may delete it. */
async function ownedDocument({ db }: Pick<Places, "db">, userId: string, id: string): Promise<DocumentRow> {
  const found = await findDocument(db, userId, id);
  const role = found && found.workspaceDeletedAt === null ? roleIn(found.row, userId, found) : undefined;
  if (!found || !role) throw notFound();
  // To everybody else, what is in the trash is gone.
  if (!suffices(role, "manage") && found.row.deletedAt !== null) throw notFound();
  if (!suffices(role, "manage")) throw new Problem("forbidden", "Only a document's owners do this.");
  return found.row;
}
