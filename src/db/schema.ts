import { sql } from "drizzle-orm";
import {
  type AnySQLiteColumn,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

// The tables of D1, all of them, past 400 lines: they refer to each other, and docs/storage.md has them in this order. Times
// are milliseconds since the epoch. Migrations only add: a table rebuild on D1 deletes the rows of every table that refers
// to it by a cascade, and reports success. So no cascade either.

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
    /** When the person proved that the address is theirs. Null: not yet, or not since it was changed. */
    emailVerifiedAt: integer("email_verified_at"),
  },
  (table) => [uniqueIndex("users_email_normalized").on(table.emailNormalized)],
);

/** Other ways in than a password: who a person is at an OpenID provider. Law AU-3: the key is `sub`, never an address. */
export const identities = sqliteTable(
  "identities",
  {
    provider: text("provider", { enum: ["google"] }).notNull(),
    /** The provider's `sub`. */
    subject: text("subject").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** As the provider told it when the identity was linked; for people to recognize. */
    email: text("email").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.subject] }),
    uniqueIndex("identities_user_provider").on(table.userId, table.provider),
  ],
);

/** A sign-in with an OpenID provider that is under way; deleted when it comes back, which makes it single use. */
export const oauthFlows = sqliteTable("oauth_flows", {
  /** SHA-256 of `state`, base64url. */
  stateHash: text("state_hash").primaryKey(),
  /** SHA-256 of the cookie that binds the flow to the browser (or program) that began it; every flow has one. */
  browserHash: text("browser_hash"),
  nonce: text("nonce").notNull(),
  codeVerifier: text("code_verifier").notNull(),
  redirectUri: text("redirect_uri").notNull(),
  /** The path of ours where the browser goes at the end; null: it gets the tokens as JSON. */
  returnTo: text("return_to"),
  /** Who is linking the provider to their account; null for a sign-in. */
  userId: text("user_id").references(() => users.id),
  /** The session in which they asked for it: without that the link is not made. */
  sessionId: text("session_id"),
  expiresAt: integer("expires_at").notNull(),
});

/** What an e-mailed link is worth; deleted when it is used, which makes it single use. */
export const emailTokens = sqliteTable(
  "email_tokens",
  {
    /** SHA-256 of the token, base64url: the token itself is in the message alone. */
    tokenHash: text("token_hash").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    purpose: text("purpose", { enum: ["verify", "reset", "change"] }).notNull(),
    /** The address that the message went to. */
    email: text("email").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("email_tokens_user").on(table.userId, table.purpose)],
);

/** What an account and its person's authenticator share (RFC 6238). Law AU-12. */
export const secondFactors = sqliteTable("second_factors", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id),
  /** The secret, encrypted (`src/auth/sealed-text.ts`), and the id of the key. */
  sealedSecret: text("sealed_secret").notNull(),
  keyId: text("key_id").notNull(),
  /** The time step of the last code that was taken: none of it or of one before is taken again. */
  lastStep: integer("last_step").notNull(),
  createdAt: integer("created_at").notNull(),
});

/** Second factors that are being set up: good for nothing until a code of theirs was given. */
export const secondFactorEnrolments = sqliteTable("second_factor_enrolments", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id),
  sealedSecret: text("sealed_secret").notNull(),
  keyId: text("key_id").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

/** What stands in for the authenticator when it is lost; deleted when used. */
export const recoveryCodes = sqliteTable(
  "recovery_codes",
  {
    /** SHA-256 of the code, base64url. */
    codeHash: text("code_hash").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
  },
  (table) => [index("recovery_codes_user").on(table.userId)],
);

/** Sign-ins whose first factor was right; deleted when they are finished, which makes them single use. */
export const signInChallenges = sqliteTable(
  "sign_in_challenges",
  {
    /** SHA-256 of the token, base64url. */
    tokenHash: text("token_hash").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** What is still asked for: a code, or that a second factor is set up. */
    purpose: text("purpose", { enum: ["verify", "enrol"] }).notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("sign_in_challenges_user").on(table.userId)],
);

