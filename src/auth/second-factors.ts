import { and, count, eq, gt, lt, ne, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, database } from "../db/database.ts";
import { recoveryCodes, secondFactorEnrolments, secondFactors, signInChallenges } from "../db/schema.ts";
import { settingsOf } from "../env.ts";
import { Problem } from "../platform/problem.ts";
import type { SecondFactorBody } from "../protocol/rest/second-factor.ts";
import type { AuditEvent } from "./audit.ts";
import { auditRow } from "./audit.ts";
import { newRecoveryCode, recoveryCodeCount, recoveryCodeHash } from "./recovery-codes.ts";
import type { RequestOrigin } from "./request-origin.ts";
import { keyIdOf, seal, unseal } from "./sealed-text.ts";
import type { SignInChallenge } from "./sign-in-challenges.ts";
import { newTotpSecret, stepOf, totpUri } from "./totp.ts";

/** Milliseconds that a person has for bringing the secret into their authenticator. */
const enrolmentMaxAge = 10 * 60_000;

/** Factors that one run of the upkeep encrypts anew. */
const resealedAtOnce = 200;

interface FactorState {
  enabledAt: number;
  recoveryCodesLeft: number;
}

/** Where a factor's secret is sealed to. */
const placeOf = (userId: string) => `second factor of ${userId}`;

/** Whose factor it is, and who changes it. */
interface FactorOwner {
  userId: string;
  /** Undefined in a sign-in that is under way. */
  sessionId?: string | undefined;
  origin: RequestOrigin;
}

/** Begins to set a factor up, in place of one that was begun before: makes the secret, which is told this once. */
export async function beginEnrolment(
  env: Env,
  { id: userId, email }: { id: string; email: string },
  now: number,
): Promise<{ secret: string; uri: string; expiresAt: number }> {
  const secret = newTotpSecret();
  const { sealed: sealedSecret, keyId } = await seal(
    settingsOf(env).encryptionSecrets,
    secret,
    placeOf(userId),
  );
  const expiresAt = now + enrolmentMaxAge;
  await database(env.DB)
    .insert(secondFactorEnrolments)
    .values({ userId, sealedSecret, keyId, expiresAt })
    .onConflictDoUpdate({ target: secondFactorEnrolments.userId, set: { sealedSecret, keyId, expiresAt } });
  return { secret, uri: totpUri(secret, email), expiresAt };
}

/**
 * Switches on the factor that is being set up, in place of the one before, by a code that it made. Answers new recovery
 * codes; those of before are worth nothing any more. By a `challenge` it is the first, and replaces none. Throws Problem `not_found` if none is being set up, `invalid_code`.
 */
export async function confirmEnrolment(
  env: Env,
  { userId, sessionId, origin, challenge }: FactorOwner & { challenge?: SignInChallenge },
  code: string,
  now: number,
): Promise<string[]> {
  const db = database(env.DB);
  const [begun] = await db
    .select()
    .from(secondFactorEnrolments)
    .where(and(eq(secondFactorEnrolments.userId, userId), gt(secondFactorEnrolments.expiresAt, now)));
  if (!begun) throw nothingBegun();
  const { sealedSecret, keyId } = begun;
  const sealed = { sealed: sealedSecret, keyId };
  const secret = await unseal(settingsOf(env).encryptionSecrets, sealed, placeOf(userId));
  const lastStep = stepOf(secret, withoutBlanks(code), now);
  if (lastStep === undefined) throw invalidCode();
  const factor = { sealedSecret, keyId, lastStep, createdAt: now };
  const [taken] = await db.batch([
    // The lock: of many at once, one switches it on.
    db
      .delete(secondFactorEnrolments)
      .where(
        and(
          eq(secondFactorEnrolments.userId, userId),
          eq(secondFactorEnrolments.sealedSecret, sealedSecret),
          challenge && sql`NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = ${userId})`,
        ),
      )
      .returning({ userId: secondFactorEnrolments.userId }),
    db
      .insert(secondFactors)
      // In the order of the table's columns.
      .select(sql`SELECT ${userId}, ${sealedSecret}, ${keyId}, ${lastStep}, ${now} WHERE changes() > 0`)
      .onConflictDoUpdate({ target: secondFactors.userId, set: factor }),
    // Other sign-ins that wait for one to be set up would replace it.
    db
      .delete(signInChallenges)
      .where(
        and(
          eq(signInChallenges.userId, userId),
          eq(signInChallenges.purpose, "enrol"),
          challenge && ne(signInChallenges.tokenHash, challenge.tokenHash),
          sql`changes() > 0`,
        ),
      ),
  ]);
  if (taken.length === 0) throw nothingBegun();
  // A crash in between leaves a factor without recovery codes, which its person can renew.
  const codes = await newCodes(db, userId);
  const event = "second_factor.enabled";
  await db.batch([...codes.statements, auditRow(db, { userId, event, sessionId, origin }, now)]);
  return codes.codes;
}

/** Gives new recovery codes in place of those that there are. */
export async function renewRecoveryCodes(
  db: Database,
  { userId, sessionId, origin }: FactorOwner,
  now: number,
): Promise<string[]> {
  const { codes, statements } = await newCodes(db, userId);
  const event = "second_factor.recovery_codes_renewed";
  await db.batch([...statements, auditRow(db, { userId, event, sessionId, origin }, now)]);
  return codes;
}

