import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** The file to run with Node. The name on the PATH would do, were it not for Windows and its .cmd files. */
export const wranglerBin = resolve(root, "node_modules/wrangler/bin/wrangler.js");

/** Wrangler as a local tool: it asks for no account, sends nothing, and writes nothing outside the project. */
export const wranglerEnv: NodeJS.ProcessEnv = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_REGISTRY_PATH: resolve(root, ".wrangler/registry"),
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  // Without this, a start asks workers.cloudflare.com where this machine is.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
