import { and, eq, exists, isNotNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { identities, sessions, users } from "../db/schema.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { type AccountExtras, breaksUnique, normalizeEmail, userEvent } from "./accounts.ts";
import { auditRow, auditRowIf } from "./audit.ts";
import { mayLink, type ProvidedIdentity } from "./identity-rules.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { newSession, type Session, tokenSession, type User, userColumns } from "./sessions.ts";
import { challengesEnd } from "./sign-in-challenges.ts";

const provider = "google";

const isIdentity = (subject: string) =>
  and(eq(identities.provider, provider), eq(identities.subject, subject)) as SQL;

async function userOf(db: Database, identity: ProvidedIdentity): Promise<User | undefined> {
  const owner = db.select({ id: identities.userId }).from(identities).where(isIdentity(identity.subject));
  const [user] = await db.select(userColumns).from(users).where(eq(users.id, owner));
  return user;
}

/**
 * AU-3: signs in whoever this identity belongs to. Of an identity that nobody has, it links it to the account with its
 * address if `mayLink`, and opens an account if the address has none. `start` is what a first factor leads to (`signIn`);
 * a new account has a session at once if `signsIn`. Throws Problem `email_unverified`, `account_exists`.
 */
export async function signInWith(
  db: Database,
  {
    identity,
    origin,
    signsIn,
    start,
  }: {
    identity: ProvidedIdentity;
    origin: RequestOrigin;
    signsIn: boolean;
    start: (user: User, stillProved: SQL) => Promise<Session | undefined>;
  },
  extras: AccountExtras,
  now: number,
): Promise<{ user: User; session: Session | undefined; isNew: boolean }> {
  // Again when it was linked here, or when somebody was faster: the same person, in another tab.
  for (let attempt = 0; attempt < 3; attempt++) {
    const known = await userOf(db, identity);
    if (known) {
      const linked = db
        .select({ id: identities.userId })
        .from(identities)
        .where(isIdentity(identity.subject));
      const session = await start(known, sql`${known.id} IN ${linked}`);
      if (session) return { user: known, session, isNew: false };
      continue;
    }
    const { email } = identity;
    if (email === undefined) {
      // Before any account is looked for: who does not own the address is not told whether it has one.
      throw new Problem("email_unverified", "Google has not verified the e-mail address of this account.");
    }
    const [account] = await db
      .select(userColumns)
      .from(users)
      .where(eq(users.emailNormalized, normalizeEmail(email)));
    try {
      if (!account) return await openAccount(db, { ...identity, email }, { origin, signsIn }, extras, now);
      if (!mayLink(identity, account)) throw accountExists();
      await linkByAddress(db, identity, account, origin, now);
    } catch (error) {
      if (!breaksUnique(error, "identities.") && !breaksUnique(error, "users.email_normalized")) throw error;
      // Not somebody faster: the account has another identity of this provider.
      const other = breaksUnique(error, "identities.user_id") && !(await userOf(db, identity));
      if (other) throw accountExists();
    }
  }
  throw new Problem("unavailable", "The account is being changed at this moment. Try again.");
}

function accountExists(): Problem {
  return new Problem(
    "account_exists",
    "There is an account with this e-mail address already. Sign in to it with its password (or have a new one sent), " +
      "and link Google to it there.",
  );
}

/** Opens an account that has this way in and no password, and signs it in, unless that takes more. */
async function openAccount(
  db: Database,
  identity: ProvidedIdentity & { email: string },
  { origin, signsIn }: { origin: RequestOrigin; signsIn: boolean },
  extras: AccountExtras,
  now: number,
): Promise<{ user: User; session: Session | undefined; isNew: boolean }> {
  const { email, authoritative } = identity;
  const account = {
    id: crypto.randomUUID(),
    email,
    name: identity.name ?? email.slice(0, email.lastIndexOf("@")).slice(0, limits.nameUnits),
    createdAt: now,
    emailVerifiedAt: authoritative ? now : null,
  };
  const user: User = { ...account, oauthProvider: provider, secondFactor: false };
  const session = signsIn ? newSession(user.id, origin, now) : undefined;
  const entry = { userId: user.id, sessionId: session?.id, origin };
  await db.batch([
    db.insert(users).values({ ...account, emailNormalized: normalizeEmail(email), passwordHash: null }),
    userEvent(db, "users.created", user.id, now),
    ...extras(db, user),
    db
      .insert(identities)
      .values({ provider, subject: identity.subject, userId: user.id, email, createdAt: now }),
    ...(session ? [db.insert(sessions).values(session)] : []),
    auditRow(db, { ...entry, event: "account.registered" }, now),
    auditRow(db, { ...entry, event: "identity.linked" }, now),
  ]);
  return { user, session: session && tokenSession(session), isNew: true };
}

/** AU-3: links an identity to the account of its address, unless that is not the account's verified address any more. */
async function linkByAddress(
  db: Database,
  { subject, email }: ProvidedIdentity,
  account: User,
  origin: RequestOrigin,
  now: number,
): Promise<void> {
  const still = exists(
    db
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, account.id), eq(users.email, account.email), isNotNull(users.emailVerifiedAt))),
  );
  await db.batch([
    auditRowIf(db, still, { userId: account.id, event: "identity.linked", origin }, now),
    db
      .insert(identities)
      .select(sql`SELECT ${provider}, ${subject}, ${account.id}, ${email}, ${now} WHERE ${still}`),
  ]);
}

