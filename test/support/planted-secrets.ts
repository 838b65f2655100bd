import type { Random } from "./ot-random.ts";

// Secrets as they occur, in places where they occur and where nobody expects them.

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const printable = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~äß€";

const chars = (random: Random, alphabet: string, count: number) =>
  Array.from({ length: count }, () => random.pick([...alphabet])).join("");

/** One that has a form of its own, so that it is found wherever it stands. */
export function secretOfAForm(random: Random): string {
  const token = chars(random, base64url, 43);
  return random.pick([
    `eyJ${chars(random, base64url, 30)}.eyJ${chars(random, base64url, 60)}.${chars(random, base64url, 86)}`,
    `mr1.${crypto.randomUUID()}.${random.int(99)}.${token}`,
    `mat_${token}`,
    `guest_${token}`,
    token,
    `whsec_${btoa(chars(random, base64url, 32))}`,
    chars(random, base32, 32),
    chars(random, crockford, 24).replaceAll(/.{4}(?=.)/g, "$&-"),
    `otpauth://totp/Materi:x?secret=${chars(random, base32, 32)}&issuer=Materi`,
  ]);
}

/** Any word, as people choose them: it is secret by where it stands. */
export const anyWord = (random: Random): string => `pw${chars(random, printable, 10 + random.int(30))}`;

const names = [
  "password",
  "new_password",
  "currentPassword",
  "refresh_token",
  "token",
  "client_secret",
  "code",
  "recovery_codes",
  "challenge",
  "Api-Key",
  "X-Access-Token",
];

export const secretName = (random: Random): string => random.pick(names);

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** JSON of any depth with the word under a secret's name somewhere in it, and the others anywhere. */
export function jsonWith(random: Random, word: string, others: string[], levels = random.int(6)): Json {
  if (levels === 0) {
    const value: Json = random.pick<Json>([word, [word], { deep: [word] }, ["a", { b: word }]]);
    return { title: "T", note: others.join(" and "), [secretName(random)]: value };
  }
  const inner = jsonWith(random, word, others, levels - 1);
  return random.pick<Json>([
    [inner, 1, null],
    { a: inner, content: others[0] ?? "" },
    { list: [true, { x: inner }] },
    { [others[0] ?? "x"]: "a name, too", inner },
    { text: JSON.stringify(inner) },
  ]);
}

/** The same, and no JSON any more: cut short, or with something in it that is none. The name stays before its value. */
export function broken(random: Random, json: string, word: string): string {
  const escaped = JSON.stringify(word).slice(1, -1);
  return random.pick([
    () => json.slice(0, -1 - random.int(2)),
    () => `${json},`,
    () => json.replaceAll('"', "'"),
    () => `{"a" 1,${json}`,
    () => json.replace(escaped, `${escaped}\u0001`),
    () =>
      json
        .replaceAll(/[pt](?=(assword|oken))/gi, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)
        .slice(0, -1),
  ])();
}

/** What of the secrets is in the text, whole, in part, or written in another way. */
export function leaked(text: string, secrets: readonly string[]): string[] {
  const forms = (secret: string) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    encodeURIComponent(secret),
    // Of a long one its beginning and its end.
    ...(secret.length >= 40 ? [secret.slice(0, 20), secret.slice(-20)] : []),
  ];
  return secrets.filter((secret) => forms(secret).some((form) => text.includes(form)));
}
