import { and, desc, eq, gt, isNull } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { oauthFlows } from "../db/schema.ts";
import type { FlowSecrets } from "./openid-provider.ts";
import { hashOf } from "./random-token.ts";

/** Milliseconds that a person has for signing in with the provider. */
export const flowMaxAge = 10 * 60 * 1000;

/** A sign-in with a provider that is under way. */
export type OauthFlow = typeof oauthFlows.$inferSelect;

/** Notes a flow; `browser` is the secret of the cookie that it is bound to. */
export async function openFlow(
  db: Database,
  secrets: FlowSecrets,
  flow: {
    browser: string;
    redirectUri: string;
    returnTo: string | null;
    userId: string | null;
    sessionId: string | null;
  },
  now: number,
): Promise<void> {
  const { browser, ...where } = flow;
  const { state, nonce, codeVerifier } = secrets;
  await db.insert(oauthFlows).values({
    stateHash: await hashOf(state),
    browserHash: await hashOf(browser),
    nonce,
    codeVerifier,
    ...where,
    expiresAt: now + flowMaxAge,
  });
}

/**
 * Takes a flow that this browser began, once: the DELETE is the lock. Without a `state` it is the latest sign-in; that a
 * code belongs to it is then proved by PKCE and the nonce alone (RFC 9700 §2.1.1). Undefined: there is none, or it is
 * over, or another browser's.
 */
export async function takeFlow(
  db: Database,
  { browser, state }: { browser: string; state: string | undefined },
  now: number,
): Promise<OauthFlow | undefined> {
  const own = and(eq(oauthFlows.browserHash, await hashOf(browser)), gt(oauthFlows.expiresAt, now));
  const latest = db
    .select({ stateHash: oauthFlows.stateHash })
    .from(oauthFlows)
    .where(and(own, isNull(oauthFlows.userId)))
    .orderBy(desc(oauthFlows.expiresAt))
    .limit(1);
  const stateHash = state === undefined ? latest : await hashOf(state);
  const [flow] = await db
    .delete(oauthFlows)
    .where(and(eq(oauthFlows.stateHash, stateHash), own))
    .returning();
  return flow;
}
