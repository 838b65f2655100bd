import { eq } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, database } from "../db/database.ts";
import { sessions, users } from "../db/schema.ts";
import { eventIfChanged } from "../events/outbox.ts";
import { Problem } from "../platform/problem.ts";
import { auditRow } from "./audit.ts";
import { refuseBreachedPassword } from "./breached-passwords.ts";
import { hashPassword } from "./passwords.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { newSession, type Session, tokenSession, type User, userColumns } from "./sessions.ts";
import { refuseWeakPassword } from "./weak-password.ts";

/** What else a new account comes with; it is written in the account's own batch, or not at all. */
export type AccountExtras = (db: Database, user: User) => BatchItem<"sqlite">[];

/** Opens an account and signs it in, unless that takes more. Throws Problem `email_taken`, `weak_password`. */
export async function register(
  env: Env,
  {
    email,
    password,
    name,
    origin,
    signsIn,
  }: { email: string; password: string; name: string; origin: RequestOrigin; signsIn: boolean },
  extras: AccountExtras,
  now: number,
): Promise<{ user: User; session: Session | undefined }> {
  refuseWeakPassword(password, { email, name });
  await refuseBreachedPassword(env, password);
  const db = database(env.DB);
  const account = { id: crypto.randomUUID(), email, name, createdAt: now, emailVerifiedAt: null };
  const user: User = { ...account, oauthProvider: null, secondFactor: false };
  const session = signsIn ? newSession(user.id, origin, now) : undefined;
  const passwordHash = await hashPassword(password);
  await orEmailTaken(
    db.batch([
      db.insert(users).values({ ...account, emailNormalized: normalizeEmail(email), passwordHash }),
      userEvent(db, "users.created", user.id, now),
      ...extras(db, user),
      ...(session ? [db.insert(sessions).values(session)] : []),
      auditRow(db, { userId: user.id, event: "account.registered", sessionId: session?.id, origin }, now),
    ]),
  );
  return { user, session: session && tokenSession(session) };
}

/** The statement that records what became of an account, directly after the statement that did it. */
export function userEvent(
  db: Database,
  type: "users.created" | "users.updated" | "users.deleted",
  userId: string,
  now: number,
): BatchItem<"sqlite"> {
  return eventIfChanged(db, { type, workspaceId: null, data: { user_id: userId } }, now);
}

export const selectUser = (db: Database, id: string) =>
  db.select(userColumns).from(users).where(eq(users.id, id));

export async function findUser(db: Database, id: string): Promise<User | undefined> {
  const [user] = await selectUser(db, id);
  return user;
}

/** Who a request is from. Throws Problem `invalid_token` where the account is gone. */
export async function currentUser(db: Database, id: string): Promise<User> {
  const user = await findUser(db, id);
  if (!user) throw new Problem("invalid_token", "The account of this access token is gone.");
  return user;
}

/** Providers do not tell upper from lower case, so neither do we; more (dots, tags) is theirs to define. */
export function normalizeEmail(email: string): string {
  return email.toLowerCase();
}

/**
 * A write that gives an account an address, or Problem `email_taken`: asking first would leave a gap between the
 * question and the write.
 */
export async function orEmailTaken<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (breaksUnique(error, "users.email_normalized")) {
      throw new Problem("email_taken", "There is an account with this e-mail address already.");
    }
    throw error;
  }
}

export function breaksUnique(error: unknown, column: string): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && cause.message.includes(`UNIQUE constraint failed: ${column}`);
}
