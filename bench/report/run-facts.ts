import { execFileSync } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";

/** What a run was: where, of what, and how. */
export interface RunFacts {
  commit: string;
  machine: string;
  /** By the name of the package. */
  versions: Record<string, string>;
  /** Where the services kept what they stored. */
  store: "memory" | "disk";
  options: { rounds: number; seconds: number; all: boolean; peers: boolean };
}

const root = join(import.meta.dirname, "../..");

export function runFacts(folder: string, options: RunFacts["options"]): RunFacts {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return {
    commit: commit(),
    machine: `${processors.length} × ${processors[0]?.model ?? arch()}, ${gigabytes} GB, ${platform()} ${release()}`,
    versions: { node: process.versions.node, ...versions(options.peers) },
    store: isInMemory(folder) ? "memory" : "disk",
    options,
  };
}

/** With a plus where files were changed since. */
function commit(): string {
  const git = (...words: string[]) => execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "bench/*.ts");
    return `${git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`;
  } catch {
    return "unknown";
  }
}

function versions(peers: boolean): Record<string, string> {
  const manifest = (path: string) => JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
  const { "@codemirror/state": codeMirror, "ot-text-unicode": otText } = manifest(".").devDependencies;
  const packages: Record<string, string> = manifest("bench").devDependencies;
  return {
    workerd: manifest("node_modules/workerd").version,
    wrangler: manifest("node_modules/wrangler").version,
    ...(peers && {
      "@codemirror/state": codeMirror,
      "ot-text-unicode": otText,
      ...Object.fromEntries(Object.entries(packages).filter(([name]) => !name.startsWith("@types/"))),
    }),
  };
}

/** Of statfs(2), for tmpfs. */
const tmpfs = 0x01021994;

const isInMemory = (folder: string): boolean => statfsSync(folder).type === tmpfs;
