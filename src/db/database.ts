import { drizzle } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

/** The typed view of D1. `batch` on it is the transaction: all of its statements, or none. */
export function database(binding: D1Database) {
  return drizzle(binding, { schema });
}

export type Database = ReturnType<typeof database>;
