// What a service that `npm start` runs does, as its spans tell: read by `npm run trace`, and by a collector that they are exported to.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { insertion, MateriClient } from "../../src/client/index.ts";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import { secretsIn } from "../support/log-secrets.ts";
import { copyOfCheckout, freePort, npmStart, running, type Start, stopped } from "../support/npm-start.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

const collectorPatience = 8_000;

let checkout: string;
let service: Start;
let url: string;
let client: MateriClient;
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  checkout = copyOfCheckout();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  // `npm start` hands them on to the Worker that exports.
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    // What is late is dropped: longer than the receiver, which is in this process, takes on a busy machine.
    OTEL_EXPORTER_OTLP_TIMEOUT: String(collectorPatience),
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    // Else what it warns of is not shown.
    WRANGLER_LOG: "warn",
  });
  service = npmStart(checkout, port);
  await running(service);
  client = new MateriClient({ url });
  await client.auth.register({ email: "ann@example.com", password: "a long enough password", name: "Ann" });
}, 120_000);
afterAll(async () => {
  await stopped(service);
  receiver.stop();
  rmSync(checkout, { recursive: true });
});

const soon = { timeout: 90_000, interval: 200 };

/** Not by spawnSync: the receiver is in this process. */
async function trace(...words: string[]) {
  const child = spawn(process.execPath, ["scripts/trace.ts", "--url", url, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [[status], stdout, stderr] = await Promise.all([
    once(child, "close"),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, said: stripVTControlCharacters(stdout), stderr };
}

/** Has a document made by a request that goes on from a caller's trace. */
async function documentOf(traceId: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/documents?unknown=t0ken`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await client.auth.token()}`,
      "content-type": "application/json",
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
    body: JSON.stringify({ title: "t1tle", content: "c0ntent" }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

const newTraceId = () => crypto.randomUUID().replaceAll("-", "");

describe("npm run trace", () => {
  it("shows a request by its caller's trace id, with what is below it and the lines in their places", async () => {
    const traceId = newTraceId();
    const id = await documentOf(traceId);
    // Spans are recorded one by one, behind the answer.
    const said = await vi.waitFor(async () => {
      const told = await trace(`00-${traceId}-b7ad6b7169203331-01`);
      expect(told.status).toBe(0);
      expect(told.said).toMatch(/ info request /);
      expect(told.said).toMatch(/─ room\.commit /);
      return told.said;
    }, soon);
    expect(said).toContain(`of the caller's ${traceId}`);
    expect(said).toMatch(/└─ HTTP POST \/api\/v1\/documents .*▕█.*▏.* ms/);
    expect(said).toMatch(/ {3}├─ d1_batch .*insert into "documents"/);
    expect(said).toMatch(new RegExp(`─ room\\.commit .*document_id=${id} version=1`));
    expect(said).toMatch(/[├└]╴\d\d:\d\d:\d\d\.\d{3} info request /);
    // The same by the request's id, and by the newest of all.
    const requestId = /request_id=([\w-]+)/.exec(said)![1]!;
    expect((await trace(requestId)).said).toContain(`document_id=${id}`);
    expect((await trace("--last")).said).toContain("POST /api/v1/documents");
    const [first] = JSON.parse((await trace("--json", traceId)).said);
    expect(first.trees[0]).toMatchObject({ name: "POST", children: [{ name: "HTTP POST" }] });
  });

  it("TR-2: shows an edit by its trace id: the one frame of the socket, and what came of it", async () => {
    const { id } = await client.documents.create({ title: "T", content: "" });
    const session = client.open(id);
    await session.ready();
    for (let count = 0; count < 3; count++) {
      session.edit(insertion(0, "x"));
      await session.saved();
      await sleep(20);
    }
    session.close();
    const traceId = operationTraceId(id, 2);
    await vi.waitFor(async () => {
      const { said } = await trace(traceId);
      // The line of the commit may come from a frame before, which began to gather lines.
      expect(said.match(/^hibernatableWebSocket.*\n.─ room\.commit /gm)).toHaveLength(1);
      expect(said.match(/─ room\.commit /g)).toHaveLength(1);
      expect(said).toContain(`document_id=${id} version=2`);
      expect((await trace("--document", id, "--version", "2")).said).toContain(`document_id=${id} version=2`);
      // Announced are all three, by the id of the newest.
      expect((await trace(operationTraceId(id, 3))).said).toMatch(
        /─ event\.consume .*type=documents\.updated/,
      );
    }, soon);
  });

  it("says what to do where there is nothing, or nobody", async () => {
    expect(await trace(newTraceId())).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Nothing is recorded"),
    });
    expect(await trace("--url", "http://127.0.0.1:9", "--last")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("npm start"),
    });
    for (const words of [
      [],
      ["a b c d e f g h"],
      ["--version", "1"],
      ["--nonsense"],
      ["abcdefgh", "--last"],
    ]) {
      expect((await trace(...words)).status, words.join(" ")).toBe(2);
    }
  });
});

describe("TR-4: a collector of OpenTelemetry", () => {
  it("gets spans and lines in one trace with the caller's, and nothing that is secret", async () => {
    const traceId = newTraceId();
    const id = await documentOf(traceId);
    const { got } = receiver;
    const spans = await vi.waitFor(() => {
      const found = got.spans.filter((span) => span.traceId === traceId);
      const named = found.map(({ name }) => name);
      for (const name of ["POST /api/v1/documents", "HTTP POST", "d1_batch", "room.commit", "queue_send"]) {
        expect(named).toContain(name);
      }
      // The caller's is the one parent that is elsewhere.
      const ids = new Set(found.map(({ spanId }) => spanId));
      expect(ids.size).toBe(found.length);
      const elsewhere = found.map(({ parentSpanId }) => parentSpanId).filter((id) => !ids.has(id));
      expect(elsewhere).toEqual(["b7ad6b7169203331"]);
      return found;
    }, soon);
    const root = spans.find(({ parentSpanId }) => parentSpanId === "b7ad6b7169203331");
    expect(root).toMatchObject({
      name: "POST /api/v1/documents",
      kind: "SPAN_KIND_SERVER",
      attributes: { "http.response.status_code": 201 },
      resource: { "service.name": "materi", "deployment.environment.name": "test" },
    });
    expect(spans.find(({ name }) => name === "room.commit")).toMatchObject({
      attributes: { document_id: id, version: 1, operation_trace_ids: operationTraceId(id, 1) },
    });
    const batches = spans.filter(({ name }) => name === "d1_batch");
    expect(batches.map(({ attributes }) => attributes["db.query.text"])).toContainEqual(
      expect.stringMatching(/insert into "documents".*\?/s),
    );
    for (const { startMs, endMs } of spans) expect(endMs).toBeGreaterThanOrEqual(startMs);
    await vi.waitFor(
      () => expect(got.lines).toContainEqual(expect.objectContaining({ traceId, body: "request" })),
      soon,
    );
    expect(got.faults).toEqual([]);
    expect(got.text).not.toMatch(/t1tle|c0ntent|t0ken/);
    // Statements are told without their values.
    expect(secretsIn(got.text).filter((what) => !what.startsWith("SQL"))).toEqual([]);
  });

  it("that hangs, fails or is gone costs no request anything, and is told of in the log", async () => {
    const requests = async () => {
      const times: number[] = [];
      for (let count = 0; count < 60; count++) {
        const began = performance.now();
        const answer = await fetch(`${url}/health`);
        await answer.text();
        expect(answer.status).toBe(200);
        times.push(performance.now() - began);
      }
      return times.toSorted((a, b) => a - b)[30]!;
    };
    const medians: Record<string, number> = {};
    receiver.answerBy(() => {});
    medians.hanging = await requests();
    receiver.answerBy((response) => void response.writeHead(500).end("no"));
    medians.failing = await requests();
    receiver.answerBy((response) => void response.destroy());
    medians.closing = await requests();
    process.stdout.write(`median of a request, ms: ${JSON.stringify(medians)}\n`);
    // Who waited for the collector would take that long.
    for (const [what, median] of Object.entries(medians))
      expect(median, what).toBeLessThan(collectorPatience / 4);
    await vi.waitFor(
      () => expect(service.said()).toMatch(/"event":"otlp_dropped","reason":"(unreachable|refused)"/),
      soon,
    );

    receiver.answerBy((response) => void response.writeHead(200).end("{}"));
    const traceId = newTraceId();
    await documentOf(traceId);
    await vi.waitFor(
      () =>
        expect(receiver.got.spans).toContainEqual(expect.objectContaining({ traceId, name: "room.commit" })),
      soon,
    );
  });
});
