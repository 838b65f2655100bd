import { type CloudflareApi, wrangler } from "./cloudflare.ts";
import type { Environment } from "./environment.ts";
import { Failure } from "./failure.ts";

interface Deployment {
  created_on: string;
  versions: { version_id: string; percentage: number }[];
}

interface Version {
  annotations?: Record<string, string>;
  resources?: { bindings?: { name: string }[] };
}

/** A version of the Worker; `commit` is what it was made of, where `npm run deploy` made it. */
export interface Served {
  version: string;
  commit: string | undefined;
}

/**
 * The versions that serve and that served, the newest first, without those that were rolled back from and those that were but
 * the place for the secrets. Cloudflare tells of the last ten deployments or so.
 */
export async function servedVersions(api: CloudflareApi, { worker }: Environment): Promise<Served[]> {
  const script = `/workers/scripts/${worker}`;
  const { deployments = [] } = (await api.get<{ deployments?: Deployment[] }>(`${script}/deployments`)) ?? {};
  const path: string[] = [];
  for (const { versions } of deployments.sort((a, b) => a.created_on.localeCompare(b.created_on))) {
    const version = versions.sort((a, b) => b.percentage - a.percentage)[0]?.version_id;
    if (version === undefined) continue;
    // One that served before is one that was gone back to: what came after it was not well.
    const back = path.indexOf(version);
    if (back >= 0) path.length = back + 1;
    else path.push(version);
  }
  const served: Served[] = [];
  for (const version of path.reverse()) {
    const { annotations, resources } = (await api.get<Version>(`${script}/versions/${version}`)) ?? {};
    if (!resources?.bindings?.some(({ name }) => name === "ROOMS")) continue;
    served.push({ version, commit: annotations?.["workers/tag"] });
    if (served.length === 2) break;
  }
  return served;
}

/**
 * Has `version` serve, at once: rooms do not wait for their next sleep, as the code that they run is what is wrong.
 * Throws Failure where Cloudflare refuses: a version from before a change of the Durable Object classes, for one.
 */
export async function rollBack({ name }: Environment, version: string, why: string): Promise<void> {
  const at = "--durable-objects-code-update-mode";
  await wrangler(["rollback", version, "--env", name, "--yes", "--message", why, at, "immediate"]);
}

/** Throws Failure where there is none. */
export function formerOf([, former]: Served[]): Served {
  if (!former)
    throw new Failure(1, "No version served before this one, or none that was not rolled back from.");
  return former;
}

export const notRolledBack =
  "Not rolled back: migrations of D1 (they only add; older code does not see what is new), changes of Durable Object classes, " +
  "queues. The secrets are those that the version was deployed with.";
