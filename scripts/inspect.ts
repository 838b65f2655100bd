// `npm run inspect`: a document's life, to be looked at, exported and replayed.
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { anonymized } from "../src/time-travel/anonymize.ts";
import { encodeBundle } from "../src/time-travel/bundle.ts";
import { filterHelp, parseFilter } from "../src/time-travel/filter-words.ts";
import { matching } from "../src/time-travel/operation-filter.ts";
import { Timeline } from "../src/time-travel/timeline.ts";
import { InspectFailure } from "./inspect/failure.ts";
import { faultLines, jsonLine, summary, tableHead, tableLine } from "./inspect/print.ts";
import { readBundle } from "./inspect/read-bundle.ts";
import { show } from "./inspect/terminal.ts";

const help = `npm run inspect -- DOCUMENT            look at a document's life: DOCUMENT is its id, or a bundle's file
npm run inspect -- export DOCUMENT     write it into a bundle, a file to be sent and kept
npm run inspect -- replay DOCUMENT     replay it, and stop where it comes to another text than the service did

For a document's id the service is asked; MATERI_ADMIN_TOKEN holds its ADMIN_TOKEN (of the one that
npm start runs here, .dev.vars does).

  --url URL          the service (http://127.0.0.1:8787)
  --filter WORDS     only some operations: ${filterHelp}
  --at VERSION       print the text at a version
  --table, --json    print the operations; a table is also what is printed where there is no terminal
  --limit N          at most so many of them, the newest (1000; 0: all)
  --output FILE      where to export to (materi-ID.ndjson.gz); with .gz it is packed
  --anonymize        export without words and names: letters become others, people numbers

Exit codes: 0 done, 1 the replay differs, 2 wrong use, 3 no bundle, 4 no server, 6 refused by the service.`;

const options = {
  url: { type: "string", default: "http://127.0.0.1:8787" },
  filter: { type: "string", default: "" },
  at: { type: "string" },
  table: { type: "boolean" },
  json: { type: "boolean" },
  limit: { type: "string", default: "1000" },
  output: { type: "string" },
  anonymize: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function parsed() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new InspectFailure("usage", `${(error as Error).message}\n\n${help}`);
  }
}

/** That of the service which `npm start` runs here. */
function localToken(url: string): string | undefined {
  const isHere = ["127.0.0.1", "localhost"].includes(URL.parse(url)?.hostname ?? "");
  if (!isHere || !existsSync(".dev.vars")) return undefined;
  return /^ADMIN_TOKEN='?([^'\n]+)/m.exec(readFileSync(".dev.vars", "utf8"))?.[1];
}

async function run(): Promise<number> {
  const { values, positionals } = parsed();
  if (values.help) {
    console.log(help);
    return 0;
  }
  const isCommand = positionals[0] === "export" || positionals[0] === "replay";
  const [command, place] = isCommand ? positionals : ["look", positionals[0]];
  if (!place || positionals.length > (isCommand ? 2 : 1)) throw new InspectFailure("usage", help);
  const { url } = values;
  const service = { url, token: process.env.MATERI_ADMIN_TOKEN ?? localToken(url) };
  const read = await readBundle(place, service);
  if (command === "export") {
    const bundle = values.anonymize ? anonymized(read) : read;
    const path = values.output ?? `materi-${bundle.head.documentId}.ndjson.gz`;
    const lines = Readable.from(encodeBundle(bundle));
    if (path.endsWith(".gz")) await pipeline(lines, createGzip({ level: 9 }), createWriteStream(path));
    else await pipeline(lines, createWriteStream(path));
    console.log(`${path}: ${bundle.operations.length} operations`);
    return 0;
  }
  const timeline = Timeline.of(values.anonymize ? anonymized(read) : read);
  if (command === "replay") {
    for (const line of [...summary(timeline), ...faultLines(timeline)]) console.log(line);
    return timeline.fault ? 1 : 0;
  }
  return look(timeline, values);
}

async function look(timeline: Timeline, values: ReturnType<typeof parsed>["values"]): Promise<number> {
  if (values.at !== undefined) {
    const version = Number(values.at);
    const { first, last } = timeline;
    if (!(Number.isSafeInteger(version) && version >= first && version <= last))
      throw new InspectFailure("usage", `The versions are ${first} to ${last}.`);
    process.stdout.write(timeline.at(version).toString());
    return 0;
  }
  const isPrinted = values.json || values.table || values.filter !== "";
  if (!isPrinted && process.stdin.isTTY && process.stdout.isTTY) {
    await show(timeline);
    return 0;
  }
  const limit = Number(values.limit);
  const filter = parseFilter(values.filter);
  if ("fault" in filter) throw new InspectFailure("usage", filter.fault);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new InspectFailure("usage", "--limit is a whole number from 0");
  const steps = matching(timeline, filter);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const versions = limit === 0 ? step.value : step.value.slice(-limit);
  if (!values.json) {
    for (const line of [...summary(timeline), ...faultLines(timeline), "", tableHead]) await print(line);
  }
  for (const version of versions) await print((values.json ? jsonLine : tableLine)(timeline, version));
  if (!values.json && versions.length < step.value.length)
    await print(`… the newest ${versions.length} of ${step.value.length} operations; --limit 0 prints all.`);
  return timeline.fault ? 1 : 0;
}

/** Waits where whoever reads is slower. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

// Whoever reads has seen enough (`| head`).
process.stdout.on("error", () => process.exit());
try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof InspectFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
