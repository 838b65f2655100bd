import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { outbox } from "../db/schema.ts";
import type { Event } from "./event.ts";

/**
 * The statement that records an event, if the statement before it in the same batch changed anything. So what did not
 * happen (a condition that did not hold, somebody else who was first) is not told, and what happened is told even if
 * everything after the batch is lost. It must follow directly on the statement of the fact. `now` is in milliseconds.
 */
export function eventIfChanged(
  db: Database,
  { type, workspaceId, data }: Omit<Event, "workspaceId"> & { workspaceId: Event["workspaceId"] | SQL },
  now: number,
): BatchItem<"sqlite"> {
  const id = crypto.randomUUID();
  return db
    .insert(outbox)
    .select(sql`SELECT ${id}, ${type}, ${workspaceId}, ${JSON.stringify(data)}, ${now} WHERE changes() > 0`);
}