/** Personal access tokens: how programs sign in. */
export const personalTokens = sqliteTable(
  "personal_tokens",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    name: text("name").notNull(),
    /** SHA-256 of the token, base64url. */
    tokenHash: text("token_hash").notNull(),
    /** Scopes, separated by blanks (RFC 6749 §3.3). */
    scope: text("scope").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** To the hour; null: never. */
    lastUsedAt: integer("last_used_at"),
  },
  (table) => [
    uniqueIndex("personal_tokens_hash").on(table.tokenHash),
    index("personal_tokens_user").on(table.userId),
  ],
);

/** What happened to the security of an account, for the person to read. */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** As in `src/auth/audit.ts`. */
    event: text("event").notNull(),
    /** The sign-in that did it, or that it was done to. */
    sessionId: text("session_id"),
    /** Where it came from: the address of the network, and what the browser calls itself. */
    address: text("address"),
    userAgent: text("user_agent"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    index("audit_events_user_created").on(table.userId, table.createdAt, table.id),
    index("audit_events_created").on(table.createdAt),
  ],
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
    /** When the person last proved who they are: sensitive changes ask for a recent time. */
    authenticatedAt: integer("authenticated_at").notNull().default(0),
    /** Where it was last used, for the person to recognize. */
    address: text("address"),
    userAgent: text("user_agent"),
  },
  (table) => [index("sessions_user").on(table.userId)],
);

/** In which documents a sign-in has, or had, open sockets: where to close them when it ends (decision 0005). */
export const sessionDocuments = sqliteTable(
  "session_documents",
  {
    /** No reference: the rows outlive the session until its sockets are closed. */
    sessionId: text("session_id").notNull(),
    documentId: text("document_id").notNull(),
    /** When the last of them was admitted, or renewed its token. */
    admittedAt: integer("admitted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.sessionId, table.documentId] })],
);

export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    /** Set for the one workspace that every person has from the start. */
    personalUserId: text("personal_user_id").references(() => users.id),
    createdAt: integer("created_at").notNull(),
    /** Set while it waits to be erased: from then on it and its documents are shown to nobody but its owners. */
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    uniqueIndex("workspaces_personal_user").on(table.personalUserId),
    index("workspaces_deleted").on(table.deletedAt).where(sql`deleted_at IS NOT NULL`),
  ],
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
    role: text("role", { enum: ["owner", "admin", "editor", "viewer"] }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.userId] }),
    index("memberships_user").on(table.userId, table.createdAt, table.workspaceId),
  ],
);

/** Invitations into a workspace that were not accepted yet; accepted or withdrawn, they are deleted. */
export const invitations = sqliteTable(
  "invitations",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    email: text("email").notNull(),
    emailNormalized: text("email_normalized").notNull(),
    role: text("role", { enum: ["admin", "editor", "viewer"] }).notNull(),
    /** SHA-256 of the token in the message, base64url. */
    tokenHash: text("token_hash").notNull(),
    invitedBy: text("invited_by")
      .notNull()
      .references(() => users.id),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    uniqueIndex("invitations_token").on(table.tokenHash),
    uniqueIndex("invitations_workspace_email").on(table.workspaceId, table.emailNormalized),
  ],
);

/** What a person may do in one document beside what their workspace gives them. */
export const documentGrants = sqliteTable(
  "document_grants",
  {
    documentId: text("document_id")
      .notNull()
      .references((): AnySQLiteColumn => documents.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    role: text("role", { enum: ["editor", "viewer"] }).notNull(),
    grantedBy: text("granted_by").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.documentId, table.userId] }),
    index("document_grants_user").on(table.userId, table.createdAt, table.documentId),
  ],
);

