// `npm run check`: every check of the project, all of them even if one fails, and at the end which did.
// `--without-tests` leaves the tests out, for one who runs them by themselves.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { forbiddenImportsOfProject } from "./check-imports.ts";
import { destructiveMigrations } from "./check-migrations.ts";
import { wranglerEnv } from "./wrangler.ts";

process.chdir(resolve(import.meta.dirname, ".."));
const env = { ...wranglerEnv, PATH: `${resolve("node_modules/.bin")}${delimiter}${process.env.PATH}` };

/** Runs a tool of node_modules/.bin; answers what it said if it failed. */
function run(command: string, stdio: "pipe" | "inherit" = "pipe"): string[] {
  const { status, stdout, stderr } = spawnSync(command, {
    shell: true,
    stdio: ["ignore", stdio, stdio],
    encoding: "utf8",
    env,
  });
  return status === 0 ? [] : [`${stdout ?? ""}${stderr ?? ""}`.trim() || `exit code ${status}`];
}

const typeScriptProjects = globSync("{src,test,scripts,bench}/**/tsconfig.json", {
  exclude: ["**/node_modules/**"],
}).map((file) => dirname(file).replaceAll("\\", "/"));

const checks: [string, () => string[]][] = [
  ["format and lint", () => run("biome ci --colors=off .")],
  ...typeScriptProjects
    .sort()
    .map((path): [string, () => string[]] => [`types of ${path}`, () => run(`tsc -p ${path}`)]),
  [
    "types of the bindings (npm run types)",
    () => run("wrangler types --check --include-runtime=false --strict-vars=false src/bindings.d.ts"),
  ],
  ["import rules", forbiddenImportsOfProject],
  ["migrations", destructiveMigrations],
];
if (!process.argv.includes("--without-tests")) checks.push(["tests", () => run("vitest run", "inherit")]);

const failed: string[] = [];
for (const [name, check] of checks) {
  const faults = check();
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"}  ${name}`);
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\n${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}.`);
  process.exit(1);
}
console.log(`\nAll ${checks.length} checks passed.`);
