// Runs before `npm start`, `npm test` and `npm run check`, on whatever Node the machine has (20 or newer): brings
// node_modules up to the lockfile, Node 24 among it (the node-* packages), on which the command itself then runs.
// `install.mjs bench` does the same for that folder's lockfile, too.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

process.chdir(resolve(import.meta.dirname ?? ".", ".."));
const localBin = resolve("node_modules/.bin");

function fail(line) {
  console.error(line);
  process.exit(1);
}

/** Whether npm's own record of what it installed in a folder, which it writes last, has every package of the lockfile. */
function installed(folder) {
  const record = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const have = JSON.parse(readFileSync(record, "utf8")).packages;
  const want = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  // Optional packages are for other platforms as well, so that none of them need be here.
  return Object.entries(want).every(
    ([path, { version, optional }]) => path === "" || optional || have[path]?.version === version,
  );
}

/** Runs npm: the very one that runs this script, if one does. */
function npm(folder, ...words) {
  const { npm_node_execpath: node, npm_execpath: file } = process.env;
  // Without node_modules/.bin on the PATH: npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== localBin);
  return spawnSync([node && file ? `"${node}" "${file}"` : "npm", ...words].join(" "), {
    shell: true,
    cwd: folder,
    stdio: ["ignore", words[0] === "ping" ? "ignore" : "inherit", "pipe"],
    encoding: "utf8",
    env: { ...process.env, PATH: path.join(delimiter) },
  });
}

const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONN[A-Z]+|E(NET|HOST)UNREACH|E\w*TIMEDOUT|ERR_SOCKET_TIMEOUT)\b/;
const offline =
  "npm cannot reach its registry, and not all dependencies are installed: connect and try again.";

function install(folder) {
  // Asked first: without a network, npm tries for minutes before it says so.
  if (unreachable.test(npm(folder, "ping", "--fetch-retries=0").stderr)) fail(offline);
  console.log("Installing dependencies (the first time takes a minute)…");
  // Not `npm ci`: it refuses a lockfile that lacks an optional package of some other platform. The lockfile rules
  // all the same, and --no-save leaves it as it is.
  const { status, stderr } = npm(
    folder,
    "install --no-save --include=dev --include=optional --engine-strict=false",
    "--no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000",
  );
  if (status === 0) return;
  fail(
    unreachable.test(stderr)
      ? offline
      : `${stderr}npm could not install the dependencies: see its words above.`,
  );
}

/** The version of the Node that npm scripts will find first on their PATH: the project's own, if it runs here. */
function scriptNode() {
  const file = resolve(localBin, process.platform === "win32" ? "node.cmd" : "node");
  if (existsSync(file)) {
    const { status, stdout } = spawnSync(`"${file}" --version`, { shell: true, encoding: "utf8" });
    if (status === 0) return stdout.trim().slice(1);
    // As on a Linux without glibc. It must not stand before one that works.
    rmSync(file);
  }
  return process.versions.node;
}

if (Number.parseInt(process.versions.node, 10) < 20) {
  fail(
    `Materi needs Node 20 or newer to install itself, and this is ${process.version}: see https://nodejs.org.`,
  );
}
for (const folder of [".", ...process.argv.slice(2)]) if (!installed(folder)) install(folder);
if (Number.parseInt(scriptNode(), 10) < 24) {
  fail(
    `Materi runs on Node 24; this is ${process.version}, and npm has no newer one that works on ${process.platform} ${process.arch}: install it from https://nodejs.org and try again.`,
  );
}
