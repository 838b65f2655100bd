import { Problem } from "../platform/problem.ts";
import { commonPasswords } from "./common-passwords.ts";

/** How much of a password has to be left when the words that anybody would try here are taken out of it. */
const ownCharacters = 5;

/** Words that stand for this service: the list of ASVS 5.0 §6.1.2. */
const serviceWords = ["materi", "password", "passwort"];

let common: ReadonlySet<string> | undefined;

/**
 * Refuses a new password that is among the first that anybody tries: one of the commonest, or little more than the name of
 * the service or of the person. There are no rules of composition, which make passwords no harder to guess (NIST SP
 * 800-63B-4 §3.1.1.2). Throws Problem `weak_password`; `field` is what the request calls the password.
 */
export function refuseWeakPassword(
  password: string,
  { email, name, field = "password" }: { email: string; name: string; field?: string },
): void {
  const lower = password.normalize("NFC").toLowerCase();
  common ??= new Set(commonPasswords.trim().split(/\s+/));
  if (common.has(lower)) throw weakPassword(field, "is one of the commonest passwords");
  const words = [email, ...email.split("@"), name, ...name.split(/\s+/)]
    .map((word) => word.normalize("NFC").toLowerCase())
    // Two letters are in many a good password.
    .filter((word) => word.length > 2)
    .sort((a, b) => b.length - a.length);
  const rest = [...words, ...serviceWords].reduce((left, word) => left.replaceAll(word, ""), lower);
  if ([...rest].length < ownCharacters && rest !== lower) {
    throw weakPassword(field, "is little more than a name that belongs to the account or to this service");
  }
}

/** The refusal of a new password; what is wrong with it is said, and it is not quoted. */
export function weakPassword(field: string, fault: string): Problem {
  const message = `${field} ${fault}`;
  return new Problem(
    "weak_password",
    `${message}. Take another one: several words, or what a password manager makes.`,
    {
      errors: [{ path: [field], message, code: "weak_password" }],
    },
  );
}
