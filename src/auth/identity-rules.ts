import { z } from "zod";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { emailAddress } from "../protocol/rest/accounts.ts";

/** Who a person is at a provider, as its ID token says. */
export interface ProvidedIdentity {
  /** The provider's `sub`: the one thing there that is nobody else's, ever (law AU-3). */
  subject: string;
  /** Undefined unless the provider says that it has verified it. */
  email: string | undefined;
  /** Whether the provider gives out this address itself, and so knows whose it is today. */
  authoritative: boolean;
  name: string | undefined;
}

const claimsSchema = z.object({
  // OpenID Connect Core §2: at most 255 ASCII characters.
  sub: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  email: emailAddress.optional().catch(undefined),
  // Nothing but the boolean: the text "false" is true to whoever does not look.
  email_verified: z.literal(true).optional().catch(undefined),
  hd: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
});

/** Reads the claims of an ID token that was verified. Throws Problem `oauth_failed`. */
export function readClaims(claims: unknown): ProvidedIdentity {
  const { data, error } = claimsSchema.safeParse(claims);
  if (error) throw new Problem("oauth_failed", "Google's answer does not say who you are.");
  const email = data.email_verified ? data.email : undefined;
  const domain = email?.slice(email.lastIndexOf("@") + 1).toLowerCase();
  return {
    subject: data.sub,
    email,
    // Google's own rule: other addresses were verified once, and may have gone to somebody else since.
    authoritative: domain !== undefined && (domain === "gmail.com" || domain === data.hd?.toLowerCase()),
    name: readName(data.name),
  };
}

/** A name as a person would have written it here (`line` of the REST schemas), or none. */
function readName(name = ""): string | undefined {
  const line = name
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .trim();
  // Cut before a surrogate pair, not in it.
  const cut = line
    .slice(0, limits.nameUnits)
    .replace(/[\ud800-\udbff]$/, "")
    .trim();
  return cut === "" ? undefined : cut;
}

/**
 * AU-3: whether an identity that nobody has yet is linked to the account that has its address. Only if both sides know
 * that the address is this person's: an account may have been opened under somebody else's address, to wait for them.
 */
export function mayLink(identity: ProvidedIdentity, account: { emailVerifiedAt: number | null }): boolean {
  return identity.email !== undefined && identity.authoritative && account.emailVerifiedAt !== null;
}