/** Events, written in the batch of the fact itself, and kept as long as what was delivered of them is told. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: text("id").primaryKey(),
    /** As in `src/events/event.ts`. */
    type: text("type").notNull(),
    workspaceId: text("workspace_id"),
    /** JSON: ids and names, never a text of a document. */
    data: text("data").notNull(),
    createdAt: integer("created_at").notNull(),
    /** When it is to be handed to the queue (again). Null: every consumer has it. */
    dueAt: integer("due_at"),
    /** How often it was handed to the queue. */
    attempts: integer("attempts").notNull().default(0),
    /** Of the request, or the operation, that it comes from (law TR-3); null: of neither. */
    traceId: text("trace_id"),
  },
  (table) => [
    index("outbox_created").on(table.createdAt),
    index("outbox_due").on(table.dueAt).where(sql`due_at IS NOT NULL`),
  ],
);

/** Requests with an Idempotency-Key, for a day: what they are called by, and what was answered. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    /** Whose key it is: a user, or a guest. */
    userId: text("user_id").notNull(),
    /** SHA-256 of the key, base64url. */
    keyHash: text("key_hash").notNull(),
    /** SHA-256 of method, address and body. */
    fingerprint: text("fingerprint").notNull(),
    /** What the request makes has this id. */
    madeId: text("made_id").notNull(),
    /** Until when somebody is at work on it; 0: nobody is. */
    lockedUntil: integer("locked_until").notNull(),
    /** Sealed by the key itself (`src/idempotency/sealed-answer.ts`); null: there is none, or it was too large. */
    answer: text("answer"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.keyHash] }),
    index("idempotency_keys_created").on(table.createdAt),
    index("idempotency_keys_made").on(table.madeId),
  ],
);

/** Where a workspace's events are sent to. Its rows are deleted within an hour of the workspace's. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    name: text("name").notNull(),
    url: text("url").notNull(),
    /** JSON: the types of events that it hears of; null: all. */
    events: text("events"),
    /** Counts its secrets, which are derived from it and stored nowhere. */
    secretGeneration: integer("secret_generation").notNull(),
    /** Until when the secret before signs, too; null: there is none. */
    oldSecretUntil: integer("old_secret_until"),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    /** Since when nothing has arrived; null: the last that was sent did. */
    failingSince: integer("failing_since"),
    /** Set while nothing is sent, and why. */
    disabledAt: integer("disabled_at"),
    disabledReason: text("disabled_reason", { enum: ["asked", "gone", "failing"] }),
  },
  (table) => [index("webhooks_workspace").on(table.workspaceId, table.createdAt, table.id)],
);

/** What is sent to webhooks, and what became of it. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    id: text("id").primaryKey(),
    webhookId: text("webhook_id").notNull(),
    /** In the outbox, which holds what is sent. */
    eventId: text("event_id").notNull(),
    status: text("status", { enum: ["pending", "delivered", "dead"] }).notNull(),
    attempts: integer("attempts").notNull(),
    /** When it is tried (again); null: it is not. */
    dueAt: integer("due_at"),
    attemptedAt: integer("attempted_at"),
    /** What the last attempt took, milliseconds. */
    tookMs: integer("took_ms"),
    /** HTTP status of the last answer; null: there was none. */
    answer: integer("answer"),
    /** Why the last attempt failed, as in `src/webhooks/attempt.ts`. */
    failure: text("failure"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("webhook_deliveries_event").on(table.webhookId, table.eventId),
    index("webhook_deliveries_created").on(table.webhookId, table.createdAt, table.id),
    index("webhook_deliveries_due").on(table.dueAt).where(sql`due_at IS NOT NULL`),
  ],
);

