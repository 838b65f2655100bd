import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { hashingTurn } from "./hashing-turn.ts";

/**
 * scrypt (RFC 7914) with N = 2^14, r = 8, p = 5: one of OWASP's equivalent settings, 16 MiB and about 0.1 s. Workers
 * allow N·r·p up to 2^20 and have 128 MB, which the settings with a larger N would take for one password.
 */
const cost = { ln: 14, r: 8, p: 5 };
const phcPrefix = `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$`;
const saltBytes = 16;
const hashBytes = 32;

const derive = promisify<Buffer, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Hashes a new password. The answer is a PHC string: `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await scryptOf(password, salt, cost, hashBytes);
  return `${phcPrefix}${unpadded(salt)}$${unpadded(hash)}`;
}

/**
 * AU-1: whether the password is the one behind `phc`; with none (no such account, or one without a password) the answer
 * is no after the same work.
 */
export async function verifyPassword(password: string, phc: string | null): Promise<boolean> {
  const stored = parsePhc(phc ?? nobody);
  const hash = await scryptOf(password, stored.salt, stored.cost, stored.hash.length);
  return timingSafeEqual(hash, stored.hash) && phc !== null;
}

/** Whether a hash was made at another cost than today's: whoever has the password in hand then makes it anew. */
export function isOutdated(phc: string): boolean {
  return !phc.startsWith(phcPrefix);
}

/** The hash of no password, of the same cost as everybody's. */
const nobody = `${phcPrefix}${unpadded(Buffer.alloc(saltBytes))}$${unpadded(Buffer.alloc(hashBytes))}`;

/**
 * The password is hashed as it was typed, but for the normal form (NFC, as RFC 8265 §4.2.2 has it): keyboards differ in
 * how they compose one and the same character.
 */
function scryptOf(password: string, salt: Buffer, { ln, r, p }: typeof cost, bytes: number): Promise<Buffer> {
  const N = 2 ** ln;
  // Twice what scrypt takes for its table: the default of 32 MiB is exactly too little.
  const options = { N, r, p, maxmem: 2 * 128 * N * r };
  return hashingTurn(() => derive(Buffer.from(password.normalize("NFC")), salt, bytes, options));
}

function parsePhc(phc: string) {
  const [, ln, r, p, salt, hash] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc) ?? [];
  if (!salt || !hash) throw new Error("A stored password hash is not a scrypt PHC string");
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

/** Base64 without padding, as PHC strings have it. */
function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
