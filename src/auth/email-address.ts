import { eq } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { emailTokens, users } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { sendMail } from "../platform/mail.ts";
import { normalizeEmail, orEmailTaken, userEvent } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { invalidLink, type LinkRequest, newLinkToken, takeLinkToken } from "./email-links.ts";
import { addressIsInUse, addressWasChanged, confirmAddress } from "./messages.ts";
import type { RequestOrigin } from "./request-origin.ts";

/** Sends the link that proves that the account's address is its person's; false where one was sent a moment ago. */
export async function sendVerification(
  env: Env,
  request: Omit<LinkRequest, "purpose">,
  now: number,
): Promise<boolean> {
  const token = await newLinkToken(database(env.DB), { ...request, purpose: "verify" }, now);
  if (token) {
    await sendMail(env, confirmAddress(settingsOf(env).publicUrl, request.email, token, "24 hours"));
  }
  return token !== undefined;
}

/** Sends the link that gives the account an address; to somebody who has an account with it, a notice in its place. */
export async function sendChangeLink(
  env: Env,
  { userId, email, token }: { userId: string; email: string; token: string },
): Promise<void> {
  const { publicUrl } = settingsOf(env);
  const [owner] = await database(env.DB)
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(eq(users.emailNormalized, normalizeEmail(email)));
  await sendMail(
    env,
    owner && owner.id !== userId
      ? addressIsInUse(publicUrl, owner.email)
      : confirmAddress(publicUrl, email, token, "1 hour"),
  );
}

/**
 * Gives the account the address that a link went to, as one that is proved. It has to be the account that asked: a
 * stranger who gets the link by a slip of the pen can do nothing with it, and who opened an account with somebody else's
 * address waits in vain for them to click. Answers the addresses. Throws Problem `invalid_link`, `email_taken`.
 */
export async function confirmLink(
  db: Database,
  {
    token,
    userId,
    sessionId,
    origin,
  }: { token: string; userId: string; sessionId: string; origin: RequestOrigin },
  now: number,
): Promise<{ email: string; before: string }> {
  const link = await takeLinkToken(db, { token, purposes: ["verify", "change"], userId }, now);
  if (!link) throw invalidLink();
  const { email, purpose } = link;
  const event = purpose === "change" ? "email.changed" : "email.verified";
  const [[before]] = await orEmailTaken(
    db.batch([
      db.select({ email: users.email }).from(users).where(eq(users.id, userId)),
      db
        .update(users)
        .set({ email, emailNormalized: normalizeEmail(email), emailVerifiedAt: now })
        .where(eq(users.id, userId)),
      userEvent(db, "users.updated", userId, now),
      // Those of a reset went to the address before.
      db.delete(emailTokens).where(eq(emailTokens.userId, userId)),
      auditRow(db, { userId, event, sessionId, origin }, now),
    ]),
  );
  return { email, before: before?.email ?? email };
}

/** Tells the address that the account had until now. */
export async function sendAddressNotice(
  env: Env,
  { email, before }: { email: string; before: string },
): Promise<void> {
  await sendMail(env, addressWasChanged(settingsOf(env).publicUrl, before, email));
}
