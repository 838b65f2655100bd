import { z } from "zod";

const base64url = z.string().regex(/^[\w-]+$/);

/** A private signing key as a JWK (RFC 7517, RFC 8037): `kid` names it in tokens, `alg` is the only one it is used with. */
const signingKey = z.discriminatedUnion("alg", [
  z.object({
    alg: z.literal("EdDSA"),
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    kid: z.string().min(1),
    x: base64url,
    d: base64url,
  }),
  z.object({
    alg: z.literal("ES256"),
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    kid: z.string().min(1),
    x: base64url,
    y: base64url,
    d: base64url,
  }),
]);

/** Random texts with commas between: the first is used from now on, the others for what was made with them. */
const secretList = z
  .string()
  .transform((value) => value.split(",").map((secret) => secret.trim()))
  .pipe(z.array(z.string().min(32)).min(1));

const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof logLevels)[number];

const settingsSchema = z
  .object({
    SIGNING_KEYS: z
      .string()
      .transform((value, context) => {
        try {
          return JSON.parse(value) as unknown;
        } catch {
          context.addIssue("is not JSON");
          return z.NEVER;
        }
      })
      .pipe(z.object({ keys: z.array(signingKey).min(1) })),
    REFRESH_SECRET: secretList,
    WEBHOOK_SECRET: z.union([z.literal(""), z.string().min(32)]).default(""),
    ENCRYPTION_SECRET: secretList,
    SECOND_FACTOR: z.enum(["optional", "required"]).default("optional"),
    ADMIN_TOKEN: z.union([z.literal(""), z.string().min(32)]).default(""),
    ALLOWED_ORIGINS: z
      .string()
      .default("")
      .transform((value) => value.split(",").flatMap((origin) => origin.trim() || []))
      .pipe(z.array(z.string().refine((origin) => URL.parse(origin)?.origin === origin))),
    GOOGLE_CLIENT_ID: z.string().default(""),
    GOOGLE_CLIENT_SECRET: z.string().default(""),
    GOOGLE_ISSUER: z.url().default("https://accounts.google.com").refine(isSecureOrLoopback),
    BREACHED_PASSWORDS_URL: z.union([z.literal(""), z.url().refine(isSecureOrLoopback)]).default(""),
    WEBHOOKS_TO_LOOPBACK: z.enum(["", "true"]).default(""),
    DNS_OVER_HTTPS: z.url().default("https://cloudflare-dns.com/dns-query").refine(isSecureOrLoopback),
    DEBUG_REQUESTS: z.enum(["", "true"]).default(""),
    PLAY_FAULTS: z.enum(["", "true"]).default(""),
    LOG_LEVEL: z.enum(logLevels).default("info"),
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
    MAIL_FROM: z.email(),
  })
  .refine(
    // Else every webhook would have other secrets, and nobody would be told.
    ({ REFRESH_SECRET, WEBHOOK_SECRET }) => REFRESH_SECRET.length === 1 || WEBHOOK_SECRET !== "",
    { path: ["WEBHOOK_SECRET"] },
  )
  .refine(({ PLAY_FAULTS, PUBLIC_URL }) => PLAY_FAULTS === "" || isLoopback(new URL(PUBLIC_URL).hostname), {
    path: ["PLAY_FAULTS"],
  });

/**
 * Lines below this are not written. Apart from the settings, which throw where any of them is at fault: that must be logged.
 */
export function logLevelOf(env: SettingsSource): LogLevel {
  return logLevels.find((level) => level === env.LOG_LEVEL) ?? "info";
}

/** What the service proves itself with, as texts that nobody may read: whatever of it is set. */
export function secretsOf(source: SettingsSource): string[] {
  const { SIGNING_KEYS, REFRESH_SECRET, ENCRYPTION_SECRET, WEBHOOK_SECRET, ADMIN_TOKEN } = source;
  const lists = [REFRESH_SECRET, ENCRYPTION_SECRET, WEBHOOK_SECRET, ADMIN_TOKEN, source.GOOGLE_CLIENT_SECRET];
  const privateParts = (SIGNING_KEYS ?? "").matchAll(/"d"\s*:\s*"([^"]+)"/g);
  return [...lists.flatMap((list) => (list ?? "").split(",")), ...[...privateParts].map(([, part]) => part!)]
    .map((secret) => secret.trim())
    .filter((secret) => secret !== "");
}

/** Plain http is for a server on the same machine alone: `npm start -- --with-oidc`, and tests. */
function isSecureOrLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** Whether a URL's host is this machine (RFC 6761 §6.3, RFC 8252 §8.3). */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

export type SigningKey = z.infer<typeof signingKey>;

/** The OpenID provider behind "Sign in with Google", and who we are to it. */
export interface GoogleSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
}

