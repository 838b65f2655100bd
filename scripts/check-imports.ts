// The house's one-way imports: a file of src/<folder> may import its own folder and these. Any other edge fails.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const server = ["platform", "protocol", "db"];
const allowed: Record<string, { folders: string[]; typeOnly?: string[]; packages?: RegExp }> = {
  ot: { folders: [], packages: /^$/ },
  protocol: { folders: ["ot"], packages: /^(zod|@hono\/zod-openapi)$/ },
  db: { folders: [], packages: /^drizzle-orm/ },
  platform: { folders: ["protocol"] },
  auth: { folders: server },
  workspaces: { folders: ["auth", ...server] },
  documents: { folders: ["workspaces", "auth", ...server], typeOnly: ["room"] },
  room: { folders: ["ot", "protocol", "platform"], packages: /^cloudflare:workers$/ },
  client: { folders: ["ot", "protocol"], packages: /^$/ },
  web: { folders: ["client", "ot", "protocol"] },
};

/** One line per forbidden edge of the file at `path` (relative to the project) with this source text. */
export function forbiddenImports(path: string, source: string): string[] {
  const folder = path.split("/")[1] ?? "";
  const rule = allowed[folder];
  if (!rule || path.split("/").length < 3) return [];
  const faults: string[] = [];
  for (const [, type, from] of source.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"/gm)) {
    if (!from) continue;
    if (!from.startsWith(".")) {
      if (rule.packages && !rule.packages.test(from)) faults.push(`${path}: ${folder} may not import ${from}`);
      continue;
    }
    const target = normalize(join(dirname(path), from)).split("/")[1] ?? "";
    const legal =
      target === folder ||
      target === "env.ts" ||
      rule.folders.includes(target) ||
      (type !== undefined && rule.typeOnly?.includes(target));
    if (!legal) faults.push(`${path}: ${folder} may not import ${target}${type ? " (type)" : ""}`);
  }
  return faults;
}

if (import.meta.main) {
  const faults = globSync("src/**/*.{ts,tsx}").flatMap((path) =>
    forbiddenImports(path, readFileSync(path, "utf8")),
  );
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
}
