// A double of as much of Cloudflare's API as a deployment asks for, which keeps what it is told: there is no account to test with.
// D1 is SQLite. It answers what the API documents; what it is not known to have is answered 404 and noted in `unknown`.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

interface Version {
  id: string;
  number: number;
  createdOn: string;
  tag?: string;
  message?: string;
  bindings: { type: string; name: string; text?: string }[];
}

interface Worker {
  versions: Version[];
  deployments: { id: string; created_on: string; version: string; message?: string; strategy?: unknown }[];
  secrets: Map<string, string>;
  crons: unknown;
}

interface Refusal {
  status: number;
  code: number;
  message: string;
}

export interface CloudflareDouble {
  /** For CLOUDFLARE_API_BASE_URL. */
  url: string;
  databases: Map<string, { uuid: string; sql: DatabaseSync }>;
  queues: Map<string, { id: string; consumers: object[] }>;
  workers: Map<string, Worker>;
  /** Every request that changes something, as `PUT /workers/scripts/x`, but for uploads of files and queries. */
  changes: string[];
  unknown: string[];
  /** Called before a request is answered; a refusal is the answer. */
  onRequest: (method: string, path: string, body: string) => Refusal | undefined;
  stop(): void;
}

const account = "0123456789abcdef0123456789abcdef";

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("latin1");
}

/** What wrangler says of a Worker in the first part of its upload. */
function metadataOf(upload: string) {
  const start = upload.indexOf("{", upload.indexOf('name="metadata"'));
  const end = upload.indexOf("\r\n--", start);
  return JSON.parse(Buffer.from(upload.slice(start, end), "latin1").toString("utf8")) as {
    bindings: { type: string; name: string; text?: string }[];
    annotations?: Record<string, string>;
  };
}

const notFound = (code: number, message: string): Refusal => ({ status: 404, code, message });

