import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { newSecrets } from "../local-secrets.ts";
import { type CloudflareApi, wrangler } from "./cloudflare.ts";
import type { Environment } from "./environment.ts";
import { Failure } from "./failure.ts";

/** Where people reach the service: what wrangler.toml says, or the address that Cloudflare gives every Worker. */
export async function publicUrl(api: CloudflareApi, { publicUrl, worker }: Environment): Promise<string> {
  if (publicUrl) return publicUrl;
  const { subdomain } = (await api.get<{ subdomain?: string }>("/workers/subdomain")) ?? {};
  if (!subdomain) {
    throw new Failure(
      1,
      'The account has no subdomain of workers.dev: open "Workers & Pages" in the dashboard once, or give the environment a ' +
        "domain of your own (routes and PUBLIC_URL in wrangler.toml).",
    );
  }
  return `https://${worker}.${subdomain}.workers.dev`;
}

/** Finds the database by its name, or makes it near `location` (a hint of D1's, as "weur"). Says which. */
export async function ensureDatabase(
  api: CloudflareApi,
  { database }: Environment,
  location: string | undefined,
): Promise<string> {
  const path = `/d1/database?name=${encodeURIComponent(database)}`;
  const found = await api.get<{ name: string }[]>(path);
  // The API takes the name for a part of one.
  if (found?.some(({ name }) => name === database)) return "found";
  await api.post("/d1/database", { name: database, ...(location && { primary_location_hint: location }) });
  return "made";
}

/** Finds the queues by their names, or makes them. Says which. */
export async function ensureQueues(api: CloudflareApi, { queues }: Environment): Promise<string> {
  const told: string[] = [];
  for (const queue of queues) {
    const found = await api.get<{ queue_name: string }[]>(`/queues?name=${encodeURIComponent(queue)}`);
    const there = found?.some((one) => one.queue_name === queue);
    if (!there) await api.post("/queues", { queue_name: queue });
    told.push(there ? "found" : "made");
  }
  return told.join(", ");
}

/** A fresh value for everything that the service may need to be kept secret. */
const freshSecrets = (): Record<string, string> => ({
  ...newSecrets(),
  ADMIN_TOKEN: randomBytes(48).toString("base64url"),
});

function readSecrets(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch {
    throw new Failure(1, `${file} is not JSON: {"NAME": "value", …}.`);
  }
}

/**
 * Gives the Worker the secrets that it lacks. Cloudflare shows none again, so what is made is first kept in `file` (readable by
 * its owner only), from which a run that died takes it up; what the Worker has is never touched. Answers names alone.
 */
export async function ensureSecrets(
  api: CloudflareApi,
  { name, worker, requiredSecrets }: Environment,
  file: string,
  mayMake: boolean,
): Promise<string> {
  const present = (await api.get<{ name: string }[]>(`/workers/scripts/${worker}/secrets`)) ?? [];
  const wanted = [...new Set([...requiredSecrets, "ADMIN_TOKEN"])];
  const missing = wanted.filter((secret) => !present.some((one) => one.name === secret));
  if (missing.length === 0) return "found";

  const kept = readSecrets(file);
  const made = missing.filter((secret) => kept[secret] === undefined);
  if (made.length > 0) {
    if (!mayMake) {
      throw new Failure(
        1,
        `The Worker has no ${made.join(", ")}, and here nobody would keep them: deploy once from a terminal, or name a file by --secrets.`,
      );
    }
    const fresh = freshSecrets();
    for (const secret of made) {
      const value = fresh[secret];
      if (value === undefined) throw new Failure(1, `Put ${secret} into ${file}: it cannot be made here.`);
      kept[secret] = value;
    }
    // A crash must not leave half a file: they are nowhere else.
    writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const values = Object.fromEntries(missing.map((secret) => [secret, kept[secret]]));
  // Before the first deployment wrangler makes a place for them, a Worker that does nothing.
  await wrangler(["secret", "bulk", "--env", name], JSON.stringify(values));
  return `put ${missing.join(", ")}; they are in ${file}: move it to where you keep secrets`;
}

/** Applies the migrations that are new, and says what D1's Time Travel knows the moment before by. */
export async function migrate(api: CloudflareApi, { name, database }: Environment): Promise<string> {
  const [found] = (await api.get<{ uuid: string; name: string }[]>(`/d1/database?name=${database}`)) ?? [];
  const travel = await api.get<{ bookmark: string }>(`/d1/database/${found?.uuid}/time_travel/bookmark`);
  const told = await wrangler(["d1", "migrations", "apply", "DB", "--remote", "--env", name]);
  const outcome = /No migrations to apply/.test(told) ? "none is new" : "applied";
  return `${outcome}; before them D1 was at the bookmark ${travel?.bookmark}`;
}
