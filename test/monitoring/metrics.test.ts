import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import parse from "parse-prometheus-text-format";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { metricTable, report } from "../../src/platform/metrics.ts";
import { FlushMetrics } from "../../src/room/flush-metrics.ts";
import { api, newAccount, send } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { testSecrets } from "../support/secrets.ts";
import { openSocket } from "../support/socket.ts";

const token = testSecrets.ADMIN_TOKEN;

interface Family {
  name: string;
  help: string;
  type: string;
  metrics: {
    labels?: Record<string, string>;
    value?: string;
    buckets?: object;
    count?: string;
    sum?: string;
  }[];
}

type Scraped = Map<string, Family>;

async function scrapeText(): Promise<string> {
  const { status, headers, text } = await send("GET", "/metrics", { token });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return text;
}

const parsed = (text: string): Scraped =>
  new Map((parse(text) as Family[]).map((family) => [family.name, family]));

/** The samples by name, those of a histogram each by its own: the parser takes a histogram for one, whatever its labels. */
const scrape = async (): Promise<Scraped> =>
  parsed((await scrapeText()).replaceAll(/^# TYPE .* histogram$/gm, ""));

/** All with these labels, together. */
function total(families: Scraped, name: string, labels: Record<string, string> = {}): number {
  const found = families
    .get(name)
    ?.metrics.filter((one) => Object.entries(labels).every(([key, value]) => one.labels?.[key] === value));
  return (found ?? []).reduce((sum, { value }) => sum + Number(value), 0);
}

describe("GET /metrics", () => {
  it("is in Prometheus' text format, as another's parser reads it, with every metric of the table", async () => {
    await newAccount();
    const text = await scrapeText();
    const families = parsed(text);
    expect([...families.keys()]).toEqual(Object.keys(metricTable));
    for (const [name, { type, help }] of Object.entries(metricTable)) {
      expect(families.get(name)).toMatchObject({ type: type.toUpperCase(), help });
    }
    const [calls] = families.get("materi_d1_call_duration_seconds")!.metrics;
    expect(Object.keys(calls!.buckets!)).toContain("+Inf");
    expect(calls).toMatchObject({
      count: (calls!.buckets as { "+Inf": string })["+Inf"],
      sum: expect.any(String),
    });
    const classes =
      /^materi_http_request_duration_seconds_bucket\{route="\/api\/v1\/auth\/register",le="([^"]+)"\} (\d+)$/gm;
    const counts = [...text.matchAll(classes)].map(([, , upTo]) => Number(upTo));
    expect(counts).toHaveLength(metricTable.materi_http_request_duration_seconds.ends.length + 1);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  it("counts requests by the patterns of routes, and holds nothing that anybody has sent", async () => {
    const { access_token, user } = await newAccount();
    const before = await scrape();
    const title = crypto.randomUUID();
    const { body } = await api("POST", "/documents", { token: access_token, json: { title } });
    for (let read = 0; read < 3; read++) await api("GET", `/documents/${body.id}`, { token: access_token });
    await send("GET", `/${title}`);
    await api("GET", "/users/me", { token: "nonsense" });
    await api("POST", "/auth/login", { json: { email: user.email, password: "not this one" } });
    const after = await scrape();
    const more = (name: string, labels: Record<string, string>) =>
      total(after, name, labels) - total(before, name, labels);
    const route = "/api/v1/documents/:id";
    expect(more("materi_http_requests_total", { method: "GET", route, status: "200" })).toBe(3);
    expect(more("materi_http_requests_total", { status: "404" })).toBe(1);
    expect(more("materi_auth_failures_total", { reason: "invalid_credentials" })).toBe(1);
    const { text } = await send("GET", "/metrics", { token });

    expect(text).toMatch(
      /^materi_http_request_duration_seconds_count\{route="\/api\/v1\/documents\/:id"\} [1-9]/m,
    );
    for (const secret of [title, body.id, user.id, access_token, token]) expect(text).not.toContain(secret);
  });

  it("counts what rooms commit, and their sockets", async () => {
    const { access_token } = await newAccount();
    const { body } = await api("POST", "/documents", { token: access_token, json: { title: "Counted" } });
    const before = await scrape();
    const socket = await openSocket(body.id, access_token);
    await socket.ask({ type: "hello", client_id: "counted" });
    for (let seq = 1; seq <= 3; seq++) {
      await socket.ask({ type: "submit", seq, base: seq - 1, op: ["a"] });
    }
    // What is left of a flush goes with the alarm.
    await runInDurableObject(env.ROOMS.getByName(body.id), (room) => room.alarm());
    const open = await scrape();
    const more = (after: Scraped, name: string, labels = {}) =>
      total(after, name, labels) - total(before, name, labels);
    expect(more(open, "materi_room_commits_total", { outcome: "ok" })).toBeGreaterThanOrEqual(3);
    expect(more(open, "materi_room_rows_written_total")).toBeGreaterThanOrEqual(3);
    expect(more(open, "materi_room_commit_operations_bucket", { le: "+Inf" })).toBe(
      more(open, "materi_room_commits_total"),
    );
    expect(more(open, "materi_room_sockets_opened_total", { kind: "room" })).toBe(1);
    expect(total(open, "materi_rooms_awake", { kind: "room" })).toBeGreaterThanOrEqual(1);
    expect(total(open, "materi_room_sockets", { kind: "room" })).toBeGreaterThanOrEqual(1);
    expect(total(open, "materi_isolates")).toBeGreaterThanOrEqual(1);
    expect(total(open, "materi_d1_calls_total", { outcome: "ok" })).toBeGreaterThan(0);
    socket.close();
    // Sockets that other tests have left may end meanwhile, as their tokens do.
    const closed = { kind: "room" };
    await vi.waitFor(
      async () =>
        expect(more(await scrape(), "materi_room_sockets_closed_total", closed)).toBeGreaterThanOrEqual(1),
      behindTheAnswer,
    );
  });

  it("goes on counting after the store was put to sleep", async () => {
    await newAccount();
    const before = await scrape();
    const store = env.METRICS.getByName("metrics");
    await scheduler.wait(5_200);
    await evictDurableObject(store);
    const after = await scrape();
    const labels = { route: "/api/v1/auth/register", status: "201" };
    expect(total(before, "materi_http_requests_total", labels)).toBeGreaterThan(0);
    expect(total(after, "materi_http_requests_total", labels)).toBeGreaterThanOrEqual(
      total(before, "materi_http_requests_total", labels),
    );
  });

  it("loses no count when the store cannot be reached", async () => {
    await scrape();
    await newAccount();
    const add = vi.spyOn(env.METRICS, "getByName").mockImplementation(() => {
      throw new Error("not reached");
    });
    const before = await (async () => {
      await report(Date.now());
      expect(add).toHaveBeenCalled();
      add.mockRestore();
      return scrape();
    })();
    await newAccount();
    const after = await scrape();
    const labels = { route: "/api/v1/auth/register", status: "201" };
    expect(
      total(after, "materi_http_requests_total", labels) -
        total(before, "materi_http_requests_total", labels),
    ).toBe(1);
  });
});

describe("the dataset ANALYTICS", () => {
  const recorder = () => {
    const points: AnalyticsEngineDataPoint[] = [];
    return { points, writeDataPoint: (point: AnalyticsEngineDataPoint = {}) => void points.push(point) };
  };

  it("gets a point for a request, by the route's pattern", async () => {
    const dataset = recorder();
    const request = new Request("https://materi.test/api/v1/users/me?token=secret");
    await app.fetch(request, { ...env, ANALYTICS: dataset } as Env, createExecutionContext());
    expect(dataset.points).toEqual([
      {
        indexes: ["/api/v1/users/me"],
        blobs: ["request", "GET", "/api/v1/users/me", "401", "unauthenticated"],
        doubles: [1, expect.any(Number)],
      },
    ]);
  });

  it("where there is none, requests are answered all the same", async () => {
    const request = new Request("https://materi.test/health");
    const { status } = await app.fetch(
      request,
      { ...env, ANALYTICS: undefined } as unknown as Env,
      createExecutionContext(),
    );
    expect(status).toBe(200);
  });

  it("gets a point for the commits of a room in some seconds", () => {
    const dataset = recorder();
    const metrics = new FlushMetrics("a-document", dataset);
    const flush = {
      documentId: "a-document",
      transforms: 2,
      rowsWritten: 1,
      durationMs: 0,
      error: undefined,
    };
    metrics.ended({ ...flush, from: 1, to: 1 });
    expect(dataset.points).toHaveLength(1);
    for (let version = 2; version < 1_000; version += 10)
      metrics.ended({ ...flush, from: version, to: version + 9 });
    metrics.ended({ ...flush, from: 1_002, to: 1_002, error: new Error("full") });
    expect(dataset.points).toHaveLength(1);
    metrics.tell(Date.now());
    metrics.tell(Date.now());
    expect(dataset.points).toEqual([
      { indexes: ["a-document"], blobs: ["commits"], doubles: [1, 1, 0, 1, 2, 1] },
      { indexes: ["a-document"], blobs: ["commits"], doubles: [1, 100, 1, 1_000, 200, 100] },
    ]);
  });
});
