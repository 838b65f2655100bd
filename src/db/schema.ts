import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// The tables of D1. Times are milliseconds since the epoch. Migrations only add: a table rebuild on D1 deletes
// the rows of every table that refers to it by a cascade, and reports success. So no cascade either.

export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    /** As the person wrote it. */
    email: text("email").notNull(),
    /** What makes an address one address: lower case. */
    emailNormalized: text("email_normalized").notNull(),
    name: text("name").notNull(),
    /** PHC string. Null: this person has no password and cannot sign in with one. */
    passwordHash: text("password_hash"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [uniqueIndex("users_email_normalized").on(table.emailNormalized)],
);

/** One row per sign-in; law AU-2 works on `generation` alone, so no token and no hash of one is stored. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** How often the refresh token was rotated; the token that bears this number is the valid one. */
    generation: integer("generation").notNull(),
    rotatedAt: integer("rotated_at").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [index("sessions_user").on(table.userId)],
);

export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    /** Set for the one workspace that every person has from the start. */
    personalUserId: text("personal_user_id").references(() => users.id),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [uniqueIndex("workspaces_personal_user").on(table.personalUserId)],
);

export const memberships = sqliteTable(
  "memberships",
  {
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    role: text("role", { enum: ["owner"] }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.userId] })],
);

/** What is known about a document outside its room; the text and its version are the room's alone (law RM-1). */
export const documents = sqliteTable(
  "documents",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    title: text("title").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** Set while the document is being deleted: its room may be erased already, so it is not shown any more. */
    deletedAt: integer("deleted_at"),
  },
  (table) => [index("documents_owner_created").on(table.ownerId, table.createdAt, table.id)],
);
