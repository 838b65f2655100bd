/**
 * AU-2. A refresh token is `mr1.<session id>.<generation>.<tag>`: the tag is an HMAC-SHA-256 of the rest by a secret of
 * the service. So nothing secret is stored, a forged token never reaches D1, and the current token of a session can be
 * made again for somebody whose answer was lost.
 */
export interface PresentedRefresh {
  sessionId: string;
  generation: number;
}

const version = "mr1";

export async function makeRefreshToken(secret: string, { sessionId, generation }: PresentedRefresh) {
  const claim = `${version}.${sessionId}.${generation}`;
  const tag = await crypto.subtle.sign("HMAC", await hmacKey(secret), new TextEncoder().encode(claim));
  return `${claim}.${Buffer.from(tag).toString("base64url")}`;
}

/** What the token says, if it is one of ours, by whichever of the secrets. */
export async function readRefreshToken(
  secrets: string[],
  token: string,
): Promise<PresentedRefresh | undefined> {
  const [, claim, sessionId, generation, tag] =
    /^(mr1\.([0-9a-f-]{36})\.(0|[1-9]\d{0,14}))\.([\w-]{43})$/.exec(token) ?? [];
  if (!claim || !sessionId || !tag) return undefined;
  const [given, bytes] = [Buffer.from(tag, "base64url"), new TextEncoder().encode(claim)];
  for (const secret of secrets) {
    if (await crypto.subtle.verify("HMAC", await hmacKey(secret), given, bytes)) {
      return { sessionId, generation: Number(generation) };
    }
  }
  return undefined;
}

function hmacKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}
