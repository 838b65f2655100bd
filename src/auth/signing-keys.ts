import { importJWK } from "jose";
import type { SigningKey } from "../env.ts";

/** The keys of access tokens, ready to use: the private half of the first, the public halves of all by `kid`. */
export interface SigningKeys {
  signing: { kid: string; alg: SigningKey["alg"]; key: CryptoKey };
  verifying: Map<string, { alg: SigningKey["alg"]; key: CryptoKey }>;
}

let imported: { from: SigningKey[]; keys: SigningKeys } | undefined;

/** Imports the keys, once per isolate. Only the outcome is kept: a promise of one request is not another's to await. */
export async function signingKeysOf(from: SigningKey[]): Promise<SigningKeys> {
  if (imported?.from !== from) imported = { from, keys: await importKeys(from) };
  return imported.keys;
}

async function importKeys(from: SigningKey[]): Promise<SigningKeys> {
  const [first] = from;
  if (!first) throw new Error("There is no signing key");
  const verifying: SigningKeys["verifying"] = new Map();
  for (const jwk of from) {
    verifying.set(jwk.kid, { alg: jwk.alg, key: (await importJWK(publicHalf(jwk), jwk.alg)) as CryptoKey });
  }
  const key = (await importJWK(first, first.alg)) as CryptoKey;
  return { signing: { kid: first.kid, alg: first.alg, key }, verifying };
}

/** What `/.well-known/jwks.json` says (RFC 7517 §5). */
export function publicKeySet(from: SigningKey[]) {
  return { keys: from.map(publicHalf) };
}

/** Takes what is public, rather than leaving out what is not. */
function publicHalf(jwk: SigningKey) {
  const { kid, alg, kty, crv, x } = jwk;
  return { kid, alg, kty, crv, x, ...(jwk.alg === "ES256" && { y: jwk.y }), use: "sig" };
}
