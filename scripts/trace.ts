// `npm run trace`: the spans of a request, an edit or an event, as a tree, with the lines that were written in them. Of a service
// that `npm start` runs: `wrangler dev` keeps them.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { operationTraceId } from "../src/protocol/operation-trace.ts";
import { printTree } from "./trace/print-trace.ts";
import { type FoundTrace, RecordedSpans, type Wanted } from "./trace/recorded-spans.ts";
import { around, framesIn, readable, type SpanNode, spanTrees, withoutFrames } from "./trace/span-tree.ts";

const usage = `npm run trace -- <trace id | request id | traceparent | trace id of an operation>
npm run trace -- --last                          the newest request
npm run trace -- --document ID --version N       the edit that made this version

  --url URL    the service, http://127.0.0.1:8787 if not given
  --all        every span and attribute: also the platform's plumbing, and what a socket did later
  --json       the same as JSON`;

function fail(line: string, code = 1): never {
  console.error(line);
  process.exit(code);
}

function wantedOf(
  words: string[],
  { last, document, version }: { last?: boolean; document?: string; version?: string },
): Wanted {
  const [id, more] = words;
  const asked = [id, last, document].filter((one) => one !== undefined).length;
  if (asked !== 1 || more !== undefined || (document === undefined) !== (version === undefined))
    fail(usage, 2);
  if (last) return { last };
  if (document !== undefined) {
    if (!/^\d{1,15}$/.test(version ?? "")) fail(`--version is a whole number, and not "${version}".`, 2);
    return { documentId: document, version: Number(version) };
  }
  const traceId = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(id!)?.[1] ?? id!;
  if (!/^[\w-]{8,64}$/.test(traceId)) fail(usage, 2);
  return { id: traceId };
}

/** What everything that belongs to it names. */
const idOf = (wanted: Wanted): string =>
  "id" in wanted ? wanted.id : "last" in wanted ? "" : operationTraceId(wanted.documentId, wanted.version);

/** What has just ended is recorded a moment later. */
async function findSoon(spans: RecordedSpans, wanted: Wanted): Promise<FoundTrace[]> {
  for (let tries = 1; ; tries++) {
    const found = await spans.find(wanted);
    if (found.length > 0 || tries === 4) return found;
    await sleep(500);
  }
}

function argumentsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        last: { type: "boolean" },
        document: { type: "string" },
        version: { type: "string" },
        url: { type: "string", default: "http://127.0.0.1:8787" },
        all: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

const { positionals, values } = argumentsOf();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const { all, json, url } = values;
const wanted = wantedOf(positionals, values);
const spans = new RecordedSpans(url.replace(/\/$/, ""));
const traces: { traceId: string; trees: SpanNode[]; frames: number }[] = [];
try {
  for (const { traceId, isWhole, spanIds } of await findSoon(spans, wanted)) {
    const { roots, strayed } = spanTrees(await spans.spansOf(traceId), await spans.linesOf(traceId));
    const chosen = all ? roots : isWhole ? roots.map(withoutFrames) : around(roots, spanIds);
    const trees = all ? chosen : chosen.map(readable);
    const id = idOf(wanted);
    trees[0]?.lines.push(
      ...strayed.filter((line) => all || isWhole || JSON.stringify(line.fields).includes(id)),
    );
    traces.push({
      traceId,
      trees,
      frames: all || !isWhole ? 0 : roots.reduce((sum, root) => sum + framesIn(root), 0),
    });
  }
} catch (error) {
  fail(
    (error as Error).message === "fetch failed"
      ? `Nothing listens at ${url}: start the service (npm start), or say where it is (--url).`
      : (error as Error).message,
  );
}
if (traces.length === 0) {
  fail(
    "Nothing is recorded of that. A request is recorded when it has ended, and only by a service that npm start runs; what a deployed one does is where its spans are exported to (docs/tracing.md).",
  );
}
if (json) console.log(JSON.stringify(traces, null, 2));
else {
  const width = process.stdout.columns ?? 160;
  for (const { traceId, trees, frames } of traces) {
    const caller = callerOf(trees);
    const [first] = trees;
    console.log(
      `\ntrace ${traceId}${caller ? `, of the caller's ${caller}` : ""}${first ? `, ${new Date(first.startMs).toISOString()}` : ""}`,
    );
    for (const tree of trees) console.log(printTree(tree, { width, all }).join("\n"));
    if (frames > 0) console.log(`(and ${frames} frames of its socket since: --all)`);
  }
}

function callerOf(nodes: readonly SpanNode[]): string | undefined {
  for (const { attributes, children } of nodes) {
    const caller = attributes["trace.caller_id"] ?? callerOf(children);
    if (caller !== undefined) return String(caller);
  }
  return undefined;
}
