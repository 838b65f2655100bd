import { and, eq, gt, lt, or, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** What a list is ordered by: times, and ids among those of one time. */
interface Order {
  createdAt: SQLiteColumn;
  id: SQLiteColumn;
}

type Position = { createdAt: number; id: string } | undefined;

/** The rows of a list, newest first, that come after a position in it. */
export function olderThan({ createdAt, id }: Order, after: Position): SQL | undefined {
  if (!after) return undefined;
  return or(lt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), lt(id, after.id)));
}

/** The rows of a list, oldest first, that come after a position in it. */
export function newerThan({ createdAt, id }: Order, after: Position): SQL | undefined {
  if (!after) return undefined;
  return or(gt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), gt(id, after.id)));
}
