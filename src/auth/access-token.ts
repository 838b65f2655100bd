import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { Problem } from "../platform/problem.ts";
import type { SigningKeys } from "./signing-keys.ts";

/**
 * Seconds that an access token lives. It is believed without asking D1, so this is also how long a token goes on
 * working after its session was ended.
 */
export const accessTokenSeconds = 600;

const issuer = "materi";
const audience = "materi-api";
const type = "at+jwt";

/** Who is asking, as the access token says. */
export interface Principal {
  userId: string;
  sessionId: string;
  /** When the token ends, seconds since the epoch. */
  expiresAt: number;
}

/** Issues an access token (RFC 9068). Every one is different, by its `jti`. `now` is in milliseconds. */
export function issueAccessToken(
  keys: SigningKeys,
  { userId, sessionId }: Pick<Principal, "userId" | "sessionId">,
  now: number,
): Promise<string> {
  const issuedAt = Math.floor(now / 1000);
  return new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: keys.signing.alg, kid: keys.signing.kid, typ: type })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(userId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(keys.signing.key);
}

const claims = z.object({ sub: z.uuid(), sid: z.uuid(), jti: z.string(), iat: z.int(), exp: z.int() });

/**
 * Verifies an access token. The key is chosen by `kid` among ours alone and used with its own algorithm alone (RFC 8725
 * §3.1); nothing in the token's header can bring another key or algorithm. Throws Problem `invalid_token`.
 */
export async function verifyAccessToken(keys: SigningKeys, token: string, now: number): Promise<Principal> {
  try {
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
    return { userId: sub, sessionId: sid, expiresAt: exp };
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw invalidToken("The access token has expired.", cause);
    // jose's refusals, its TypeErrors for what is no token at all, and claims that are not ours.
    throw invalidToken("The access token is not valid.", cause);
  }
}

function invalidToken(detail: string, cause: unknown): Problem {
  return new Problem("invalid_token", detail, {
    // RFC 6750 §3.1
    headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${detail}"` },
    cause,
  });
}
