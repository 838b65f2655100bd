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

const settingsSchema = z.object({
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
  REFRESH_SECRET: z.string().min(32),
});

export type SigningKey = z.infer<typeof signingKey>;

/** The Worker's secrets, checked. */
export interface Settings {
  /** The first signs; all of them verify, so that a key can be replaced while its tokens live. */
  signingKeys: SigningKey[];
  refreshSecret: string;
}

export type Secrets = Pick<Env, "SIGNING_KEYS" | "REFRESH_SECRET">;

let current: { secrets: Secrets; settings: Settings } | undefined;

/** Reads the secrets, once per isolate and again when they were replaced. Throws ConfigurationError. */
export function settingsOf(env: Secrets): Settings {
  if (
    current?.secrets.SIGNING_KEYS !== env.SIGNING_KEYS ||
    current.secrets.REFRESH_SECRET !== env.REFRESH_SECRET
  ) {
    current = { secrets: env, settings: parseSettings(env) };
  }
  return current.settings;
}

function parseSettings(env: Secrets): Settings {
  const { data, error } = settingsSchema.safeParse(env);
  if (error) {
    // The paths alone: a message of the parser could quote a secret.
    const faults = [...new Set(error.issues.map((issue) => issue.path.join(".")))].join(", ");
    throw new ConfigurationError(
      `Secrets that are missing or not in the right form: ${faults}. SIGNING_KEYS is a JSON Web Key Set of private keys ` +
        "({keys: [{alg, kid, …}]}, EdDSA or ES256), REFRESH_SECRET a random text of 32 characters or more. " +
        "`npm start` makes both for local use (.dev.vars); a deployment gets them by `wrangler secret put`.",
    );
  }
  return { signingKeys: data.SIGNING_KEYS.keys, refreshSecret: data.REFRESH_SECRET };
}

/** The service cannot run as it is set up. The message is for the operator. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
