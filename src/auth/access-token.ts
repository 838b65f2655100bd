import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { count } from "../platform/metrics.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import type { TokenFault } from "../protocol/rest/problem.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Seconds that an access token lives, unless its session ends before (law AU-6). */
export const accessTokenSeconds = 600;

const issuer = "materi";
const audience = "materi-api";
const type = "at+jwt";
/** RFC 7515 §7.1, to the letter: jose also takes padding, so one token would have several forms. */
const form = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Who is asking, as the access token says. */
export interface Principal {
  userId: string;
  /** The sign-in, or the personal access token, that ends all this when it ends. */
  sessionId: string;
  /** When the token ends, seconds since the epoch; a personal one is asked for again after `accessTokenSeconds`. */
  expiresAt: number;
  /** A person signed in, or a program with a personal access token. */
  kind: "person" | "program";
  /** Whether it may change documents. */
  mayWrite: boolean;
}

/**
 * Issues an access token (RFC 9068). Every one is different, by its `jti`. Law AU-6: it ends with its session at the
 * latest. `now` and `sessionEndsAt` are in milliseconds.
 */
export async function issueAccessToken(
  keys: SigningKeys,
  { userId, sessionId, sessionEndsAt }: { userId: string; sessionId: string; sessionEndsAt: number },
  now: number,
): Promise<{ token: string; expiresIn: number }> {
  const issuedAt = Math.floor(now / 1000);
  const expiresAt = Math.min(issuedAt + accessTokenSeconds, Math.floor(sessionEndsAt / 1000));
  const token = await new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: keys.signing.alg, kid: keys.signing.kid, typ: type })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(userId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(keys.signing.key);
  return { token, expiresIn: expiresAt - issuedAt };
}

const claims = z.object({ sub: z.uuid(), sid: z.uuid(), jti: z.string(), iat: z.int(), exp: z.int() });

/**
 * Verifies an access token. The key is chosen by `kid` among ours alone and used with its own algorithm alone (RFC 8725
 * §3.1); nothing in the token's header can bring another key or algorithm. Throws Problem `invalid_token`.
 *
 * Law AU-13: what a token says is answered only if its signature is ours. Of any other it is told whether it has a token's form, and nothing of
 * keys: an unknown key, another algorithm and a wrong signature look the same.
 */
export async function verifyAccessToken(keys: SigningKeys, token: string, now: number): Promise<Principal> {
  if (token.length > limits.accessTokenUnits || !form.test(token)) throw malformed();
  let kid: string | undefined;
  try {
    ({ kid } = decodeProtectedHeader(token));
  } catch (cause) {
    throw malformed(cause);
  }
  const known = keys.verifying.get(kid ?? "");
  if (!known) throw unverified();
  try {
    const { payload } = await jwtVerify(token, known.key, {
      algorithms: [known.alg],
      typ: type,
      issuer,
      audience,
      currentDate: new Date(now),
    });
    const { sub, sid, exp } = claims.parse(payload);
    return { userId: sub, sessionId: sid, expiresAt: exp, kind: "person", mayWrite: true };
  } catch (cause) {
    if (cause instanceof errors.JWTExpired)
      throw invalidToken("expired", "The access token has expired.", cause);
    // jose looks at the claims of what it has verified alone.
    if (cause instanceof errors.JWTClaimValidationFailed || cause instanceof z.ZodError) throw foreign(cause);
    throw unverified(cause);
  }
}

const malformed = (cause?: unknown) =>
  invalidToken("malformed", "The access token is malformed: it is no JWT in three parts (RFC 7519).", cause);
const unverified = (cause?: unknown) =>
  invalidToken("unverified", "The access token's signature is not one of this service's.", cause);
const foreign = (cause: unknown) =>
  invalidToken(
    "foreign",
    "The access token was issued for something else: another issuer, audience, type or time.",
    cause,
  );

/** What is wrong with a token, in the words of RFC 6750 §3.1. */
export function invalidToken(reason: TokenFault, detail: string, cause?: unknown): Problem {
  count("materi_auth_failures_total", { reason: `token_${reason}` });
  return new Problem("invalid_token", detail, {
    headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${detail}"` },
    members: { reason },
    cause,
  });
}
