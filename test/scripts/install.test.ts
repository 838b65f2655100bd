import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "materi-install-"));
  mkdirSync(join(project, "scripts"));
  mkdirSync(join(project, "node_modules"));
  copyFileSync("scripts/install.mjs", join(project, "scripts/install.mjs"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "p", dependencies: { zod: "4.0.0" } }));
});
afterEach(() => rmSync(project, { recursive: true }));

function lock(file: string, packages: Record<string, object>): void {
  writeFileSync(join(project, file), JSON.stringify({ name: "p", lockfileVersion: 3, packages }));
}

/** Runs the script with a registry that nothing serves, so that a wish to install shows as a failure. */
function install(nodeFlags: string[] = [], folders: string[] = []): { status: number | null; said: string } {
  const { npm_execpath: _, npm_node_execpath: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...nodeFlags, "scripts/install.mjs", ...folders],
    {
      cwd: project,
      encoding: "utf8",
      env: { ...env, npm_config_registry: "http://127.0.0.1:1", npm_config_cache: join(project, "cache") },
    },
  );
  return { status, said: stdout + stderr };
}

/** Flags that have Node take itself for this version. */
function pretend(version: string): string[] {
  const code = `Object.defineProperties(process,{version:{value:'${version}'},versions:{value:{node:'${version.slice(1)}'}}})`;
  return ["--import", `data:text/javascript,${code}`];
}

const wanted = {
  "": {},
  "node_modules/zod": { version: "4.0.0" },
  "node_modules/for-windows": { version: "1.0.0", optional: true },
};
const offline =
  "npm cannot reach its registry, and not all dependencies are installed: connect and try again.\n";

test("does nothing, and says nothing, if npm's record matches the lockfile", () => {
  lock("package-lock.json", wanted);
  lock("node_modules/.package-lock.json", { "node_modules/zod": { version: "4.0.0" } });
  expect(install()).toEqual({ status: 0, said: "" });
});

test.each([
  ["nothing is installed", undefined],
  ["a package is missing", {}],
  ["a package has another version", { "node_modules/zod": { version: "3.9.0" } }],
])("installs if %s; without a network it says so in one line", (_, have) => {
  lock("package-lock.json", wanted);
  if (have) lock("node_modules/.package-lock.json", have);
  expect(install()).toEqual({ status: 1, said: offline });
});

test("looks after the lockfile of another folder, too, if it is named", () => {
  lock("package-lock.json", {});
  lock("node_modules/.package-lock.json", {});
  mkdirSync(join(project, "bench"));
  lock("bench/package-lock.json", wanted);
  expect(install()).toEqual({ status: 0, said: "" });
  expect(install([], ["bench"])).toEqual({ status: 1, said: offline });
});

test("refuses a Node that is too old in one line", () => {
  lock("package-lock.json", wanted);
  expect(install(pretend("v18.20.8"))).toEqual({
    status: 1,
    said: "Materi needs Node 20 or newer to install itself, and this is v18.20.8: see https://nodejs.org.\n",
  });
});

test.each([
  [
    "v20.20.2",
    { status: 1, said: expect.stringMatching(/^Materi runs on Node 24; this is v20.20.2, .*\n$/) },
  ],
  ["v24.0.0", { status: 0, said: "" }],
])("takes the machine's own Node if the project's does not run here: %s", (version, result) => {
  lock("package-lock.json", {});
  lock("node_modules/.package-lock.json", {});
  mkdirSync(join(project, "node_modules/.bin"));
  writeFileSync(join(project, "node_modules/.bin/node"), "not a program", { mode: 0o755 });
  expect(install(pretend(version))).toEqual(result);
  expect(existsSync(join(project, "node_modules/.bin/node"))).toBe(false);
});
