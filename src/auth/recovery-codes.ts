import { hashOf } from "./random-token.ts";

/** How many are given at a time. */
export const recoveryCodeCount = 10;

/** Crockford's base32: no letter in it looks like a digit. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const characters = 24;

/**
 * A recovery code: 120 bits of chance, so that a plain hash of it can be stored (ASVS 5.0 §6.5.2 asks for 112), as six
 * groups of four that people can copy by hand.
 */
export function newRecoveryCode(): string {
  const chance = crypto.getRandomValues(new Uint8Array(characters));
  const code = Array.from(chance, (byte) => alphabet[byte % alphabet.length]).join("");
  return code.replaceAll(/.{4}(?=.)/g, "$&-");
}

/** What is stored of a code, however it was typed; undefined: it is none by its form. */
export async function recoveryCodeHash(typed: string): Promise<string | undefined> {
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (code.length !== characters || [...code].some((one) => !alphabet.includes(one))) return undefined;
  return hashOf(code);
}