/**
 * Links an identity to the account of somebody who is signed in; again is the same. Throws Problem `identity_taken` if it
 * is another account's, `already_linked` if the account has another one of this provider.
 */
export async function linkIdentity(
  db: Database,
  {
    userId,
    sessionId,
    identity,
    origin,
  }: { userId: string; sessionId: string; identity: ProvidedIdentity; origin: RequestOrigin },
  now: number,
): Promise<void> {
  const { subject, email = "" } = identity;
  try {
    await db.batch([
      db.insert(identities).values({ provider, subject, userId, email, createdAt: now }),
      auditRow(db, { userId, event: "identity.linked", sessionId, origin }, now),
    ]);
  } catch (error) {
    if (!breaksUnique(error, "identities.")) throw error;
    const owner = await userOf(db, identity);
    if (owner?.id === userId) return;
    throw owner
      ? new Problem("identity_taken", "This Google account is linked to another account.")
      : new Problem("already_linked", "Another Google account is linked to this account. Unlink that first.");
  }
}

export async function identitiesOf(db: Database, userId: string) {
  return db
    .select({ provider: identities.provider, email: identities.email, createdAt: identities.createdAt })
    .from(identities)
    .where(eq(identities.userId, userId));
}

/** Unlinks. Throws Problem `not_found` if nothing is linked, `last_sign_in` if there is no other way in. */
export async function unlinkIdentity(
  db: Database,
  { userId, sessionId, origin }: { userId: string; sessionId: string; origin: RequestOrigin },
  now: number,
): Promise<void> {
  const hasPassword = exists(
    db
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, userId), isNotNull(users.passwordHash))),
  );
  const linked = and(eq(identities.userId, userId), eq(identities.provider, provider));
  const removable = and(linked, hasPassword);
  const goes = exists(db.select({ subject: identities.subject }).from(identities).where(removable));
  const [, removed, rest] = await db.batch([
    auditRowIf(db, goes, { userId, event: "identity.unlinked", sessionId, origin }, now),
    db.delete(identities).where(removable).returning({ subject: identities.subject }),
    db.select({ subject: identities.subject }).from(identities).where(linked),
    challengesEnd(db, userId),
  ]);
  if (removed.length > 0) return;
  if (rest.length === 0) throw new Problem("not_found", "No Google account is linked.");
  throw new Problem("last_sign_in", "Google is the only way into this account. Set a password first.");
}