export async function startCloudflareDouble(): Promise<CloudflareDouble> {
  const double: CloudflareDouble = {
    url: "",
    databases: new Map(),
    queues: new Map(),
    workers: new Map(),
    changes: [],
    unknown: [],
    onRequest: () => undefined,
    stop: () => server.close(),
  };
  const { databases, queues, workers } = double;
  const deploy = (worker: Worker, version: string, message?: string, strategy?: unknown) => {
    const id = randomUUID();
    const created_on = new Date(Date.now() + worker.deployments.length).toISOString();
    worker.deployments.unshift({ id, created_on, version, ...(message && { message }), strategy });
    return id;
  };
  const addVersion = (worker: Worker, from: ReturnType<typeof metadataOf>): Version => {
    const inherited = [...worker.secrets.keys()].map((name) => ({ type: "secret_text", name }));
    const version: Version = {
      id: randomUUID(),
      number: worker.versions.length + 1,
      createdOn: new Date().toISOString(),
      tag: from.annotations?.["workers/tag"] ?? "",
      message: from.annotations?.["workers/message"] ?? "",
      bindings: [...from.bindings.filter(({ type }) => type !== "inherit"), ...inherited],
    };
    worker.versions.push(version);
    return version;
  };
  const versionBody = ({ id, number, createdOn, tag, message, bindings }: Version) => ({
    id,
    number,
    metadata: { created_on: createdOn, modified_on: createdOn, source: "wrangler", author_email: "a@b.c" },
    annotations: { "workers/tag": tag, "workers/message": message },
    resources: { bindings, script: { etag: "e" }, script_runtime: {} },
  });
  const queueBody = ([name, { id, consumers }]: [string, { id: string; consumers: object[] }]) => ({
    queue_name: name,
    queue_id: id,
    created_on: "",
    modified_on: "",
    producers: [],
    producers_total_count: 0,
    consumers,
    consumers_total_count: consumers.length,
    settings: {},
  });

  function answer(method: string, path: string, query: URLSearchParams, body: string): unknown {
    const [kind, second = "", third = "", fourth = "", fifth = ""] = path.split("/").slice(1);
    const route = `${method} /${kind}/${second}`;
    if (route === "GET /workers/subdomain") return { subdomain: "tester" };
    if (route === "GET /d1/database" && !third) {
      const part = query.get("name") ?? "";
      const found = [...databases].filter(([name]) => name.includes(part));
      return found.map(([name, { uuid }]) => ({ name, uuid, created_at: "", version: "production" }));
    }
    if (route === "POST /d1/database" && !third) {
      const { name } = JSON.parse(body) as { name: string };
      const database = { uuid: randomUUID(), sql: new DatabaseSync(":memory:") };
      databases.set(name, database);
      return { name, uuid: database.uuid };
    }
    if (kind === "d1" && third) {
      const found = [...databases].find(([name, { uuid }]) => name === third || uuid === third);
      if (!found) throw notFound(7404, "The database was not found");
      if (!fourth) return { name: found[0], uuid: found[1].uuid };
      if (fourth === "time_travel") return { bookmark: `bookmark-${databases.size}` };
      if (fourth === "query")
        return runSql(found[1].sql, JSON.parse(Buffer.from(body, "latin1").toString("utf8")) as Query);
    }
    if (route === "GET /queues/") {
      const wanted = query.get("name");
      return [...queues].filter(([name]) => wanted === null || name === wanted).map(queueBody);
    }
    if (route === "POST /queues/") {
      const { queue_name: name } = JSON.parse(body) as { queue_name: string };
      queues.set(name, { id: randomBytes(16).toString("hex"), consumers: [] });
      return queueBody([name, queues.get(name)!]);
    }
    if (kind === "queues" && third === "consumers") {
      const queue = [...queues.values()].find(({ id }) => id === second);
      if (!queue) throw notFound(11001, "queue not found");
      if (method === "GET") return queue.consumers;
      queue.consumers = [{ ...(JSON.parse(body) as object), consumer_id: "c", service: "", environment: "" }];
      return queue.consumers[0];
    }
    if (kind === "workers") return answerWorkers(method, second, third, fourth, fifth, body);
    throw notFound(7000, "No route for that URI");
  }

  function answerWorkers(method: string, part: string, name: string, what: string, id: string, body: string) {
    if (part === "assets" && name === "upload") return { jwt: "uploaded" };
    const worker = workers.get(name);
    if (part === "workers" && worker)
      return { id: name, subdomain: { enabled: true, previews_enabled: false } };
    if (part === "services") {
      if (!worker) throw notFound(10090, "This service does not exist on your account.");
      const script = { tag: "t", tags: [], last_deployed_from: "wrangler" };
      return { id: name, default_environment: { environment: "production", script } };
    }
    if (method === "PUT" && !what) {
      const made = worker ?? { versions: [], deployments: [], secrets: new Map(), crons: [] };
      workers.set(name, made);
      const metadata = metadataOf(body);
      const version = addVersion(made, metadata);
      deploy(made, version.id, version.message);
      return { id: name, etag: "e", deployment_id: version.id.replaceAll("-", ""), startup_time_ms: 9 };
    }
    if (method === "POST" && what === "assets-upload-session") {
      // As if it had every file already.
      return { jwt: "all-there", buckets: [] };
    }
    if (!worker) throw notFound(10007, "This Worker does not exist on your account.");
    if (what === "secrets")
      return [...worker.secrets.keys()].map((key) => ({ name: key, type: "secret_text" }));
    if (what === "secrets-bulk") {
      const { secrets } = JSON.parse(body) as { secrets: Record<string, { text: string }> };
      for (const [key, { text }] of Object.entries(secrets)) worker.secrets.set(key, text);
      const newest = worker.versions.at(-1)!;
      const version = addVersion(worker, { bindings: newest.bindings });
      deploy(worker, version.id, "secrets");
      return {};
    }
    if (what === "deployments" && method === "POST") {
      const { versions, annotations, ...rest } = JSON.parse(body) as {
        versions: { version_id: string }[];
        annotations?: Record<string, string>;
      };
      return { id: deploy(worker, versions[0]!.version_id, annotations?.["workers/message"], rest) };
    }
    if (what === "deployments") {
      const deployments = worker.deployments.map(({ id: deployment, created_on, version, message }) => ({
        id: deployment,
        created_on,
        source: "wrangler",
        strategy: "percentage",
        author_email: "a@b.c",
        annotations: { "workers/message": message },
        versions: [{ version_id: version, percentage: 100 }],
      }));
      return { deployments };
    }
    if (what === "versions") {
      if (!id) return { items: worker.versions.map(versionBody) };
      const version = worker.versions.find((one) => one.id === id);
      if (!version) throw notFound(10008, "There is no such version.");
      return versionBody(version);
    }
    if (what === "subdomain") return { enabled: true, previews_enabled: false };
    if (what === "schedules") {
      worker.crons = JSON.parse(body);
      return { schedules: worker.crons };
    }
    if (what === "settings" || what === "script-settings")
      return { bindings: worker.versions.at(-1)!.bindings };
    throw notFound(7000, "No route for that URI");
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const body = await textOf(request);
    const method = request.method ?? "GET";
    const path = pathname.replace(/^\/client\/v4/, "").replace(`/accounts/${account}`, "");
    if (method !== "GET" && !/\/query$|assets/.test(path)) double.changes.push(`${method} ${path}`);
    let status = 200;
    let envelope: object;
    try {
      const refusal = double.onRequest(method, path, body);
      if (refusal) throw refusal;
      const result = answer(method, path, searchParams, body);
      const count = Array.isArray(result) ? result.length : 1;
      const info = { page: 1, per_page: 100, count, total_count: count, total_pages: 1 };
      envelope = { success: true, errors: [], messages: [], result, result_info: info };
    } catch (error) {
      const { code, message, ...refusal } = error as Refusal;
      status = refusal.status ?? 500;
      if (code === 7000) double.unknown.push(`${method} ${path}`);
      envelope = { success: false, errors: [{ code: code ?? 1, message }], messages: [], result: null };
    }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(envelope));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`;
  return double;
}

interface Query {
  sql: string;
  params?: (string | number | null)[];
}

/** What D1 answers: one result for all statements of one text, of which only the last may have rows here. */
function runSql(database: DatabaseSync, { sql, params = [] }: Query) {
  const meta = { changes: 0, duration: 0, rows_read: 0, rows_written: 0 };
  const isRead = /^\s*(select|pragma|with)/i.test(sql);
  try {
    if (isRead || params.length > 0) {
      return [{ success: true, meta, results: database.prepare(sql).all(...params) }];
    }
    // A text of several statements is one transaction.
    database.exec(`BEGIN;${sql};COMMIT`);
    return [{ success: true, meta, results: [] }];
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw { status: 400, code: 7500, message: `${(error as Error).message}: SQLITE_ERROR` } satisfies Refusal;
  }
}

/** What has wrangler ask this double, and no account. */
export const accountOf = ({ url }: CloudflareDouble): Record<string, string> => ({
  CLOUDFLARE_API_BASE_URL: url,
  CLOUDFLARE_ACCOUNT_ID: account,
  CLOUDFLARE_API_TOKEN: "a-token-that-is-none",
});
