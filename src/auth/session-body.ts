import type { auditEvents, sessions } from "../db/schema.ts";
import type { AuditEventBody, SessionBody } from "../protocol/rest/sessions.ts";
import { sessionEnd } from "./session-rules.ts";

const time = (ms: number) => new Date(ms).toISOString();

/** A session, as its person sees it. */
export function sessionBody(row: typeof sessions.$inferSelect): Omit<SessionBody, "current"> {
  return {
    id: row.id,
    created_at: time(row.createdAt),
    last_used_at: time(row.rotatedAt),
    expires_at: time(sessionEnd(row)),
    address: row.address,
    user_agent: row.userAgent,
  };
}

/** An event of the audit, as its person sees it. */
export function auditEventBody(row: typeof auditEvents.$inferSelect): AuditEventBody {
  return {
    id: row.id,
    event: row.event,
    session_id: row.sessionId,
    address: row.address,
    user_agent: row.userAgent,
    created_at: time(row.createdAt),
  };
}
