import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const sources = ["src/{web,client,ot,protocol}/**/*", "vite.config.ts", "package-lock.json"];
const stamp = "dist/web.stamp";

/** Builds the web app into dist/web, unless that is what these very sources were built to. Says whether it is there. */
export async function buildWeb(): Promise<boolean> {
  const digest = createHash("sha256");
  for (const { parentPath, name } of globSync(sources, { withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )) {
    const path = resolve(parentPath, name);
    digest.update(`${path}\0`).update(readFileSync(path));
  }
  const now = digest.digest("hex");
  if (existsSync("dist/web/index.html") && existsSync(stamp) && readFileSync(stamp, "utf8") === now)
    return true;
  console.log("Building the web app…");
  // This process goes on meanwhile, and hears that a connection to Cloudflare was closed for its idleness.
  const child = spawn(
    process.execPath,
    [resolve("node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"],
    // Else whoever builds from a test would get the React of developers.
    { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } },
  );
  const [status] = await once(child, "close");
  if (status === 0) writeFileSync(stamp, now);
  return status === 0;
}
