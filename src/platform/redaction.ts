import { errorStatus } from "../protocol/errors.ts";

/** What stands where a secret was. */
const redacted = "[redacted]";
const withheld = "[withheld: it may hold a secret]";

/** Levels of nested JSON that are shown. */
const depth = 32;

/** Code units from which on a secret is known again elsewhere: a shorter one is found in what is none. */
const knownUnits = 6;

/**
 * The one list of what is secret by its name, wherever names are: JSON's members, forms, queries, cookies, headers. Names are
 * compared in lower case and without signs, so `refreshToken`, `refresh_token` and `X-Refresh-Token` are one.
 */
const secretWords = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "token",
  "bearer",
  "authorization",
  "cookie",
  "credential",
  "apikey",
  "privatekey",
  "idempotencykey",
  "signature",
  "signingkey",
  "otp",
  "recoverycode",
  "challenge",
  "verifier",
  "assertion",
  "nonce",
];
/**
 * And these, which are parts of harmless names: a code is a second factor's or Google's, `d` a JWK's private half, an address
 * tells where somebody is.
 */
const secretNames = ["code", "codes", "d", "pin", "csrf", "address", "materidebug", "materigrant"];

/** Headers that tell where somebody is. */
const addressHeaders =
  /^(cf-connecting-ip(v6)?|cf-ip\w+|true-client-ip|x-real-ip|x-forwarded-for|forwarded)$/;

