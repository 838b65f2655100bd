import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { auditEvents, sessions } from "../db/schema.ts";
import type { RequestOrigin } from "./request-origin.ts";

/** What the audit of an account can say. The names are API. */
export type AuditEvent =
  | "account.registered"
  | "account.renamed"
  | "account.exported"
  | "session.started"
  | "session.ended"
  | "session.revoked"
  | "session.crowded_out"
  | "session.ended_by_operator"
  | "session.reauthenticated"
  | "session.refresh_reused"
  | "login.failed"
  | "login.throttled"
  | "second_factor.enabled"
  | "second_factor.disabled"
  | "second_factor.removed_by_operator"
  | "second_factor.asked"
  | "second_factor.failed"
  | "second_factor.throttled"
  | "second_factor.recovery_code_used"
  | "second_factor.recovery_codes_renewed"
  | "password.changed"
  | "password.reset_requested"
  | "password.reset"
  | "email.verification_sent"
  | "email.verified"
  | "email.change_requested"
  | "email.changed"
  | "identity.linked"
  | "identity.unlinked"
  | "personal_token.created"
  | "personal_token.revoked"
  | "personal_token.revoked_by_operator";

/** The statement that writes an audit row; it belongs in the batch of what it tells of. `now` is in milliseconds. */
export function auditRow(
  db: Database,
  entry: { userId: string; event: AuditEvent; sessionId?: string | undefined; origin: RequestOrigin },
  now: number,
): BatchItem<"sqlite"> {
  const { userId, event, sessionId, origin } = entry;
  return db.insert(auditEvents).values({
    id: crypto.randomUUID(),
    userId,
    event,
    sessionId: sessionId ?? null,
    ...origin,
    createdAt: now,
  });
}

/** The same, if what it tells of is going to happen; it comes before that in the batch. */
export function auditRowIf(
  db: Database,
  condition: SQL,
  { userId, event, sessionId, origin }: Parameters<typeof auditRow>[1],
  now: number,
) {
  const values = sql`${crypto.randomUUID()}, ${userId}, ${event}, ${sessionId ?? null}, ${origin.address}, ${origin.userAgent}, ${now}`;
  return db.insert(auditEvents).select(sql`SELECT ${values} WHERE ${condition}`);
}

/** The statement that writes one row for each of the sessions that are there; it comes before their end. */
export function auditRows(
  db: Database,
  which: SQL | undefined,
  { event, origin }: { event: AuditEvent; origin: RequestOrigin },
  now: number,
) {
  return db.insert(auditEvents).select(
    db
      .select({
        id: randomId.as("id"),
        userId: sessions.userId,
        event: sql<string>`${event}`.as("event"),
        sessionId: sessions.id,
        address: sql<string | null>`${origin.address}`.as("address"),
        userAgent: sql<string | null>`${origin.userAgent}`.as("user_agent"),
        createdAt: sql<number>`${now}`.as("created_at"),
      })
      .from(sessions)
      .where(which),
  );
}

/** As many random bits as a UUID, in its form. */
const randomId = sql<string>`lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' ||
  hex(randomblob(2)) || '-' || hex(randomblob(6)))`;
