import { createHash } from "node:crypto";
import { type Principal, verifyAccessToken } from "./access-token.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Tokens that an isolate remembers: some hundred bytes each. */
const remembered = 10_000;

/** Who presents a token, by its SHA-256: as these keys have said of it, and no others. */
let verified: { by: SigningKeys; principals: Map<string, Principal> } | undefined;

/**
 * Who an access token says is asking, as `verifyAccessToken` does, which is asked of each token once: what a signature says stays true
 * until the token expires, or its key goes. Whether the session lives is not for it to say, and is asked each time (law AU-5).
 */
export async function principalOf(keys: SigningKeys, token: string, now: number): Promise<Principal> {
  if (verified?.by !== keys) verified = { by: keys, principals: new Map() };
  const { principals } = verified;
  const hash = createHash("sha256").update(token).digest("base64url");
  const known = principals.get(hash);
  if (known && now < known.expiresAt * 1_000) return known;
  principals.delete(hash);
  const principal = await verifyAccessToken(keys, token, now);
  principals.set(hash, principal);
  if (principals.size > remembered) {
    const [oldest = ""] = principals.keys();
    principals.delete(oldest);
  }
  return principal;
}