/** What is secret wherever it stands, by its form. No quantifier in them is without a bound where it could be tried anew at every sign. */
const secretForms: readonly [RegExp, string][] = [
  // Access tokens (JWT), and any other JOSE.
  [/eyJ[\w-]{6,}(?:\.[\w-]*)*/g, redacted],
  // Refresh tokens, personal tokens, guests' tokens, webhooks' secrets.
  [/mr1\.[\w.-]*/g, redacted],
  [/(?<![A-Za-z0-9])(?:mat|guest|whsec)_[\w+/=-]*/g, redacted],
  [/\b(bearer|basic)([\s.]|%20)+(?!error=|realm=|scope=)[\w.~+/=-]{6,}/gi, `$1$2${redacted}`],
  [/otpauth:[^\s"'<>\\]*/gi, redacted],
  // An authenticator's secret (base32), and a recovery code.
  [/(?<![A-Z2-7])[A-Z2-7]{32}(?![A-Z2-7])/g, redacted],
  [/(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}/gi, redacted],
  [/(?:[0-9A-Z]{4} ){5}[0-9A-Z]{4}/g, redacted],
  [/\$scrypt\$[^\s"']*/g, redacted],
  [/-----BEGIN[\s\S]{0,40}PRIVATE KEY[\s\S]*/g, redacted],
  // 240 bits of chance or more: links, invitations, flows, keys, hashes. No id is as long; a trace's place is told apart below.
  [/(?<![\w-])[\w-]{40,}/g, redacted],
  [/[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}/g, "[email]"],
];

const word = `(?:${secretWords.map((one) => [...one].join("[_-]?")).join("|")})[\\w-]{0,40}|(?<![A-Za-z0-9])(?:${secretNames.join("|")})`;
/** In a text of no form that is known: a name of the list, and what follows it as a value does. */
const namedSecret = new RegExp(`(?:${word})\\\\{0,4}["']?\\s{0,8}[:=]`, "i");

const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Codes that say what is wrong, and are shown under the name that secrets have. */
const harmlessCodes = new Set<unknown>([
  ...Object.keys(errorStatus),
  "custom",
  "invalid_type",
  "invalid_format",
  "invalid_value",
  "invalid_union",
  "too_small",
  "too_big",
  "unrecognized_keys",
]);

/** Whether what stands under this name is secret. */
export function isSecretName(name: string): boolean {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "")
    .replace(/^(host|x)/, "");
  return secretNames.includes(plain) || secretWords.some((one) => plain.includes(one));
}

/**
 * Takes what is secret out of what debugging shows. It errs on the side of hiding: by name, by form, what it is told from the
 * start (the service's own secrets), and what was secret once wherever it comes again. What it cannot read as what it is said to be is
 * shown up to the first name of a secret.
 */
export class Redactor {
  readonly #known = new Set<string>();

  constructor(known: Iterable<string> = []) {
    for (const secret of known) this.#learn(secret);
  }

  /** `name: value` for each, one a line. */
  headers(headers: Headers): string {
    const lines = [...headers].map(([name, value]) => [name, this.#header(name, value)] as const);
    return lines.map(([name, value]) => `${this.text(name)}: ${value}`).join("\n");
  }

  #header(name: string, value: string): string {
    if (name === "traceparent" && traceparent.test(value)) return value;
    if (addressHeaders.test(name)) return "[address]";
    if (name === "cookie" || name === "set-cookie") {
      for (const pair of value.split(/[;,]/)) this.#learn(pair.slice(pair.indexOf("=") + 1).trim());
      return redacted;
    }
    if (!isSecretName(name)) return this.text(value);
    this.#learn(value);
    for (const part of value.split(/[\s,]+/)) if (!/^(bearer|basic)$/i.test(part)) this.#learn(part);
    return redacted;
  }

  /** A query or a form: `name=value&…`, decoded. */
  form(text: string): string {
    const shown = [...new URLSearchParams(text)].map(([name, value]) => {
      if (!isSecretName(name)) return `${this.text(name)}=${this.text(value)}`;
      this.#learn(value);
      return `${this.text(name)}=${redacted}`;
    });
    return shown.join("&");
  }

  /** JSON, or what was meant to be; `isCut`: it is the beginning of a longer one. */
  json(text: string, { isCut = false } = {}): string {
    if (isCut) return this.#cut(text);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.text(text);
    }
    return this.#json(value, depth);
  }

  #json(value: unknown, levels: number): string {
    if (typeof value === "string") return JSON.stringify(this.text(value));
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    if (levels === 0) return '"[deeper]"';
    if (Array.isArray(value)) return `[${value.map((item) => this.#json(item, levels - 1)).join(",")}]`;
    const members = Object.entries(value).map(([name, member]) => {
      const shown = this.#member(name, member, levels - 1);
      return `${JSON.stringify(this.text(name))}:${shown}`;
    });
    return `{${members.join(",")}}`;
  }

  #member(name: string, value: unknown, levels: number): string {
    if (!isSecretName(name) || value === null || typeof value === "boolean") return this.#json(value, levels);
    if (name === "code" && harmlessCodes.has(value)) return JSON.stringify(value);
    this.#learnAll(value, levels);
    return JSON.stringify(redacted);
  }

  /** The beginning of a text: what a cut has left of a token is no token by its form, so the last word goes. */
  #cut(text: string): string {
    return `${this.text(text.replace(/[^\s"',;&]{1,500}$/, ""))}…`;
  }

  /** Any text; `isCut`: it is the beginning of a longer one. */
  text(text: string, { isCut = false } = {}): string {
    if (isCut) return this.#cut(text);
    const named = namedSecret.exec(text);
    const shown = this.#withoutSecrets(named ? text.slice(0, named.index) : text);
    // What is secret only when it was decoded cannot be cut out of what it is decoded from.
    const decoded = decode(shown);
    if (decoded !== shown && (namedSecret.test(decoded) || this.#withoutSecrets(decoded) !== decoded)) {
      return withheld;
    }
    return named ? `${shown}${withheld}` : shown;
  }

  #withoutSecrets(text: string): string {
    let shown = text;
    for (const secret of this.#known) shown = shown.replaceAll(secret, redacted);
    for (const [form, replacement] of secretForms) shown = shown.replaceAll(form, replacement);
    return shown;
  }

  /** What was shown, once more: of what has been found to be secret since, too. */
  again(shown: string): string {
    return this.#withoutSecrets(shown);
  }

  #learn(secret: string): void {
    if (secret.length < knownUnits) return;
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.toWellFormed()),
    ]) {
      this.#known.add(form);
    }
  }

  #learnAll(value: unknown, levels: number): void {
    if (typeof value === "string" || typeof value === "number") this.#learn(String(value));
    else if (typeof value === "object" && value !== null && levels > 0) {
      for (const part of Object.values(value)) this.#learnAll(part, levels - 1);
    }
  }
}

/** Without the escapes of URLs and of JSON, as deep as they are nested (4 times at most). */
function decode(text: string): string {
  let decoded = text;
  for (let round = 0; round < 4; round++) {
    const before = decoded;
    decoded = decoded
      .replaceAll(/\\u00([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replaceAll(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replaceAll(/\\(["'/\\])/g, "$1");
    if (decoded === before) break;
  }
  return decoded;
}
