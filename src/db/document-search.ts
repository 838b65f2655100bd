import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The full-text index, a virtual table (FTS5) that drizzle-kit cannot make: it is in a migration written by hand, and not
 * in `schema.ts`. Its columns hold what `src/documents/search-text.ts` makes of the document's.
 */
export const documentSearch = sqliteTable("document_search", {
  rowid: integer("rowid").primaryKey(),
  /** Tokens by which a question is kept to what may be found: of the workspace, and of the document. */
  scope: text("scope").notNull(),
  title: text("title").notNull(),
  text: text("text").notNull(),
});
