import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { secondFactorCode } from "./second-factor.ts";
import { id, jsonObject, text, time } from "./text.ts";

/** What `POST /auth/reauthenticate` takes. */
export const reauthentication = z
  .object(
    {
      password: text("password", { max: limits.passwordUnits }),
      code: secondFactorCode.optional(),
    },
    { error: jsonObject },
  )
  .meta({ id: "Reauthentication" });

const address = z.string().nullable().meta({ description: "Of the network that it came from." });
const userAgent = z.string().nullable().meta({ description: "What the browser or program calls itself." });

/** A sign-in that is still good. */
export const session = z
  .object({
    id,
    current: z.boolean().meta({ description: "Whether it is the one that asks." }),
    created_at: time.meta({ description: "When the person signed in." }),
    last_used_at: time.meta({ description: "When its tokens were last renewed: every 10 minutes, in use." }),
    expires_at: time.meta({ description: "When it ends if it is not used any more." }),
    address,
    user_agent: userAgent,
  })
  .meta({ id: "Session" });

export const sessionPage = z
  .object({ items: z.array(session), next_cursor: nextCursor })
  .meta({ id: "SessionPage" });

/** Something that happened to the security of an account. */
export const auditEvent = z
  .object({
    id,
    event: z.string().meta({ description: "Such as session.started; there may be new ones." }),
    session_id: id.nullable().meta({ description: "The sign-in that did it, or that it was done to." }),
    address,
    user_agent: userAgent,
    created_at: time,
  })
  .meta({ id: "AuditEvent" });

export const auditPage = z
  .object({ items: z.array(auditEvent), next_cursor: nextCursor })
  .meta({ id: "AuditPage" });

export type SessionBody = z.infer<typeof session>;
export type AuditEventBody = z.infer<typeof auditEvent>;
