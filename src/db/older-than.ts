import { and, eq, lt, or, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** The rows of a list, newest first, that come after a position in it. */
export function olderThan(
  columns: { createdAt: SQLiteColumn; id: SQLiteColumn },
  after: { createdAt: number; id: string } | undefined,
): SQL | undefined {
  if (!after) return undefined;
  const { createdAt, id } = columns;
  return or(lt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), lt(id, after.id)));
}