/** The attempts at a delivery, the newest `keptAttempts` of each. */
export const webhookAttempts = sqliteTable(
  "webhook_attempts",
  {
    deliveryId: text("delivery_id").notNull(),
    attemptedAt: integer("attempted_at").notNull(),
    /** Counted from 1, and again from 1 when it is asked for again. */
    attempt: integer("attempt").notNull(),
    tookMs: integer("took_ms"),
    answer: integer("answer"),
    failure: text("failure"),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.attemptedAt, table.attempt] })],
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
    /** Set while it waits in the trash to be erased. */
    deletedAt: integer("deleted_at"),
    /** The version of the text that an event has told of last, or that it began with. */
    toldVersion: integer("told_version").notNull().default(0),
  },
  (table) => [
    index("documents_owner_created").on(table.ownerId, table.createdAt, table.id),
    index("documents_owner_updated").on(table.ownerId, table.updatedAt, table.id),
    index("documents_workspace_created").on(table.workspaceId, table.createdAt, table.id),
    index("documents_workspace_updated").on(table.workspaceId, table.updatedAt, table.id),
    index("documents_deleted").on(table.deletedAt).where(sql`deleted_at IS NOT NULL`),
  ],
);

/** What the full-text index has of a document, which is in `document_search` under the same number. */
export const documentIndex = sqliteTable("document_index", {
  id: integer("id").primaryKey(),
  documentId: text("document_id")
    .notNull()
    .unique()
    .references(() => documents.id),
  workspaceId: text("workspace_id").notNull(),
  title: text("title").notNull(),
  /** Of the text. */
  version: integer("version").notNull(),
});

/**
 * Rooms that are to be erased, unless their document is there by then: written before a room is made, and in the batch
 * that deletes a document's row. So a room that no row names is always in here.
 */
export const roomErasures = sqliteTable(
  "room_erasures",
  {
    documentId: text("document_id").primaryKey(),
    dueAt: integer("due_at").notNull(),
  },
  (table) => [index("room_erasures_due").on(table.dueAt)],
);
/** Links that let whoever has one into a document. */
export const shareLinks = sqliteTable(
  "share_links",
  {
    id: text("id").primaryKey(),
    documentId: text("document_id")
      .notNull()
      .references(() => documents.id),
    /** For people to tell links apart. */
    name: text("name").notNull(),
    role: text("role", { enum: ["editor", "viewer"] }).notNull(),
    /** Whether those who come by it may read how the text came to be. */
    history: integer("history", { mode: "boolean" }).notNull(),
    /** Whether people without an account may come by it. */
    guests: integer("guests", { mode: "boolean" }).notNull(),
    /** SHA-256 of the token in the link, base64url. */
    tokenHash: text("token_hash").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    /** Null: never. */
    expiresAt: integer("expires_at"),
  },
  (table) => [
    uniqueIndex("share_links_token").on(table.tokenHash),
    index("share_links_document").on(table.documentId, table.createdAt, table.id),
  ],
);

/** Who came into a document by a link: people by their id, and guests, who are nobody elsewhere. */
export const linkVisitors = sqliteTable(
  "link_visitors",
  {
    linkId: text("link_id")
      .notNull()
      .references(() => shareLinks.id),
    /** Of the user, or of the guest. */
    visitorId: text("visitor_id").notNull(),
    documentId: text("document_id").notNull(),
    /** How a guest calls themself; null for users. */
    guestName: text("guest_name"),
    /** SHA-256 of the guest's token, base64url; null for users. */
    tokenHash: text("token_hash"),
    createdAt: integer("created_at").notNull(),
    /** When the guest's token ends; null for users. */
    expiresAt: integer("expires_at"),
  },
  (table) => [
    primaryKey({ columns: [table.documentId, table.visitorId, table.linkId] }),
    uniqueIndex("link_visitors_token").on(table.tokenHash),
    index("link_visitors_link").on(table.linkId),
    index("link_visitors_visitor").on(table.visitorId),
    index("link_visitors_expires").on(table.expiresAt),
  ],
);

/** How guests who could write called themselves: the history bears their ids for as long as it is there. */
export const guestNames = sqliteTable(
  "guest_names",
  {
    documentId: text("document_id").notNull(),
    guestId: text("guest_id").notNull(),
    name: text("name").notNull(),
  },
  (table) => [primaryKey({ columns: [table.documentId, table.guestId] })],
);
