import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
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
 */
export async function verifyAccessToken(keys: SigningKeys, token: string, now: number): Promise<Principal> {
  try {
    if (token.length > limits.accessTokenUnits || !form.test(token)) throw new errors.JWSInvalid();
    const known = keys.verifying.get(decodeProtectedHeader(token).kid ?? "");
    if (!known) throw new errors.JWSSignatureVerificationFailed();
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
    if (cause instanceof errors.JWTExpired) throw invalidToken("The access token has expired.", cause);
    // jose's refusals, its TypeErrors for what is no token at all, and claims that are not ours.
    throw invalidToken("The access token is not valid.", cause);
  }
}

/** What is wrong with a token, in the words of RFC 6750 §3.1. */
export function invalidToken(detail: string, cause?: unknown): Problem {
  return new Problem("invalid_token", detail, {
    headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${detail}"` },
    cause,
  });
}
