import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  jwtVerify,
} from "jose";
import { type Answer, fail, ok, warn } from "./finding.ts";
import { ask, describe, jsonOf, type Service } from "./service.ts";

/** What a token is and says, without its signature; a personal one says nothing by itself. */
export async function explainToken(service: Service & { token: string }): Promise<Answer> {
  const { token } = service;
  if (token.startsWith("mat_")) return acceptance(service, "a personal access token (mat_…)");
  if (/^(bearer\s|["'])/i.test(token)) {
    return fail("it has more around it than the token", 'Leave "Bearer " and quotes away.');
  }
  let said: string;
  let expiresIn: number;
  let kid: string | undefined;
  try {
    const header = decodeProtectedHeader(token);
    const { iss, aud, sub, exp = 0, iat = 0 } = decodeJwt(token);
    kid = header.kid;
    expiresIn = Math.round(exp - Date.now() / 1000);
    said = `JWT ${header.alg}, key ${kid}, for ${aud} by ${iss}, user ${sub}, of ${exp - iat} s, ${
      expiresIn > 0 ? `${expiresIn} are left` : `ended ${-expiresIn} s ago`
    }`;
  } catch {
    return fail(
      `no JWT, and no personal token (mat_…): ${token.length} characters, ${token.split(".").length} parts`,
      "Was it cut when it was copied? It is `access_token` of the answer to POST /api/v1/auth/login.",
    );
  }
  if (expiresIn <= 0) {
    return fail(
      said,
      "It has expired: POST /api/v1/auth/refresh, or sign in. If it is new, look at the clock.",
    );
  }
  const foreign = await signatureFault(service);
  if (foreign !== undefined) return fail(`${said}; ${foreign.found}`, foreign.todo);
  return acceptance(service, said);
}

/** What a service of this version takes. */
const taken = { issuer: "materi", audience: "materi-api" };
const expected = (claim: string) =>
  claim === "aud" ? `, ${taken.audience}` : claim === "iss" ? `, ${taken.issuer}` : "";

/** Why this service's keys cannot have signed it. */
async function signatureFault(
  service: Service & { token: string },
): Promise<{ found: string; todo: string } | undefined> {
  const keys = jsonOf(await ask(service, "/.well-known/jwks.json")) as unknown as JSONWebKeySet;
  const { kid } = decodeProtectedHeader(service.token);
  if (!keys.keys?.some((key) => key.kid === kid)) {
    const known = keys.keys?.map((key) => key.kid).join(", ");
    return {
      found: `its key is none of this service's (${known})`,
      todo: "It is of another environment, or its key was rotated out: sign in here.",
    };
  }
  try {
    await jwtVerify(service.token, createLocalJWKSet(keys), { ...taken, typ: "at+jwt" });
    return undefined;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return {
        found: "its signature is not right",
        todo: "It was changed on the way: get another, and copy it whole.",
      };
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      return {
        found: `its ${error.claim} is not what this service takes${expected(error.claim)}`,
        todo:
          "Is it the `access_token` of this service's own POST /api/v1/auth/login? Then the service issues what it does not take, and " +
          "everybody is refused: go back to the deployment before. Else use that one.",
      };
    }
    return { found: String(error instanceof Error ? error.message : error), todo: "Sign in again." };
  }
}

/** What the service says to it. */
async function acceptance(service: Service & { token: string }, said: string): Promise<Answer> {
  const reply = await ask(service, "/api/v1/documents?limit=1", {
    headers: { authorization: `Bearer ${service.token}` },
  });
  if (reply.status === 200) return ok(`${said}; the service takes it`);
  const { error } = jsonOf(reply);
  const todo: Record<string, string> = {
    unauthenticated:
      "A proxy takes the Authorization header away: let it through, or everybody is refused as if nobody had signed in.",
    invalid_token: "Its session has ended, or it was revoked: sign in again.",
    insufficient_scope: "Make a personal access token with a scope of documents.",
    rate_limited: `Too many requests: wait ${reply.headers.get("retry-after")} s.`,
  };
  const answer = error === "rate_limited" ? warn : fail;
  return answer(
    `${said}; ${describe(reply)}`,
    todo[String(error)] ?? "Look for the request_id in the service's log.",
  );
}
