import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** A fresh private Ed25519 key as a JWK (RFC 8037), named by its thumbprint (RFC 7638). */
export function newSigningKey() {
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { kty, crv, x, d, kid, alg: "EdDSA", use: "sig" };
}

/** Fresh secrets for one installation: a JWKS (RFC 7517) with one key, and 32 random bytes each. */
export function newSecrets() {
  return {
    SIGNING_KEYS: JSON.stringify({ keys: [newSigningKey()] }),
    REFRESH_SECRET: randomBytes(32).toString("base64url"),
    ENCRYPTION_SECRET: randomBytes(32).toString("base64url"),
  };
}

/** Adds the secrets that `file` does not name yet, with one for the operator, and answers their names. What is there stays as it is. */
export function completeSecrets(file: string): string[] {
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const secrets = { ...newSecrets(), ADMIN_TOKEN: randomBytes(32).toString("base64url") };
  const missing = Object.entries(secrets).filter(
    ([name]) => !new RegExp(`^\\s*${name}\\s*=`, "m").test(present),
  );
  const lines = missing.map(([name, value]) => `${name}='${value}'\n`).join("");
  if (lines) appendFileSync(file, present && !present.endsWith("\n") ? `\n${lines}` : lines, { mode: 0o600 });
  return missing.map(([name]) => name);
}
