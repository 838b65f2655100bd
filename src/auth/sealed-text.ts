import { ConfigurationError } from "../env.ts";
import { hashOf } from "./random-token.ts";

/** A text as it is stored: encrypted, and with the id of the secret that it takes to read it. */
export interface SealedText {
  /** Nonce and AES-256-GCM ciphertext, base64url. */
  sealed: string;
  keyId: string;
}

const nonceBytes = 12;

/**
 * Encrypts what is stored and has to be read again, with the first of the service's secrets. `place` says what it is and
 * whose: at another place it cannot be read, so whoever writes the database cannot give one person another's.
 */
export async function seal(secrets: string[], text: string, place: string): Promise<SealedText> {
  const [newest = ""] = secrets;
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const encrypted = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: bytesOf(place) },
    await keyOf(newest),
    bytesOf(text),
  );
  return {
    sealed: Buffer.concat([nonce, Buffer.from(encrypted)]).toString("base64url"),
    keyId: await keyIdOf(newest),
  };
}

/** Throws ConfigurationError if its secret is not among `secrets` any more. */
export async function unseal(
  secrets: string[],
  { sealed, keyId }: SealedText,
  place: string,
): Promise<string> {
  for (const secret of secrets) {
    if ((await keyIdOf(secret)) !== keyId) continue;
    const bytes = Buffer.from(sealed, "base64url");
    const text = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: bytes.subarray(0, nonceBytes), additionalData: bytesOf(place) },
      await keyOf(secret),
      bytes.subarray(nonceBytes),
    );
    return new TextDecoder().decode(text);
  }
  throw new ConfigurationError(`ENCRYPTION_SECRET lacks a secret that is in use; the key's id is ${keyId}.`);
}

/** Names a secret without telling it: 72 bits of a hash. */
export async function keyIdOf(secret: string): Promise<string> {
  return (await hashOf(`materi key id ${secret}`)).slice(0, 12);
}

/** HKDF (RFC 5869), so that the same secret may serve for something else too. */
async function keyOf(secret: string): Promise<CryptoKey> {
  const master = await crypto.subtle.importKey("raw", bytesOf(secret), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf("materi sealed text") },
    master,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
