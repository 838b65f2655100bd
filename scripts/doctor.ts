// `npm run doctor`: looks at a running service from where its users are, and says what is wrong and what to do.
import { parseArgs, styleText } from "node:util";
import type { Finding } from "./doctor/finding.ts";
import { examine } from "./doctor/run.ts";

const usage = `npm run doctor -- [--url https://host[:port]] [--token T] [--json] [--patience SECONDS]

Looks whether the service can be reached and is well, what a token is good for, how long D1 and a room take, whether sockets come
through whatever is in between, and whether an edit of one is seen by another, on a document of its own that it erases afterwards.

  --url        the service (http://127.0.0.1:8787)
  --token      an access token, or a personal one (mat_…) that may write; better in the environment, MATERI_TOKEN, where other
               people of this machine do not see it. Without one, only what is open to everybody is looked at
  --json       the findings as JSON
  --patience   seconds that anything may take (10)

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong use.`;

const options = {
  url: { type: "string", default: "http://127.0.0.1:8787" },
  token: { type: "string" },
  json: { type: "boolean", default: false },
  patience: { type: "string", default: "10" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const signs = { ok: "ok  ", warn: "warn", fail: "FAIL", skip: "skip" } as const;
const colors = { ok: "green", warn: "yellow", fail: "red", skip: "gray" } as const;

function print({ check, outcome, found, todo }: Finding): void {
  const sign = styleText(colors[outcome], signs[outcome], { stream: process.stdout });
  console.log(
    `${sign}  ${check.padEnd(10)} ${found}${todo === undefined ? "" : `\n${" ".repeat(17)}→ ${todo}`}`,
  );
}

function misuse(line: string): never {
  console.error(`${line}\n\n${usage}`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
}

const values = read();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const url = URL.parse(values.url);
if (!url || !/^https?:$/.test(url.protocol)) misuse(`--url is no http(s) address: ${values.url}`);
const patience = Number(values.patience) * 1000;
if (!(patience > 0 && patience <= 600_000)) misuse("--patience is a number of seconds, 600 at most.");

const service = {
  url: values.url.replace(/\/+$/, ""),
  token: values.token ?? process.env.MATERI_TOKEN,
  patience,
};
const findings = await examine(service, values.json ? () => {} : print);
const failed = findings.filter(({ outcome }) => outcome === "fail").length;
const warned = findings.filter(({ outcome }) => outcome === "warn").length;
if (values.json) console.log(JSON.stringify({ url: service.url, ok: failed === 0, findings }, undefined, 2));
else {
  const besides = warned > 0 ? `, ${warned} to look at` : "";
  console.log(failed === 0 ? `\nNothing is wrong${besides}.` : `\n${failed} wrong${besides}.`);
}
process.exit(failed === 0 ? 0 : 1);