async function newCodes(db: Database, userId: string) {
  const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode);
  const rows = await Promise.all(
    codes.map(async (code) => ({ userId, codeHash: (await recoveryCodeHash(code)) ?? "" })),
  );
  const statements = [
    db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)),
    db.insert(recoveryCodes).values(rows),
  ] as const;
  return { codes, statements };
}

/** The statements that take a person's factor away, with all that belongs to it and every sign-in that waits for it. */
export function factorRemoval(db: Database, userId: string): [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]] {
  return [
    db.delete(secondFactors).where(eq(secondFactors.userId, userId)),
    db.delete(secondFactorEnrolments).where(eq(secondFactorEnrolments.userId, userId)),
    db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)),
    db.delete(signInChallenges).where(eq(signInChallenges.userId, userId)),
  ];
}

/** Switches the factor off. */
export async function removeFactor(
  db: Database,
  { userId, sessionId, origin }: FactorOwner,
  event: AuditEvent,
  now: number,
): Promise<void> {
  await db.batch([...factorRemoval(db, userId), auditRow(db, { userId, event, sessionId, origin }, now)]);
}

/** What can be told of a person's factor; undefined: it is off. */
export async function factorOf(db: Database, userId: string): Promise<FactorState | undefined> {
  const [[factor], [codes]] = await db.batch([
    db
      .select({ enabledAt: secondFactors.createdAt })
      .from(secondFactors)
      .where(eq(secondFactors.userId, userId)),
    db.select({ left: count() }).from(recoveryCodes).where(eq(recoveryCodes.userId, userId)),
  ]);
  return factor && { ...factor, recoveryCodesLeft: codes?.left ?? 0 };
}

/** The same, as its person sees it. */
export function secondFactorBody(factor: FactorState | undefined): SecondFactorBody {
  return {
    enabled_at: factor ? new Date(factor.enabledAt).toISOString() : null,
    recovery_codes_left: factor?.recoveryCodesLeft ?? 0,
  };
}

/**
 * Law AU-12: uses a code up, if it is one of the person's. A time step and a recovery code are taken by one statement, so
 * that of many who present one code, one gets in. Undefined: it is none (any more).
 */
export async function takeCode(
  env: Env,
  userId: string,
  code: string,
  now: number,
): Promise<"totp" | "recovery" | undefined> {
  const db = database(env.DB);
  const digits = withoutBlanks(code);
  if (!/^\d{6}$/.test(digits)) {
    const codeHash = await recoveryCodeHash(code);
    if (codeHash === undefined) return undefined;
    const used = await db
      .delete(recoveryCodes)
      .where(and(eq(recoveryCodes.codeHash, codeHash), eq(recoveryCodes.userId, userId)))
      .returning({ userId: recoveryCodes.userId });
    return used.length > 0 ? "recovery" : undefined;
  }
  const [factor] = await db.select().from(secondFactors).where(eq(secondFactors.userId, userId));
  if (!factor) return undefined;
  const { sealedSecret: sealed, keyId, createdAt } = factor;
  const secret = await unseal(settingsOf(env).encryptionSecrets, { sealed, keyId }, placeOf(userId));
  const step = stepOf(secret, digits, now);
  if (step === undefined) return undefined;
  const taken = await db
    .update(secondFactors)
    .set({ lastStep: step })
    .where(
      and(
        eq(secondFactors.userId, userId),
        lt(secondFactors.lastStep, step),
        // Not of a factor that took this one's place meanwhile.
        eq(secondFactors.createdAt, createdAt),
      ),
    )
    .returning({ userId: secondFactors.userId });
  return taken.length > 0 ? "totp" : undefined;
}

/** While ENCRYPTION_SECRET has several secrets: encrypts with the first what another had encrypted. */
export async function resealFactors(env: Env): Promise<void> {
  const secrets = settingsOf(env).encryptionSecrets;
  const [newest = ""] = secrets;
  if (secrets.length === 1) return;
  const db = database(env.DB);
  const older = await db
    .select()
    .from(secondFactors)
    .where(ne(secondFactors.keyId, await keyIdOf(newest)))
    .limit(resealedAtOnce);
  for (const { userId, sealedSecret, keyId: oldKey } of older) {
    const secret = await unseal(secrets, { sealed: sealedSecret, keyId: oldKey }, placeOf(userId));
    const { sealed, keyId } = await seal(secrets, secret, placeOf(userId));
    await db
      .update(secondFactors)
      .set({ sealedSecret: sealed, keyId })
      // Unless its person has set up another meanwhile.
      .where(and(eq(secondFactors.userId, userId), eq(secondFactors.sealedSecret, sealedSecret)));
  }
}

/** One answer for every code that is none, or is used up. */
export function invalidCode(headers: Record<string, string> = {}): Problem {
  const detail =
    "The code is not valid (any more). Each works once: wait for the authenticator's next, or use a recovery code.";
  return new Problem("invalid_code", detail, { headers });
}

function nothingBegun(): Problem {
  return new Problem("not_found", "No second factor is being set up (any more). Begin again.");
}

/** Authenticators show their digits in two groups. */
const withoutBlanks = (code: string) => code.replaceAll(/\s/g, "");
