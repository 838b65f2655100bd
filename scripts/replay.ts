// `npm run replay`: types a recorded editing trace through the running service, and compares the outcome.
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { DocumentSession } from "../src/client/document-session.ts";
import { Account, type Credentials } from "./replay/account.ts";
import { AuthorView } from "./replay/author-view.ts";
import { ReplayFailure } from "./replay/failure.ts";
import { ProgressBar } from "./replay/progress-bar.ts";
import { divergence, report } from "./replay/report.ts";
import { inTurns, readTrace, schedule, type Trace } from "./replay/trace.ts";
import { typeTrace } from "./replay/type-trace.ts";

const help = `npm run replay -- FILE [options]

Types the editing trace in FILE (JSON as in github.com/josephg/editing-traces, sequential or concurrent,
plain or .gz) into a new document of the running service, by sockets, while one more session looks on.
At the end all sessions' texts are compared with the service's, and with the trace's.

  --clients N        a sequential trace is typed by N writers in turn (1); a concurrent one has its own number
  --speed max|real   as fast as it goes (max), or as it was recorded, pauses cut to 1 s
  --url URL          the service (http://127.0.0.1:8787)
  --email, --password  an account; without them a new one is made, and used once
  --patience S       seconds that a lost server may stay away (60)

Exit codes: 0 all texts are equal, 2 wrong use, 3 not a trace, 4 no server or it stayed away,
5 unknown e-mail address or password, 6 refused by the service, 7 the texts differ.`;

const longestPause = 1_000;

interface Options {
  file: string;
  clients: number;
  speed: "max" | "real";
  url: string;
  credentials: Credentials | undefined;
  /** Milliseconds. */
  patience: number;
}

/** Undefined if help is asked for. */
function parseOptions(args: string[]): Options | undefined {
  const text = { type: "string" } as const;
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    const options = {
      clients: { ...text, default: "1" },
      speed: { ...text, default: "max" },
      url: { ...text, default: "http://127.0.0.1:8787" },
      email: text,
      password: text,
      patience: { ...text, default: "60" },
      help: { type: "boolean", short: "h" },
    } as const;
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw usage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw usage("Name one file.");
  const clients = Number(values.clients);
  if (!Number.isInteger(clients) || clients < 1 || clients > 100) throw usage("--clients is 1 to 100.");
  const speed = values.speed;
  if (speed !== "max" && speed !== "real") throw usage("--speed is max or real.");
  const patience = Number(values.patience) * 1000;
  if (!(patience > 0)) throw usage("--patience is a number of seconds.");
  const url = String(values.url).replace(/\/+$/, "");
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw usage("--url begins with http:// or https://.");
  const { email, password } = values;
  if ((email === undefined) !== (password === undefined)) throw usage("--email and --password go together.");
  const credentials = email === undefined ? undefined : { email: String(email), password: String(password) };
  return { file, clients, speed, url, credentials, patience };
}

const usage = (line: string) => new ReplayFailure("usage", `${line} (npm run replay -- --help)`);

/** A trace whose patches do not give its own end would look like the service's fault. */
function checkSequential(file: string, trace: Trace): void {
  const view = new AuthorView(trace.startContent);
  try {
    for (const { patches } of trace.edits) for (const patch of patches) view.type(patch);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ReplayFailure("trace", `${file} is not a sound trace: ${error.message}`);
  }
  if (view.text !== trace.endContent) {
    throw new ReplayFailure(
      "trace",
      `${file} is not a sound trace: its edits do not lead to its endContent.`,
    );
  }
}

async function replay({ file, clients, speed, url, credentials, patience }: Options): Promise<void> {
  const recorded = readTrace(file);
  if (recorded.kind === "sequential") checkSequential(file, recorded);
  else if (clients > 1) throw usage("--clients is for sequential traces: this one is concurrent.");
  const trace = recorded.kind === "sequential" ? inTurns(recorded, clients) : recorded;
  const times = speed === "real" ? schedule(trace, longestPause) : undefined;
  if (speed === "real" && !times) console.error("The trace has no times: it is typed as fast as it goes.");

  const account = await Account.open(url, credentials);
  const document = await account.createDocument(`Replay of ${basename(file)}`, trace.startContent);
  console.error(`Typing ${basename(file)} into ${url}/api/v1/documents/${document.id}`);
  const session = () =>
    new DocumentSession({
      url,
      documentId: document.id,
      token: account.token,
      retry: { first: 100, most: 1_000 },
    });
  const sessions = Array.from({ length: trace.agents }, session);
  const observer = session();
  const bar = new ProgressBar(process.stderr, trace.edits.length);
  try {
    const late = AbortSignal.timeout(patience);
    await Promise.race([
      Promise.all([...sessions, observer].map((one) => one.ready())),
      new Promise((_, reject) => {
        const line = `${url} opens no sockets.`;
        late.addEventListener("abort", () => reject(new ReplayFailure("server", line)));
      }),
    ]);
    const typed = await typeTrace({
      trace,
      sessions,
      observer,
      schedule: times,
      patience,
      onProgress: (acknowledged) => {
        bar.done = acknowledged;
      },
    });
    const stored = await account.readDocument(document.id);
    const sides = [
      ...sessions.map(({ text }, index) => ({ name: `writer ${index + 1}`, text })),
      { name: "observer", text: observer.text },
      { name: "service", text: stored.content },
      ...(trace.kind === "sequential" ? [{ name: "trace", text: trace.endContent }] : []),
    ];
    bar.end();
    const difference = divergence(sides);
    if (difference) throw new ReplayFailure("divergence", difference);
    console.log(report(trace, typed, { sides, version: stored.version }));
  } finally {
    bar.end();
    for (const one of [...sessions, observer]) one.close();
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await replay(options);
  else console.log(help);
} catch (error) {
  if (!(error instanceof ReplayFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
