/** An answer as it is given again. */
export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What opens an answer: the service's secret, and the key that its person has and the database has not. */
export interface SealKey {
  secret: string;
  userId: string;
  key: string;
}

/**
 * Answers hold texts of documents, and tokens that are told once and kept nowhere. So they are encrypted (AES-256-GCM) by
 * a key that is derived (HKDF, RFC 5869) from the service's secret and from the Idempotency-Key, of which the database has
 * the hash alone: neither the database nor the secret, nor the two together, open one that nobody asks for.
 */
export async function sealAnswer(sealKey: SealKey, answer: StoredAnswer): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const plain = new TextEncoder().encode(JSON.stringify(answer));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await aesKey(sealKey), plain);
  return Buffer.concat([iv, Buffer.from(sealed)]).toString("base64");
}

/** Undefined where it was sealed by other keys. */
export async function openAnswer(sealKey: SealKey, sealed: string): Promise<StoredAnswer | undefined> {
  const bytes = Buffer.from(sealed, "base64");
  const [iv, data] = [bytes.subarray(0, ivBytes), bytes.subarray(ivBytes)];
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await aesKey(sealKey), data);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return undefined;
  }
}

const ivBytes = 12;

async function aesKey({ secret, userId, key }: SealKey): Promise<CryptoKey> {
  const text = new TextEncoder();
  const master = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveKey"]);
  const info = text.encode(`materi idempotency ${userId} ${key}`);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    master,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** SHA-256, base64url. */
export async function hashOfText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("base64url");
}
