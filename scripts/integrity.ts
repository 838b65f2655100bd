// `npm run integrity`: has a document's room replay its history, and tells what that has shown.
import { parseArgs } from "node:util";
import type { IntegrityReportBody } from "../src/protocol/rest/history-admin.ts";

const help = `npm run integrity -- --document ID --email EMAIL [--url URL]

Replays the whole history of a document in its room, and compares every text that was recorded on the way.
The password is read from the environment, MATERI_PASSWORD; instead of both, MATERI_TOKEN may hold an access token.

  --url URL          the service (http://127.0.0.1:8787)

Exit codes: 0 the history is sound, 1 it is not, 2 wrong use, 4 no server, 6 refused by the service.`;

class Failure extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function post(url: string, path: string, token?: string, json?: object): Promise<unknown> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  let response: Response;
  try {
    const body = json === undefined ? null : JSON.stringify(json);
    response = await fetch(`${url}/api/v1${path}`, { method: "POST", headers, body });
  } catch {
    throw new Failure(4, `There is no server at ${url}.`);
  }
  const body: unknown = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const { error, detail } = body as { error?: string; detail?: string };
  throw new Failure(6, `Refused: ${error ?? response.status}. ${detail ?? ""}`);
}

async function run(): Promise<number> {
  const options = {
    document: { type: "string" },
    email: { type: "string" },
    url: { type: "string", default: "http://127.0.0.1:8787" },
    help: { type: "boolean", short: "h" },
  } as const;
  let values: { document?: string; email?: string; url: string; help?: boolean };
  try {
    values = parseArgs({ options }).values;
  } catch (error) {
    throw new Failure(2, `${(error as Error).message}\n\n${help}`);
  }
  if (values.help) {
    console.log(help);
    return 0;
  }
  const { document, email, url } = values;
  const { MATERI_TOKEN, MATERI_PASSWORD: password } = process.env;
  if (document === undefined || (MATERI_TOKEN === undefined && (!email || !password))) {
    throw new Failure(2, help);
  }
  const token =
    MATERI_TOKEN ??
    ((await post(url, "/auth/login", undefined, { email, password })) as { access_token: string })
      .access_token;
  const path = `/documents/${encodeURIComponent(document)}/integrity`;
  const report = (await post(url, path, token)) as IntegrityReportBody;
  console.log(
    `${report.sound ? "Sound" : "NOT SOUND"}: ${report.operations} operations replayed from version ` +
      `${report.horizon} to ${report.version}, ${report.points} recorded texts compared.`,
  );
  for (const { version, what } of report.faults) console.log(`  version ${version}: ${what}`);
  return report.sound ? 0 : 1;
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
