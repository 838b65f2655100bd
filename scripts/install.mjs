// Runs before `npm start`, `npm test` and `npm run check`, on whatever Node the machine has (20 or newer): brings
// node_modules up to the lockfile, Node 24 among it (the node-* packages), on which the command itself then runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";

process.chdir(resolve(import.meta.dirname ?? ".", ".."));
const localBin = resolve("node_modules/.bin");

function fail(line) {
  console.error(line);
  process.exit(1);
}

/** Whether npm's own record of what it installed, which it writes last, has every package of the lockfile. */
function installed() {
  const record = "node_modules/.package-lock.json";
  if (!existsSync(record)) return false;
  const have = JSON.parse(readFileSync(record, "utf8")).packages;
  const want = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
  // Optional packages are for other platforms as well, so that none of them need be here.
  return Object.entries(want).every(
    ([path, { version, optional }]) => path === "" || optional || have[path]?.version === version,
  );
}

function install() {
  console.log("Installing dependencies (the first time takes a minute)…");
  // Without node_modules/.bin on the PATH: npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== localBin);
  const flags =
    "ci --include=dev --include=optional --engine-strict=false --no-audit --no-fund --loglevel=error";
  const { npm_node_execpath: node, npm_execpath: npm } = process.env;
  const { status, stderr } = spawnSync(node && npm ? `"${node}" "${npm}" ${flags}` : `npm ${flags}`, {
    shell: true,
    stdio: ["ignore", "inherit", "pipe"],
    encoding: "utf8",
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (status === 0) return;
  if (
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/.test(
      stderr,
    )
  ) {
    fail(
      "npm cannot reach its registry, and the dependencies are not installed yet: connect to the network and try again.",
    );
  }
  fail(`${stderr}npm could not install the dependencies: see its words above.`);
}

/** The version of the Node that npm scripts will find first on their PATH, or undefined if it does not run. */
function scriptNode() {
  const file = resolve(localBin, process.platform === "win32" ? "node.cmd" : "node");
  if (!existsSync(file)) return process.versions.node;
  const { status, stdout } = spawnSync(`"${file}" --version`, { shell: true, encoding: "utf8" });
  return status === 0 ? stdout.trim().slice(1) : undefined;
}

if (Number.parseInt(process.versions.node, 10) < 20) {
  fail(
    `Materi needs Node 20 or newer to install itself, and this is ${process.version}: see https://nodejs.org.`,
  );
}
if (!installed()) install();
const node = scriptNode();
if (node === undefined || Number.parseInt(node, 10) < 24) {
  fail(
    `Materi runs on Node 24, and npm has none that works on ${process.platform} ${process.arch}: install Node 24 from https://nodejs.org and try again.`,
  );
}
