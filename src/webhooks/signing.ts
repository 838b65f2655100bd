import { Webhook } from "standardwebhooks";
import { settingsOf } from "../env.ts";

/** Of a webhook, what its secrets are derived from. */
export interface Secrets {
  id: string;
  secretGeneration: number;
  /** Until when the secret before signs, too, milliseconds since the epoch. */
  oldSecretUntil: number | null;
}

/** What is sent with a message, after the Standard Webhooks specification 1.0. */
export interface SignedHeaders {
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

/** The webhook's newest secret, `whsec_…`. */
export function newestSecret(env: Env, { id, secretGeneration }: Secrets): Promise<string> {
  return derivedSecret(env, id, secretGeneration);
}

/** Signs with the newest secret, and with the one before while it is still good. `now` is in milliseconds. */
export async function signedHeaders(
  env: Env,
  secrets: Secrets,
  { id, body }: { id: string; body: string },
  now: number,
): Promise<SignedHeaders> {
  const both = secrets.oldSecretUntil !== null && secrets.oldSecretUntil > now;
  const generations = [secrets.secretGeneration, ...(both ? [secrets.secretGeneration - 1] : [])];
  const signatures = generations.map(async (generation) =>
    new Webhook(await derivedSecret(env, secrets.id, generation)).sign(id, new Date(now), body),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": (await Promise.all(signatures)).join(" "),
  };
}

/**
 * A secret of 256 bits, by HKDF (RFC 5869): so that none is stored, in the database, its backups and its exports. It ends
 * with its generation, or with WEBHOOK_SECRET.
 */
async function derivedSecret(env: Env, id: string, generation: number): Promise<string> {
  const text = new TextEncoder();
  const master = text.encode(settingsOf(env).webhookSecret);
  const key = await crypto.subtle.importKey("raw", master, "HKDF", false, ["deriveBits"]);
  const info = text.encode(`materi webhook ${id} ${generation}`);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    key,
    256,
  );
  return `whsec_${Buffer.from(bits).toString("base64")}`;
}
