import { type Unstable_Config, unstable_readConfig } from "wrangler";
import { Failure } from "./failure.ts";

/** What of an environment of wrangler.toml a deployment has to know. */
export interface Environment {
  name: string;
  /** Of the Worker. */
  worker: string;
  database: string;
  queues: string[];
  /** Secrets without which the service does not run. */
  requiredSecrets: string[];
  /** "": the address on workers.dev. */
  publicUrl: string;
  mailFrom: string;
}

/** Throws Failure where wrangler.toml has no such environment. */
export function environmentOf(name: string): Environment {
  let config: Unstable_Config;
  try {
    config = unstable_readConfig({ config: "wrangler.toml", env: name }, { hideWarnings: true });
  } catch (error) {
    throw new Failure(2, `wrangler.toml: ${(error as Error).message}`);
  }
  const [database] = config.d1_databases;
  if (!name || !config.definedEnvironments?.includes(name) || !config.name || !database?.database_name) {
    throw new Failure(2, `wrangler.toml has no environment "${name}": --env is staging or production.`);
  }
  return {
    name,
    worker: config.name,
    database: database.database_name,
    queues: (config.queues.consumers ?? []).map(({ queue }: { queue: string }) => queue),
    requiredSecrets: config.secrets?.required ?? [],
    publicUrl: String(config.vars.PUBLIC_URL ?? ""),
    mailFrom: String(config.vars.MAIL_FROM ?? ""),
  };
}
