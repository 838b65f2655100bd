// Runs before `npm start` and `npm test`, on whatever Node the machine has: brings the dependencies up to the
// lockfile, Node 24 among them (the node-* packages), so that the command itself then runs on that.
import { execSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(`Materi needs Node 20 or newer to install itself; this is ${process.version}. See https://nodejs.org.`);
  process.exit(1);
}

const stamp = "node_modules/.materi-lock";
const lock = readFileSync("package-lock.json", "utf8");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.log("Installing dependencies…");
  try {
    execSync("npm ci --no-audit --no-fund --loglevel=error", { stdio: "inherit" });
  } catch {
    console.error("npm could not install the dependencies (see above). Is the npm registry reachable?");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
if (!existsSync("node_modules/.bin/node") && !existsSync("node_modules/.bin/node.cmd") && major < 24) {
  console.error(
    `Materi runs on Node 24, and npm has none for ${process.platform}-${process.arch}; this is ${process.version}. Install Node 24 and try again.`,
  );
  process.exit(1);
}
