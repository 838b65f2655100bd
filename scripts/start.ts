// `npm start`: makes what is missing (secrets, tables), serves on one port until Ctrl-C, and says where.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { announceMail } from "./announce-mail.ts";
import { buildWeb } from "./build-web.ts";
import { startLocalProvider } from "./local-oidc.ts";
import { exportingSpans } from "./local-otlp.ts";
import { completeSecrets } from "./local-secrets.ts";
import { showLog } from "./terminal-log.ts";
import { wranglerBin, wranglerEnv } from "./wrangler.ts";

process.chdir(resolve(import.meta.dirname, ".."));
const stateFolder = ".wrangler/state/v3";
const instanceFile = join(stateFolder, "instance.json");
const startTimeout = 60_000;
const stopTimeout = 5_000;

const port = Number(process.env.PORT || 8787);
/** Node's own, which debuggers look at first. */
const inspectorPort = Number(process.env.INSPECTOR_PORT || 9229);
const address = `http://127.0.0.1:${port}`;

/** Ends the command with one line that says what to do. */
function fail(line: string): never {
  console.error(line);
  process.exit(1);
}

const words = {
  "--with-oidc": "sign in with a provider on this machine in Google's place",
  "--inspect": `a debugger may connect to port ${inspectorPort} (docs/debugger.md)`,
};

/** Which of the words the command was given. */
function readWords(): (word: keyof typeof words) => boolean {
  const given = process.argv.slice(2);
  const unknown = given.find((word) => !Object.hasOwn(words, word));
  if (unknown !== undefined) {
    const known = Object.entries(words).map(([word, what]) => `${word}: ${what}`);
    fail(`Not known: ${unknown}. There is ${known.join("; ")}.`);
  }
  return (word) => given.includes(word);
}

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

interface Instance {
  pid: number;
  address: string;
  stopping: boolean;
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function writeInstance(stopping: boolean): void {
  const instance: Instance = { pid: process.pid, address, stopping };
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(instanceFile, JSON.stringify(instance));
}

/** Two services on one state folder would give one document two rooms, each with its own versions. */
async function refuseSecondInstance(): Promise<void> {
  if (!existsSync(instanceFile)) return;
  const other: Instance = JSON.parse(readFileSync(instanceFile, "utf8"));
  // After Ctrl-C the shell is back before the service is gone.
  const deadline = Date.now() + stopTimeout;
  while (other.stopping && alive(other.pid) && Date.now() < deadline) await sleep(50);
  if (alive(other.pid) && (await healthy(other.address))) {
    fail(
      `Materi is running here already, at ${other.address} (process ${other.pid}): use that one, or stop it first.`,
    );
  }
}

async function refusePort(): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    fail(`PORT must be a number from 1 to 65535, and it is "${process.env.PORT}": try PORT=8788 npm start`);
  }
  const probe = createServer();
  const code = await new Promise<string | undefined>((done) => {
    probe.once("error", (error: NodeJS.ErrnoException) => done(error.code));
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(undefined)));
  });
  const next = port === 65_535 ? 8787 : port + 1;
  if (code === "EADDRINUSE")
    fail(`Port ${port} is taken: stop what listens there, or try PORT=${next} npm start`);
  if (code) fail(`Port ${port} cannot be used (${code}): try PORT=8787 npm start`);
}

/** Applies the migrations to the local D1, unless these very files were applied to it by this very wrangler. */
function migrate(): void {
  const files = readdirSync("migrations").filter((name) => name.endsWith(".sql"));
  const digest = createHash("sha256").update(readFileSync("node_modules/wrangler/package.json"));
  for (const name of files.sort()) digest.update(`${name}\0`).update(readFileSync(join("migrations", name)));
  const now = digest.digest("hex");
  // Inside the database's own folder, so that one who deletes the data deletes this with it.
  const stamp = join(stateFolder, "d1/applied-migrations");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  console.log("Preparing the local database…");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [wranglerBin, "d1", "migrations", "apply", "DB", "--local"],
    { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", env: wranglerEnv },
  );
  if (status !== 0) fail(`${stdout}${stderr}The migrations of the local database failed: see above.`);
  writeFileSync(stamp, now);
}

