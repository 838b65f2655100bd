import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { newSecrets } from "../../scripts/local-secrets.ts";
import { wranglerBin, wranglerEnv } from "../../scripts/wrangler.ts";
import { secretsIn } from "./log-secrets.ts";
import { freePort } from "./npm-start.ts";
import type { ServeSettings } from "./serve.ts";

const root = resolve(import.meta.dirname, "../..");

/** The service in a process group of its own, to be killed and started again. */
export interface Server {
  /** `http://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string;
  /** Kills Node and workerd alike with SIGKILL; resolves when the port is closed. */
  kill9(): Promise<void>;
  /** Starts again with the same port, data and secrets, after killing what still runs; from then on with other flags of V8 where some are given. */
  restart(v8Flags?: string): Promise<void>;
  /** What workerd has in memory. */
  residentBytes(): number;
  /** Ends it, and deletes the data unless their folder was given. Throws if there was a secret in its log. */
  stop(): Promise<void>;
}

interface Bundle {
  worker: ServeSettings["miniflare"];
  migrations: ServeSettings["migrations"];
}

const bundles = new Map<string, Promise<Bundle>>();

/** The Worker as it would be deployed, with the options that wrangler.toml gives it. Made once per process. */
async function makeBundle(main: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), "materi-bundle-"));
  // wrangler asks that it is there, also where nobody has built the web app.
  mkdirSync(join(root, "dist/web"), { recursive: true });
  const build = promisify(execFile)(
    process.execPath,
    [wranglerBin, "deploy", main, "--env", "", "--dry-run", "--outdir", folder],
    { cwd: root, env: wranglerEnv },
  );
  // Else it warns of secrets that wrangler.toml requires, which each server gets of its own.
  process.env.WRANGLER_LOG ??= "error";
  const { unstable_getMiniflareWorkerOptions: workerOptions, unstable_splitSqlQuery: split } = await import(
    "wrangler"
  );
  // The bundler has applied the rules for modules.
  const { modulesRules: _, ...options } = workerOptions(join(root, "wrangler.toml")).workerOptions;
  await build;
  const contents = readFileSync(join(folder, `${basename(main, ".ts")}.js`), "utf8");
  rmSync(folder, { recursive: true });
  return {
    worker: { ...options, name: "materi", modules: [{ type: "ESModule", path: "index.js", contents }] },
    migrations: readdirSync(join(root, "migrations"))
      .filter((name) => name.endsWith(".sql"))
      .sort()
      .map((name) => ({ name, statements: split(readFileSync(join(root, "migrations", name), "utf8")) })),
  };
}

/** Secrets live with the data, which would be worth little under others. */
function secretsOf(persist: string): Record<string, string> {
  const file = join(persist, "secrets.json");
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(newSecrets()), { mode: 0o600 });
  return JSON.parse(readFileSync(file, "utf8"));
}

async function portOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Starts the service with its data in `persist` (default: a new folder that `stop` deletes) on `port` (default: one
 * that stays free). `main` is the Worker's entry, `v8Flags` are workerd's. Without wrangler's proxies in between: requests go to workerd itself.
 */
export async function startServer({
  persist,
  port: given,
  main = "src/index.ts",
  v8Flags = "",
  settings = {},
  onLog = () => {},
}: {
  persist?: string;
  port?: number;
  main?: string;
  v8Flags?: string;
  /** Settings of the Worker besides those of wrangler.toml. */
  settings?: Record<string, string>;
  /** Hears every line of the service's log. */
  onLog?: (line: string) => void;
} = {}): Promise<Server> {
  const port = given ?? (await freePort());
  const bundle = bundles.get(main) ?? makeBundle(main);
  bundles.set(main, bundle);
  const { worker, migrations } = await bundle;
  const folder = persist ?? mkdtempSync(join(tmpdir(), "materi-data-"));
  const settingsFile = join(folder, "serve.json");
  const temporary = join(folder, "tmp");
  mkdirSync(temporary, { recursive: true });
  const secrets = secretsOf(folder);
  const logged: string[] = [];
  let running: ChildProcess | undefined;
  let migrated = false;

  async function start(): Promise<void> {
    const serveSettings: ServeSettings = {
      miniflare: {
        ...worker,
        bindings: { ...(worker.bindings as Record<string, string>), ...secrets, ...settings },
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
        host: "127.0.0.1",
        port: 0,
        cf: false,
        resourcePersistencePath: folder,
      },
      migrations: migrated ? [] : migrations,
    };
    writeFileSync(settingsFile, JSON.stringify(serveSettings), { mode: 0o600 });
    const child = spawn(process.execPath, [join(root, "test/support/serve.ts"), settingsFile], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // What a killed Miniflare leaves behind is deleted with the data.
      env: { ...wranglerEnv, TMPDIR: temporary, MINIFLARE_WORKERD_V8_FLAGS: v8Flags },
    });
    for (const [from, to] of [
      [child.stdout!, process.stdout],
      [child.stderr!, process.stderr],
    ] as const) {
      createInterface(from).on("line", (line) => {
        // A line for every request would bury what a test has to say; what is wrong is in stderr.
        if (!(from === child.stdout && line.startsWith('{"event":'))) to.write(`${line}\n`);
        onLog(line);
        for (const secret of secretsIn(line)) logged.push(`${secret} in: ${line}`);
      });
    }
    running = child;
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code, signal]) => {
        throw new Error(`The service ended before it was ready (${signal ?? code}).`);
      }),
    ]);
    migrated = true;
  }

  async function kill9(): Promise<void> {
    const child = running;
    if (!child?.pid) return;
    running = undefined;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
    await ended;
    // Where it never listened, it may be another's.
    while (migrated && (await portOpen(port))) await sleep(5);
  }

  function residentBytes(): number {
    const processes = execFileSync("ps", ["-A", "-o", "pgid=,rss=,comm="], { encoding: "utf8" });
    const own = processes
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([group, , command]) => Number(group) === running?.pid && basename(command ?? "") === "workerd",
      );
    return own.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1_024, 0);
  }

  async function stop(): Promise<void> {
    await kill9();
    for (const path of persist === undefined ? [folder] : [settingsFile, temporary]) {
      rmSync(path, { recursive: true, force: true });
    }
    if (logged.length > 0) throw new Error(`The log of the service has secrets: ${logged.join("\n")}`);
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    kill9,
    async restart(others = v8Flags) {
      v8Flags = others;
      await kill9();
      await start();
    },
    residentBytes,
    stop,
  };
}
