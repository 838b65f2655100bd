import { and, eq, lte, sql } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { idempotencyKeys } from "../db/schema.ts";
import { limits } from "../protocol/limits.ts";

/** A request by its key. */
export interface KeyedRequest {
  userId: string;
  keyHash: string;
  /** Of method, address and body: the same key with another is a mistake. */
  fingerprint: string;
}

/** The right to work on a request, until `lockedUntil`; and what it makes is to be called. */
export interface Claim {
  userId: string;
  keyHash: string;
  lockedUntil: number;
  madeId: string;
  again: boolean;
}

type Found =
  | { state: "claimed"; claim: Claim }
  | { state: "answered"; answer: string }
  | { state: "in_flight" }
  | { state: "other" };

const keptFor = limits.idempotencyHours * 3_600_000;

/**
 * Takes a request upon itself, if nobody has answered it or is at work on it. The row is the lock: of many who come at
 * once, one has it, and who died with it loses it after `inFlightSeconds`.
 */
export async function claimKey(db: Database, request: KeyedRequest, now: number): Promise<Found> {
  const { userId, keyHash, fingerprint } = request;
  const lockedUntil = now + limits.inFlightSeconds * 1_000;
  const madeId = crypto.randomUUID();
  const mine = and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.keyHash, keyHash));
  const [, [claimed], [row]] = await db.batch([
    db.delete(idempotencyKeys).where(and(mine, lte(idempotencyKeys.createdAt, now - keptFor))),
    db
      .insert(idempotencyKeys)
      .values({ ...request, madeId, lockedUntil, createdAt: now })
      .onConflictDoUpdate({
        target: [idempotencyKeys.userId, idempotencyKeys.keyHash],
        set: { lockedUntil },
        setWhere: sql`${idempotencyKeys.fingerprint} = ${fingerprint}
          AND ${idempotencyKeys.answer} IS NULL AND ${idempotencyKeys.lockedUntil} <= ${now}`,
      })
      .returning({ madeId: idempotencyKeys.madeId }),
    db.select().from(idempotencyKeys).where(mine),
  ]);
  if (claimed) {
    const again = claimed.madeId !== madeId;
    return { state: "claimed", claim: { userId, keyHash, lockedUntil, madeId: claimed.madeId, again } };
  }
  if (row?.fingerprint !== fingerprint) return { state: "other" };
  return row.answer === null ? { state: "in_flight" } : { state: "answered", answer: row.answer };
}

/** Keeps the answer, to be given again. */
export async function keepAnswer(db: Database, claim: Claim, answer: string): Promise<void> {
  await db.update(idempotencyKeys).set({ answer, lockedUntil: 0 }).where(isStill(claim));
}

/** As if the answer had been lost. */
export async function dropAnswer(db: Database, { userId, keyHash }: KeyedRequest): Promise<void> {
  const mine = and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.keyHash, keyHash));
  await db.update(idempotencyKeys).set({ answer: null }).where(mine);
}

/** Whoever asks again begins where this left off. */
export async function releaseKey(db: Database, claim: Claim): Promise<void> {
  await db.update(idempotencyKeys).set({ lockedUntil: 0 }).where(isStill(claim));
}

/** As if nobody had asked: nothing was made. */
export async function forgetKey(db: Database, claim: Claim): Promise<void> {
  await db.delete(idempotencyKeys).where(isStill(claim));
}

/** What the service does every minute about keys: those of yesterday go. */
export async function sweepIdempotencyKeys(env: Env, now: number): Promise<void> {
  await database(env.DB)
    .delete(idempotencyKeys)
    .where(lte(idempotencyKeys.createdAt, now - keptFor));
}

const isStill = ({ userId, keyHash, lockedUntil }: Claim) =>
  and(
    eq(idempotencyKeys.userId, userId),
    eq(idempotencyKeys.keyHash, keyHash),
    eq(idempotencyKeys.lockedUntil, lockedUntil),
  );
