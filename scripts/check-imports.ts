// The house's one-way imports: a file of src/<folder> may import its own folder and these. Any other edge fails.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";

interface Rule {
  folders: string[];
  /** Folders of which the types are open, and nothing that runs. */
  typesOf?: string[];
  /** The packages that may be imported; without it, any. */
  packages?: RegExp;
}

const server = ["env.ts", "platform", "protocol", "db"];
const rules: Record<string, Rule> = {
  ot: { folders: [], packages: /^$/ },
  protocol: { folders: ["ot"], packages: /^(zod|@hono\/zod-openapi)$/ },
  // For the terminal and for the browser: it runs wherever JavaScript does.
  "time-travel": { folders: ["ot", "protocol"], packages: /^$/ },
  db: { folders: [], packages: /^drizzle-orm(\/|$)/ },
  platform: { folders: ["env.ts", "protocol"] },
  events: { folders: server },
  idempotency: { folders: server },
  auth: { folders: ["events", "idempotency", ...server] },
  workspaces: { folders: ["events", "idempotency", "auth", ...server] },
  documents: {
    folders: ["workspaces", "events", "idempotency", "auth", "time-travel", "ot", ...server],
    typesOf: ["room"],
  },
  webhooks: { folders: ["workspaces", "events", "idempotency", "auth", ...server] },
  monitoring: { folders: ["documents", "auth", ...server] },
  room: { folders: ["env.ts", "ot", "protocol", "platform"], packages: /^(cloudflare:workers|node:zlib)$/ },
  // The packages are those that a binding is for; test/scripts/client-package.test.ts sees that nothing else brings them in.
  client: { folders: ["ot", "protocol"], packages: /^(@codemirror\/(state|view)|react)$/ },
  "test-kit": { folders: ["client", "room", "ot", "protocol"], packages: /^$/ },
  otlp: { folders: [], packages: /^node:timers\/promises$/ },
  web: { folders: ["client", "time-travel", "ot", "protocol"] },
};
/** The files of src itself: the Worker's entry, its composition, its bindings. */
const top: Rule = {
  folders: [
    "app.ts",
    "warm-up.ts",
    "monitoring",
    "documents",
    "webhooks",
    "workspaces",
    "events",
    "idempotency",
    "auth",
    "room",
    "ot",
    ...server,
  ],
};

// Biome, in the same check, keeps statements at the start of their line. So these need not know comments and
// strings: what they take for an import by mistake is reported, and what is one is never overlooked.
const staticImport =
  /^(?:import|export)\s+(type\s+(?!from\b))?(?:[\w$*{},\s]*?\bfrom\s*)?(["'])([^"'\n]+)\2/gm;
const dynamicImport = /\bimport\s*\(\s*(?:\/\*[\s\S]*?\*\/\s*)?(?:(["'`])([^"'`\n$]+)\1\s*[,)])?/g;

/** One line per forbidden import in the file at `path` (as `src/room/room.ts`) with this source text. */
export function forbiddenImports(path: string, source: string): string[] {
  const folder = path.split("/")[2] === undefined ? "" : path.split("/")[1]!;
  const rule = folder ? rules[folder] : top;
  if (!rule) return [`${path}: src/${folder} has no import rule in scripts/check-imports.ts`];

  const edges: { from: string | undefined; type: boolean }[] = [];
  for (const [, type, , from] of source.matchAll(staticImport))
    edges.push({ from, type: type !== undefined });
  for (const [, , from] of source.matchAll(dynamicImport)) edges.push({ from, type: false });

  return edges.flatMap(({ from, type }) => {
    if (from === undefined) return [`${path}: import() of a name that is not written out`];
    if (!from.startsWith(".")) {
      return rule.packages && !rule.packages.test(from)
        ? [`${path}: src/${folder} may not import ${from}`]
        : [];
    }
    const [root, target = ""] = join(dirname(path), from).split("/");
    const legal =
      root === "src" &&
      (target === folder || rule.folders.includes(target) || (type && rule.typesOf?.includes(target)));
    return legal
      ? []
      : [`${path}: ${folder ? `src/${folder}` : "it"} may not import ${type ? "a type of " : ""}${from}`];
  });
}

/** The same for the whole of src. */
export function forbiddenImportsOfProject(): string[] {
  const paths = globSync("src/**/*.{ts,tsx}", { exclude: ["**/*.d.ts"] }).map((path) =>
    path.replaceAll("\\", "/"),
  );
  if (paths.length === 0) return ["src holds no TypeScript: is this the project's root?"];
  return paths.flatMap((path) => forbiddenImports(path, readFileSync(path, "utf8")));
}

if (process.argv[1] === import.meta.filename) {
  const faults = forbiddenImportsOfProject();
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
