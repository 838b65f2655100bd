// `npm run restore`: a service from a backup.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BackupFolder } from "./backup/folder.ts";
import { Lives } from "./backup/lives.ts";
import { Register, type Row } from "./backup/register.ts";
import { logIn } from "./deploy/cloudflare.ts";
import { environmentOf } from "./deploy/environment.ts";
import { Failure } from "./deploy/failure.ts";
import { publicUrl } from "./deploy/resources.ts";

const help = `npm run restore -- --env staging|production --from FOLDER [--document ID] [--url URL]

Brings a backup (npm run backup) into an empty service: one that was deployed and in which nobody has an account. A run that
died is run again. docs/backup.md tells what does not come back.

  --document ID  only this document's text and history, into a service that goes on: they take the place of what is there
  --url URL      the service (PUBLIC_URL)

MATERI_ADMIN_TOKEN holds the service's ADMIN_TOKEN; wrangler is logged in, or CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID
are set. Exit codes: 0 done, 1 not, 2 wrong use.`;

const choices = {
  env: { type: "string" },
  from: { type: "string" },
  document: { type: "string" },
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
  if (!options.from) throw new Failure(2, help);
  const from = resolve(options.from);
  process.chdir(resolve(import.meta.dirname, ".."));
  const environment = environmentOf(options.env ?? "");
  const { tables, documents } = BackupFolder.list(from);
  if (options.document !== undefined && !documents.includes(options.document)) {
    throw new Failure(1, `${from} has no document ${options.document}.`);
  }
  const api = await logIn();
  const lives = new Lives(options.url ?? (await publicUrl(api, environment)));
  if (options.document !== undefined) {
    await lives.write(options.document, BackupFolder.read(from, `document-${options.document}`), true);
    return console.log(`${options.document} is as it was in the backup.`);
  }
  await restoreTables(await Register.of(api, environment), from, tables);
  let written = 0;
  for (const id of documents) {
    if (await lives.write(id, BackupFolder.read(from, `document-${id}`), false)) written += 1;
  }
  console.log(
    `${tables.length} tables and ${written} documents; ${documents.length - written} were there already.`,
  );
}

async function restoreTables(register: Register, from: string, tables: readonly string[]): Promise<void> {
  const rowsOf = (table: string): Row[] =>
    BackupFolder.read(from, `table-${table}`)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  if (await register.hasOthers(new Set(rowsOf("users").map(({ id }) => String(id))))) {
    throw new Failure(
      1,
      "There are people in this service who are not in the backup: restore into an empty one.",
    );
  }
  // A row is refused before the one that it refers to is there: such tables come after the others, as often as that helps.
  let waiting = [...tables];
  for (let last: Failure | undefined; waiting.length > 0; ) {
    const refused: string[] = [];
    for (const table of waiting) {
      try {
        await register.insert(table, rowsOf(table));
      } catch (error) {
        if (!(error instanceof Failure && /FOREIGN KEY/i.test(error.message))) throw error;
        last = error;
        refused.push(table);
      }
    }
    if (refused.length === waiting.length) throw last;
    waiting = refused;
  }
}

try {
  await run();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
