import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// `npm start` in a copy of the checkout, as git sees it: no secrets, no data. --ignore-scripts leaves out the
// install alone, so that the linked node_modules are never touched.

const copied = [
  "migrations/",
  "scripts/",
  "src/",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  "tsconfig.json",
  "vite.config.ts",
  ".gitignore",
];

/** What `npm start` needs of this checkout, in a folder of its own. */
export function copyOfCheckout(): string {
  const checkout = mkdtempSync(join(tmpdir(), "materi-start-"));
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  for (const file of listed.stdout.split("\n")) {
    if (copied.some((prefix) => file.startsWith(prefix))) cpSync(file, join(checkout, file));
  }
  symlinkSync(resolve("node_modules"), join(checkout, "node_modules"));
  return checkout;
}

export interface Start {
  process: ChildProcess;
  said: () => string;
}

export function npmStart(checkout: string, port: number, ...words: string[]): Start {
  const child = spawn("npm", ["start", "--ignore-scripts", "--", ...words], {
    cwd: checkout,
    env: { ...process.env, PORT: String(port), npm_config_loglevel: "error" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part) => (text += part));
  return { process: child, said: () => text };
}

export async function running(start: Start): Promise<void> {
  while (!start.said().includes("Materi is running")) {
    if (start.process.exitCode !== null) throw new Error(`npm start ended: ${start.said()}`);
    await sleep(50);
  }
}

/** Ends it as Ctrl-C does, and waits for all that it has started. */
export async function stopped({ process: child }: Start): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const members = family(child.pid!);
  process.kill(-child.pid!, "SIGINT");
  while (left(members).length > 0) await sleep(50);
}

function processes(): { pid: number; parent: number }[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,ppid=,stat="], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

/** The process and all that descend from it. */
export function family(pid: number): number[] {
  const all = processes();
  const members = [pid];
  for (const member of members) members.push(...all.filter((p) => p.parent === member).map((p) => p.pid));
  return members;
}

/** Those of a family that still run. */
export function left(members: number[]): number[] {
  return processes().flatMap(({ pid }) => (members.includes(pid) ? [pid] : []));
}

export async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Below those that systems give to whoever asks for any, sockets that connect among them: one of these stays free. */
const firstPort = 20_000;
const ports = 12_000;
/** Processes that run beside this one begin elsewhere. */
let tried = process.pid * 32;

/** A port that is free, and that nobody is given before the service listens there, nor while it is started anew. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + (tried++ % ports);
    try {
      const server = await listen(port);
      server.close();
      await once(server, "close");
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}
