// `npm run backup`: all of a service in one folder.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BackupFolder } from "./backup/folder.ts";
import { Lives } from "./backup/lives.ts";
import { Register } from "./backup/register.ts";
import { logIn } from "./deploy/cloudflare.ts";
import { environmentOf } from "./deploy/environment.ts";
import { Failure } from "./deploy/failure.ts";
import { publicUrl } from "./deploy/resources.ts";

const help = `npm run backup -- --env staging|production --to FOLDER [--url URL]

Writes what is in D1, and every document's text with its history, into a folder; one that is there is brought up to date, and
documents that have not changed are left as they are. docs/backup.md tells what is in it and what is not.

  --url URL   the service (PUBLIC_URL)

MATERI_ADMIN_TOKEN holds the service's ADMIN_TOKEN; wrangler is logged in, or CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID
are set. Exit codes: 0 done, 1 not, 2 wrong use.`;

const choices = {
  env: { type: "string" },
  to: { type: "string" },
  url: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

function parse() {
  try {
    return parseArgs({ options: choices }).values;
  } catch (error) {
    throw new Failure(2, `${(error as Error).message}\n\n${help}`);
  }
}

async function run(): Promise<void> {
  const options = parse();
  if (options.help) return console.log(help);
  if (!options.to) throw new Failure(2, help);
  const to = resolve(options.to);
  process.chdir(resolve(import.meta.dirname, ".."));
  const environment = environmentOf(options.env ?? "");
  const api = await logIn();
  const lives = new Lives(options.url ?? (await publicUrl(api, environment)));
  const register = await Register.of(api, environment);
  const folder = new BackupFolder(to);

  // D1 first: what it names is then read at this moment or later, and never lacks its text.
  const documents: string[] = [];
  let rows = 0;
  const tables = await register.tables();
  for (const table of tables) {
    let text = "";
    for await (const page of register.rows(table)) {
      rows += page.length;
      if (table === "documents") documents.push(...page.map(({ id }) => String(id)));
      for (const row of page) text += `${JSON.stringify(row)}\n`;
    }
    folder.write(`table-${table}`, text);
  }
  let written = 0;
  let kept = 0;
  for (const id of documents) {
    const version = await lives.version(id);
    if (version === undefined) continue;
    if (folder.keep(`document-${id}`, version)) {
      kept += 1;
      continue;
    }
    const bundle = await lives.read(id);
    if (bundle === undefined) continue;
    folder.write(`document-${id}`, bundle, versionOf(bundle));
    written += 1;
  }
  folder.finish();
  console.log(
    `${rows} rows of ${tables.length} tables, ${written} documents, and ${kept} as they were, in ${to}`,
  );
}

const versionOf = (bundle: string) =>
  (JSON.parse(bundle.slice(0, bundle.indexOf("\n"))) as { version: number }).version;

try {
  await run();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
