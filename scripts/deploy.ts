// `npm run deploy`: from nothing to a running service on a Cloudflare account, and back to the version before.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildWeb } from "./build-web.ts";
import { type CloudflareApi, logIn, wrangler } from "./deploy/cloudflare.ts";
import { type Environment, environmentOf } from "./deploy/environment.ts";
import { Failure } from "./deploy/failure.ts";
import { ensureDatabase, ensureQueues, ensureSecrets, migrate, publicUrl } from "./deploy/resources.ts";
import { smokeTest } from "./deploy/smoke-test.ts";
import { formerOf, notRolledBack, rollBack, type Served, servedVersions } from "./deploy/versions.ts";

const help = `npm run deploy -- --env staging|production [options]

Makes what the service needs on the Cloudflare account that wrangler is logged in to (or CLOUDFLARE_API_TOKEN and
CLOUDFLARE_ACCOUNT_ID), or finds it there; applies the migrations; deploys; tries the new version, and puts the former one back if
it is not well. Every step finds what is done already, so a run that died is run again.

  --dry-run         says what would be done and bundles the Worker; asks nobody
  --rollback        has the version serve that served before this one
  --without-checks  neither the checks (npm run check) nor a clean working tree: CI has seen to both
  --secrets FILE    where secrets that are made here are kept (.secrets.<env>.json, ignored by git)
  --location HINT   where a database that is made here has its primary: weur, eeur, apac, oc, wnam, enam
  --url URL         where the service is tried (PUBLIC_URL)

Exit codes: 0 done, 1 nothing new serves, 2 wrong use, 3 the new version was not well and the former one serves again,
4 the new version is not well and serves.`;

const choices = {
  env: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  rollback: { type: "boolean", default: false },
  "without-checks": { type: "boolean", default: false },
  secrets: { type: "string" },
  location: { type: "string" },
  url: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const parse = () => {
  try {
    return parseArgs({ options: choices }).values;
  } catch (error) {
    throw new Failure(2, `${(error as Error).message}\n\n${help}`);
  }
};
type Options = ReturnType<typeof parse>;

function git(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync("git", words, { encoding: "utf8" });
  if (status !== 0) throw new Failure(1, `git ${words.join(" ")}: ${stderr.trim()}`);
  return stdout.trim();
}

/** Of what is in this folder: the commit, marked if there is more than it. */
const commit = () =>
  `${git("rev-parse", "--short=12", "HEAD")}${git("status", "--porcelain") ? "-dirty" : ""}`;

function check(): string {
  if (git("status", "--porcelain"))
    throw new Failure(1, "There are changes that are not committed: see git status.");
  const { status } = spawnSync(process.execPath, ["scripts/check.ts"], { stdio: "inherit" });
  if (status !== 0) throw new Failure(1, "The checks failed: see above.");
  return `commit ${commit()} is sound`;
}

async function dryRun({ name, worker }: Environment, titles: string[]): Promise<number> {
  console.log(`To ${worker}, commit ${commit()}:\n`);
  for (const [index, title] of titles.entries()) console.log(`${index + 1}. ${title}`);
  if (!(await buildWeb())) throw new Failure(1, "The web app could not be built: see above.");
  console.log(await wrangler(["deploy", "--env", name, "--dry-run", "--outdir", `.wrangler/deploy/${name}`]));
  return 0;
}

async function deploy(environment: Environment, options: Options): Promise<number> {
  const { name, database, queues } = environment;
  const tag = commit();
  const api = options["dry-run"] ? undefined : await logIn();
  let url = "";
  let before: Served | undefined;
  let serving: Served | undefined;

  const steps: [string, (api: CloudflareApi) => string | Promise<string>][] = [
    [
      "Checks: nothing that is not committed, npm run check",
      () => (options["without-checks"] ? "left out" : check()),
    ],
    [
      "Public address",
      async (api) => {
        url = await publicUrl(api, environment);
        return url;
      },
    ],
    [`D1 database ${database}`, (api) => ensureDatabase(api, environment, options.location)],
    [`Queues ${queues.join(", ")}`, (api) => ensureQueues(api, environment)],
    [
      "Web app",
      async () => {
        if (!(await buildWeb())) throw new Failure(1, "The web app could not be built: see above.");
        return "built";
      },
    ],
    [
      "Secrets",
      (api) => {
        const file = options.secrets ?? `.secrets.${name}.json`;
        return ensureSecrets(api, environment, file, options.secrets !== undefined || !process.env.CI);
      },
    ],
    ["Migrations, before the code that needs them", (api) => migrate(api, environment)],
    [
      "Worker",
      async (api) => {
        [before] = await servedVersions(api, environment);
        if (before?.commit === tag && !tag.endsWith("-dirty")) {
          serving = before;
          return `version ${before.version}, of this commit, serves already`;
        }
        const words = ["deploy", "--env", name, "--tag", tag, "--message", `npm run deploy, commit ${tag}`];
        await wrangler([...words, "--var", `PUBLIC_URL:${url}`]);
        [serving] = await servedVersions(api, environment);
        return `version ${serving?.version} serves`;
      },
    ],
  ];
  if (!api)
    return dryRun(environment, [...steps.map(([title]) => title), "Smoke test; if it fails, roll back"]);
  for (const [title, run] of steps) console.log(`${title}: ${await run(api)}`);
  if (environment.mailFrom.endsWith("@example.com")) {
    console.log(`No message comes from ${environment.mailFrom}: set MAIL_FROM in wrangler.toml.`);
  }
  if (!serving) throw new Failure(4, "Cloudflare tells of no version that serves.");
  return await tryService(environment, options.url ?? url, serving.version, before);
}

/** Tries the version that serves, and puts the former one back if it is not well. Answers the exit code. */
async function tryService(
  environment: Environment,
  url: string,
  version: string,
  before: Served | undefined,
): Promise<number> {
  const wrong = await smokeTest(url, version);
  if (wrong === undefined) {
    console.log(`Smoke test: ${url} is well.`);
    return 0;
  }
  console.error(`Smoke test: ${wrong}`);
  if (before === undefined || before.version === version) {
    console.error(`There is no version before ${version}, so it goes on serving. See docs/runbook.md.`);
    return 4;
  }
  try {
    await rollBack(environment, before.version, `npm run deploy: the smoke test of ${version} failed`);
  } catch (error) {
    console.error(`${(error as Error).message}\nVersion ${version} goes on serving. See docs/runbook.md.`);
    return 4;
  }
  console.error(`Version ${before.version} serves again. ${notRolledBack}`);
  return 3;
}

async function backToFormer(environment: Environment, options: Options): Promise<number> {
  const api = await logIn();
  const served = await servedVersions(api, environment);
  const { version } = formerOf(served);
  if (options["dry-run"]) {
    console.log(`Version ${version} would serve instead of ${served[0]?.version}. ${notRolledBack}`);
    return 0;
  }
  await rollBack(environment, version, `npm run deploy -- --rollback, from ${served[0]?.version}`);
  console.log(`Version ${version} serves again. ${notRolledBack}`);
  return await tryService(
    environment,
    options.url ?? (await publicUrl(api, environment)),
    version,
    undefined,
  );
}

process.chdir(resolve(import.meta.dirname, ".."));
try {
  const options = parse();
  if (options.help) console.log(help);
  else {
    const environment = environmentOf(options.env ?? "");
    process.exitCode = await (options.rollback ? backToFormer : deploy)(environment, options);
  }
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