/** The Worker's secrets and variables, checked. */
export interface Settings {
  /** The first signs; all of them verify, so that a key can be replaced while its tokens live. */
  signingKeys: SigningKey[];
  /** The first makes refresh tokens; all of them are asked, so that a secret can be replaced while its tokens live. */
  refreshSecrets: string[];
  /** What webhooks' secrets are derived from: it stays when the others are replaced. */
  webhookSecret: string;
  /** What is stored and has to be read again is encrypted with the first; all of them decrypt. */
  encryptionSecrets: string[];
  /** What the operator proves themself with. Undefined: nobody is the operator. */
  adminToken: string | undefined;
  /** Whether who has no second factor has to set one up at the next sign-in. */
  secondFactor: "optional" | "required";
  /** Origins, besides the service's own, whose pages may use it from a browser. */
  allowedOrigins: string[];
  /** Undefined: nobody signs in with Google here. */
  google: GoogleSettings | undefined;
  /** Where new passwords are looked up, up to the 5 digits (https://api.pwnedpasswords.com/range/). Undefined: nowhere. */
  breachedPasswordsUrl: string | undefined;
  /** Webhooks may lead to this machine: for local development. */
  webhooksToLoopback: boolean;
  /** The resolver that webhooks' names are looked up with, in DNS's JSON over HTTPS. */
  dnsOverHttps: string;
  /** Origin of the addresses in messages. From here, never from a request: its `Host` may be anybody's. */
  publicUrl: string;
  /** Requests may ask for a fault to be played to them: on a laptop alone (src/monitoring/play-faults.ts). */
  playsFaults: boolean;
  /** Who messages come from. */
  mailFrom: string;
}

/** What the settings are read from: required secrets, and what an installation may have besides. */
export type SettingsSource = Pick<Env, "SIGNING_KEYS" | "REFRESH_SECRET" | "ENCRYPTION_SECRET"> &
  Partial<Record<keyof z.input<typeof settingsSchema>, string>>;

const names = Object.keys(settingsSchema.shape) as (keyof z.input<typeof settingsSchema>)[];

let current: { source: SettingsSource; settings: Settings } | undefined;

/** Reads the settings, once per isolate and again when they were replaced. Throws ConfigurationError. */
export function settingsOf(env: SettingsSource): Settings {
  const last = current;
  if (!last || names.some((name) => last.source[name] !== env[name])) {
    current = { source: env, settings: parseSettings(env) };
    return current.settings;
  }
  return last.settings;
}

function parseSettings(env: SettingsSource): Settings {
  const { data, error } = settingsSchema.safeParse(env);
  if (error) {
    // The paths alone: a message of the parser could quote a secret.
    const faults = [...new Set(error.issues.map((issue) => issue.path.join(".")))].join(", ");
    throw new ConfigurationError(
      `Settings that are missing or not in the right form: ${faults}. SIGNING_KEYS is a JSON Web Key Set of private keys ` +
        "({keys: [{alg, kid, …}]}, EdDSA or ES256), REFRESH_SECRET and ENCRYPTION_SECRET are random texts of 32 characters or " +
        "more each. `npm start` makes them for local use (.dev.vars); a deployment gets them by `wrangler secret put`. " +
        "ALLOWED_ORIGINS is a list of origins (https://app.example.com) with commas between, GOOGLE_ISSUER and BREACHED_PASSWORDS_URL are https URLs, " +
        'WEBHOOKS_TO_LOOPBACK "true" or nothing, SECOND_FACTOR "optional" or "required", ' +
        'DEBUG_REQUESTS "true" or nothing, LOG_LEVEL debug, info, warn or error, ' +
        "ADMIN_TOKEN a random text of 32 characters or more, or nothing, DNS_OVER_HTTPS an https URL, " +
        'PLAY_FAULTS "true" where PUBLIC_URL is this machine, or nothing, ' +
        "PUBLIC_URL the service's own http(s) address, MAIL_FROM an e-mail address.",
    );
  }
  const { GOOGLE_ISSUER: issuer, GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret } = data;
  return {
    signingKeys: data.SIGNING_KEYS.keys,
    refreshSecrets: data.REFRESH_SECRET,
    webhookSecret: data.WEBHOOK_SECRET || (data.REFRESH_SECRET[0] ?? ""),
    encryptionSecrets: data.ENCRYPTION_SECRET,
    adminToken: data.ADMIN_TOKEN || undefined,
    secondFactor: data.SECOND_FACTOR,
    allowedOrigins: data.ALLOWED_ORIGINS,
    breachedPasswordsUrl: data.BREACHED_PASSWORDS_URL || undefined,
    webhooksToLoopback: data.WEBHOOKS_TO_LOOPBACK === "true",
    dnsOverHttps: data.DNS_OVER_HTTPS,
    publicUrl: data.PUBLIC_URL,
    playsFaults: data.PLAY_FAULTS === "true",
    mailFrom: data.MAIL_FROM,
    google: clientId && clientSecret ? { issuer, clientId, clientSecret } : undefined,
  };
}

/** The service cannot run as it is set up. The message is for the operator. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
