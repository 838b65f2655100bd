import { and, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { auditEvents, emailTokens } from "../db/schema.ts";
import { Problem } from "../platform/problem.ts";
import type { AuditEvent } from "./audit.ts";
import { hashOf, newRandomToken } from "./random-token.ts";
import type { RequestOrigin } from "./request-origin.ts";

type LinkPurpose = (typeof emailTokens.$inferSelect)["purpose"];

const minute = 60_000;

/**
 * How long a link works. A reset lets its bearer in, so it is short (ASVS 6.5.5); the others are worth something only to
 * who is signed in to the account as well.
 */
export const linkLife: Record<LinkPurpose, number> = {
  verify: 24 * 60 * minute,
  reset: 10 * minute,
  change: 60 * minute,
};

/**
 * How long after one link to an account there is no other of its kind: nobody's mailbox is flooded. Shorter than the
 * shortest life, so that somebody whom others keep asking for still has a link that works.
 */
export const linkInterval = 2 * minute;

const requested: Record<LinkPurpose, AuditEvent> = {
  verify: "email.verification_sent",
  reset: "password.reset_requested",
  change: "email.change_requested",
};

/**
 * Makes the token of a link, to be sent to `email`. Undefined, and nothing made, where the account had one within the
 * interval: of many requests at once, the first audit row shuts out the others.
 */
export async function newLinkToken(
  db: Database,
  { userId, purpose, email, sessionId, origin }: LinkRequest,
  now: number,
): Promise<string | undefined> {
  const token = newRandomToken();
  const event = requested[purpose];
  const auditId = crypto.randomUUID();
  const recent = sql`SELECT 1 FROM ${auditEvents} WHERE ${auditEvents.userId} = ${userId}
    AND ${auditEvents.event} = ${event} AND ${auditEvents.createdAt} > ${now - linkInterval}`;
  const audited = sql`SELECT 1 FROM ${auditEvents} WHERE ${auditEvents.id} = ${auditId}`;
  const [made] = await db.batch([
    db
      .insert(auditEvents)
      .select(
        row(
          [auditId, userId, event, sessionId ?? null, origin.address, origin.userAgent, now],
          sql`NOT EXISTS (${recent})`,
        ),
      )
      .returning({ id: auditEvents.id }),
    db
      .insert(emailTokens)
      .select(
        row(
          [await hashOf(token), userId, purpose, email, now, now + linkLife[purpose]],
          sql`EXISTS (${audited})`,
        ),
      ),
  ]);
  return made.length > 0 ? token : undefined;
}

export interface LinkRequest {
  userId: string;
  purpose: LinkPurpose;
  /** Where the link goes. */
  email: string;
  sessionId?: string;
  origin: RequestOrigin;
}

/** One row, in the order of the table's columns, if the condition holds. */
function row(values: (string | number | null)[], condition: SQL): SQL {
  return sql`SELECT ${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )} WHERE ${condition}`;
}

/**
 * What a token is worth; asking uses it up, so that of many who present it one gets an answer. With `userId`, a token of
 * another account is left alone.
 */
export async function takeLinkToken(
  db: Database,
  { token, purposes, userId }: { token: string; purposes: LinkPurpose[]; userId?: string },
  now: number,
): Promise<typeof emailTokens.$inferSelect | undefined> {
  const [taken] = await db
    .delete(emailTokens)
    .where(
      and(
        eq(emailTokens.tokenHash, await hashOf(token)),
        inArray(emailTokens.purpose, purposes),
        gt(emailTokens.expiresAt, now),
        userId === undefined ? undefined : eq(emailTokens.userId, userId),
      ),
    )
    .returning();
  return taken;
}

export function invalidLink(): Problem {
  return new Problem("invalid_link", "The link is not valid (any more). Ask for a new one.");
}
