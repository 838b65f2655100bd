/** A token that nobody can guess: 256 bits of chance, base64url, behind a prefix that says what it is for. */
export function newRandomToken(prefix = ""): string {
  return prefix + Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

/**
 * What is stored of a random token: its SHA-256, base64url. No salt and no slow hash: there is nothing to try out in 256
 * bits of chance.
 */
export async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Buffer.from(digest).toString("base64url");
}
