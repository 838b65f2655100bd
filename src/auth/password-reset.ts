import { and, eq, gt } from "drizzle-orm";
import { database } from "../db/database.ts";
import { emailTokens, identities, personalTokens, users } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { sendMail } from "../platform/mail.ts";
import { normalizeEmail } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { refuseBreachedPassword } from "./breached-passwords.ts";
import { invalidLink, newLinkToken, takeLinkToken } from "./email-links.ts";
import { endSessions } from "./end-sessions.ts";
import { chooseNewPassword } from "./messages.ts";
import { hashPassword } from "./passwords.ts";
import { endPersonalTokens } from "./personal-tokens.ts";
import { hashOf } from "./random-token.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { factorRemoval } from "./second-factors.ts";
import type { CloseSockets } from "./session-sockets.ts";
import { challengesEnd } from "./sign-in-challenges.ts";
import { refuseWeakPassword } from "./weak-password.ts";

/** Sends a link to whoever has an account with this address, unless one was sent a moment ago. */
export async function sendResetLink(
  env: Env,
  { email, origin }: { email: string; origin: RequestOrigin },
  now: number,
): Promise<void> {
  const db = database(env.DB);
  const [user] = await db
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(eq(users.emailNormalized, normalizeEmail(email)));
  if (!user) return;
  // To the address as the account has it: what was typed may differ by case, and a mailbox too.
  const link = { userId: user.id, purpose: "reset", email: user.email, origin } as const;
  const token = await newLinkToken(db, link, now);
  if (token) await sendMail(env, chooseNewPassword(settingsOf(env).publicUrl, user.email, token));
}

/**
 * Sets a password by an e-mailed link. Whoever knew or had a way in before has none any more: sessions, personal tokens
 * and other links end; and if nobody had proved until now that the address is theirs, linked identities and a second factor
 * too, for somebody else may have opened the account with it and waited. Else the second factor stays: who reads the
 * person's e-mail has one factor, and no more. Answers the account's address. Throws Problem
 * `invalid_link`, `weak_password`.
 */
export async function resetPassword(
  env: Env,
  closeSockets: CloseSockets,
  { token, password, origin }: { token: string; password: string; origin: RequestOrigin },
  now: number,
): Promise<{ email: string }> {
  const db = database(env.DB);
  const [user] = await db
    .select({ id: users.id, name: users.name, email: users.email, emailVerifiedAt: users.emailVerifiedAt })
    .from(users)
    .innerJoin(emailTokens, eq(emailTokens.userId, users.id))
    .where(
      and(
        eq(emailTokens.tokenHash, await hashOf(token)),
        eq(emailTokens.purpose, "reset"),
        gt(emailTokens.expiresAt, now),
      ),
    );
  if (!user) throw invalidLink();
  // Before the link is used up: who chose a weak password tries again with it.
  refuseWeakPassword(password, user);
  await refuseBreachedPassword(env, password);
  const passwordHash = await hashPassword(password);
  if (!(await takeLinkToken(db, { token, purposes: ["reset"] }, now))) throw invalidLink();
  await endPersonalTokens(env, closeSockets, { which: eq(personalTokens.userId, user.id) }, now);
  await endSessions(
    env,
    closeSockets,
    {
      which: { userId: user.id },
      event: "session.revoked",
      origin,
      also: [
        db
          .update(users)
          .set({ passwordHash, emailVerifiedAt: user.emailVerifiedAt ?? now })
          .where(eq(users.id, user.id)),
        db.delete(emailTokens).where(eq(emailTokens.userId, user.id)),
        challengesEnd(db, user.id),
        ...(user.emailVerifiedAt === null
          ? [db.delete(identities).where(eq(identities.userId, user.id)), ...factorRemoval(db, user.id)]
          : []),
        auditRow(db, { userId: user.id, event: "password.reset", origin }, now),
      ],
    },
    now,
  );
  return { email: user.email };
}
