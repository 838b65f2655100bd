import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { Collector } from "../../src/otlp/collector.ts";
import type { OtlpLog, OtlpSpan } from "../../src/otlp/otlp-json.ts";
import { otlpSettings } from "../../src/otlp/settings.ts";

const span = (name = "a span"): OtlpSpan => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name,
  kind: 1,
  startTimeUnixNano: "1795419158911000000",
  endTimeUnixNano: "1795419158912000000",
  attributes: [],
});
const line: OtlpLog = {
  timeUnixNano: "1795419158911000000",
  observedTimeUnixNano: "1795419158911000000",
  severityNumber: 9,
  severityText: "INFO",
  body: { stringValue: "request" },
  attributes: [],
  traceId: "0af7651916cd43dd8448eb211c80319c",
};

let warned: MockInstance;
beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
const cleanUps: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A collector that answers one request after the other like this, the last answer again and again. */
async function listening(...answers: Answer[]) {
  const bodies: { path: string; body: unknown; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer(async (request, response) => {
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    let body = "";
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      // Whoever sent it was out of patience.
      return;
    }
    bodies.push({ path: request.url ?? "", body: JSON.parse(body), headers: request.headers });
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const status =
  (code: number, body = "{}", headers = {}): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end(body);

/** Waited for as long as a busy machine may take to answer, but for one that hangs (`inVain`). */
function collectorAt(url: string, more = {}): Collector {
  const settings = otlpSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_TIMEOUT: "30000",
    ...more,
  });
  return new Collector(settings!);
}

const inVain = { OTEL_EXPORTER_OTLP_TIMEOUT: "300" };

/** What was dropped, by reason, as the lines say it. */
function droppedLines(): Record<string, number> {
  const dropped: Record<string, number> = {};
  for (const [text] of warned.mock.calls) {
    const { event, reason, count } = JSON.parse(String(text));
    expect(event).toBe("otlp_dropped");
    dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  return dropped;
}

async function sent(collector: Collector, spans = 3): Promise<number> {
  for (let count = 0; count < spans; count++) collector.span(span());
  const began = performance.now();
  await collector.send();
  return performance.now() - began;
}

describe("TR-4: a collector that", () => {
  it("takes spans and lines gets each once, in batches, with the headers of the settings", async () => {
    const { url, bodies } = await listening(status(200));
    const collector = collectorAt(`${url}/`, {
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20t, x-team=docs",
    });
    collector.log(line);
    await sent(collector, 1_200);
    const paths = bodies.map(({ path }) => path).sort();
    expect(paths).toEqual(["/v1/logs", "/v1/traces", "/v1/traces", "/v1/traces"]);
    for (const { headers } of bodies) {
      expect(headers).toMatchObject({
        authorization: "Bearer t",
        "x-team": "docs",
        "content-type": "application/json",
      });
    }
    expect(droppedLines()).toEqual({});
    await collector.send();
    expect(bodies).toHaveLength(4);
  });

  it("hangs is waited for as long as the settings say, three times, and its spans are dropped", async () => {
    const { url } = await listening(() => {});
    const asked = vi.spyOn(globalThis, "fetch");
    const deadline = vi.spyOn(AbortSignal, "timeout");
    await sent(collectorAt(url, inVain));
    expect(asked).toHaveBeenCalledTimes(3);
    expect(deadline.mock.calls).toEqual([[300], [300], [300]]);
    expect(droppedLines()).toEqual({ unreachable: 3 });
  });

  it.each([
    [
      "begins to answer and hangs",
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write("{"),
    ],
    ["closes", (request: IncomingMessage) => void request.socket.destroy()],
    [
      "closes half way",
      (request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { "content-length": "100" }).write("{");
        setTimeout(() => request.socket.destroy(), 20);
      },
    ],
  ])("%s is tried three times", async (_what, answer) => {
    const { url } = await listening(answer);
    const asked = vi.spyOn(globalThis, "fetch");
    await sent(collectorAt(url, inVain));
    expect(asked).toHaveBeenCalledTimes(3);
    expect(droppedLines()).toEqual({ unreachable: 3 });
  });

  it("does not listen is tried three times", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await sent(collectorAt(`http://127.0.0.1:${port}`));
    expect(droppedLines()).toEqual({ unreachable: 3 });
  });

  it("says that it is overloaded is asked again, and then takes them", async () => {
    const { url, bodies } = await listening(
      status(503),
      status(429, "", { "retry-after": "1" }),
      status(200),
    );
    expect(await sent(collectorAt(url))).toBeGreaterThan(1_000);
    expect(bodies).toHaveLength(3);
    expect(droppedLines()).toEqual({});
  });

  it("asks for an hour's pause is left alone", async () => {
    const { url, bodies } = await listening(status(429, "", { "retry-after": "3600" }));
    await sent(collectorAt(url));
    expect(bodies).toHaveLength(1);
    expect(droppedLines()).toEqual({ refused: 3 });
  });

  it.each([400, 401, 404, 500, 307])("answers %i is not asked again", async (code) => {
    const { url, bodies } = await listening(status(code, "no", { location: "/elsewhere" }));
    await sent(collectorAt(url));
    expect(bodies).toHaveLength(1);
    expect(droppedLines()).toEqual({ refused: 3 });
  });

  it.each(["", "garbage", "null", "[]", '{"partialSuccess":"x"}', "\u0000".repeat(1_000)])(
    "takes them and answers garbage (%j) has taken them",
    async (garbage) => {
      const { url, bodies } = await listening(status(200, garbage));
      await sent(collectorAt(url));
      expect(bodies).toHaveLength(1);
      expect(droppedLines()).toEqual({});
    },
  );

  it("answers without end is not listened to for long", async () => {
    const { url } = await listening((_request, response) => {
      const timer = setInterval(() => response.write("x".repeat(16_384)), 1);
      response.on("close", () => clearInterval(timer));
    });
    // Not until the deadline.
    expect(await sent(collectorAt(url))).toBeLessThan(30_000);
    expect(droppedLines()).toEqual({});
  });

  it("takes only some says how many, which are dropped", async () => {
    const { url } = await listening(
      status(200, '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'),
    );
    await sent(collectorAt(url));
    expect(droppedLines()).toEqual({ rejected: 2 });
  });

  it("fails leaves memory bounded: what waits is 4,096 of each kind, and what is more is counted", async () => {
    const { url, bodies } = await listening(() => {});
    const collector = collectorAt(url, inVain);
    const sending = sent(collector, 5_000);
    // Meanwhile the others do not send, and what they add waits.
    for (let count = 0; count < 3_000; count++) collector.span(span());
    await collector.send();
    expect(bodies.length).toBeLessThanOrEqual(1);
    await sending;
    // 904 at first; then 512 were under way, and 2,488 found no place.
    expect(droppedLines()).toEqual({ full: 904 + 2_488, unreachable: 512 });
  });
});

describe("settings", () => {
  it("without an endpoint export nothing", () => {
    expect(otlpSettings({})).toBeUndefined();
    expect(otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: " " })).toBeUndefined();
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: "not a url" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://collector" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "https://user:s3cret@collector" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector", OTEL_EXPORTER_OTLP_HEADERS: "s3cret" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector", OTEL_EXPORTER_OTLP_HEADERS: "a=%s3cret" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector", OTEL_EXPORTER_OTLP_TIMEOUT: "s3cret" },
  ])("that are not in their form (%j) are refused by name, and not quoted", (env) => {
    expect(() => otlpSettings(env)).toThrow(/^OTEL_EXPORTER_OTLP_(ENDPOINT|HEADERS|TIMEOUT) is /);
    expect(() => otlpSettings(env)).not.toThrow(/s3cret/);
  });
});