function serve(settings: Record<string, string>): ChildProcess {
  // A developer's own, for this run.
  for (const name of ["LOG_LEVEL", "DEBUG_REQUESTS"]) settings[name] ??= process.env[name] ?? "";
  const vars = Object.entries(settings)
    .filter(([, value]) => value !== "")
    .flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const quiet = ["--log-level", process.env.WRANGLER_LOG ?? "info", "--show-interactive-dev-session=false"];
  const child = spawn(
    process.execPath,
    [
      wranglerBin,
      "dev",
      ...exportingSpans(process.env),
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--inspector-port",
      String(asked("--inspect") ? inspectorPort : 0),
      ...vars,
      ...quiet,
    ],
    // A process group of its own, so that it can be ended with all its children.
    { stdio: ["ignore", "pipe", "pipe"], detached: true, env: wranglerEnv },
  );
  showLog(child.stdout, process.stdout);
  showLog(child.stderr, process.stderr);
  return child;
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    return false;
  }
}

async function stop(pid: number): Promise<void> {
  writeInstance(true);
  signalGroup(pid, "SIGTERM");
  const deadline = Date.now() + stopTimeout;
  while (signalGroup(pid, 0) && Date.now() < deadline) await sleep(20);
  signalGroup(pid, "SIGKILL");
  rmSync(instanceFile, { force: true });
}

const asked = readWords();
await refuseSecondInstance();
await refusePort();
const made = completeSecrets(".dev.vars");
if (made.length > 0)
  console.log(`Made ${made.join(", ")} in .dev.vars (ignored by git, readable by you only).`);
migrate();
if (!(await buildWeb())) fail("The web app could not be built: see above.");

// In this process, so that it ends with it.
const provider = asked("--with-oidc") ? await startLocalProvider() : undefined;
const child = serve({
  PUBLIC_URL: address,
  WEBHOOKS_TO_LOOPBACK: "true",
  PLAY_FAULTS: "true",
  ...provider?.settings,
});
const pid = child.pid ?? fail("wrangler could not be started.");
let stopping = false;
async function stopOnRequest(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await stop(pid);
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stopOnRequest);
// A signal to npm alone (a supervisor's) ends npm and its shell, but is not handed on to this process.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  setInterval(() => {
    if (process.ppid !== parent) void stopOnRequest();
  }, 500);
}
child.on("exit", async (code, signal) => {
  if (stopping) return;
  stopping = true;
  await stop(pid);
  fail(`The service ended by itself (${signal ?? `exit code ${code}`}): see above.`);
});
writeInstance(false);
announceMail();

const deadline = Date.now() + startTimeout;
while (!(await healthy(address))) {
  if (Date.now() > deadline) {
    stopping = true;
    await stop(pid);
    fail(`The service did not answer ${address}/health within ${startTimeout / 1000} s: see above.`);
  }
  await sleep(100);
}
if (!stopping) {
  // On Cloudflare the cron of wrangler.toml rings; here nobody else does.
  setInterval(() => void fetch(`${address}/cdn-cgi/local/scheduled`).catch(() => {}), 60_000);
  console.log(`
Materi is running. Ctrl-C stops it; its data stays in .wrangler/state.

  App      ${address}
  REST     ${address}/api/v1
  Sockets  ws://127.0.0.1:${port}/ws/documents/{id}
  API      ${address}/docs
${provider ? `\nSign in with a local provider in Google's place (any address, any password):\n\n  ${address}/api/v1/auth/oauth/google\n` : ""}
Make an account, and see it answer with an access token:

  curl -s ${address}/api/v1/auth/register -H 'content-type: application/json' \\
    -d '{"email":"ada@example.com","password":"a long enough password","name":"Ada"}'

E-mails are not sent: each becomes a file, which is named here.
`);
}
