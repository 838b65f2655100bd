import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountOf, type CloudflareDouble, startCloudflareDouble } from "../support/cloudflare-api.ts";
import { copyOfCheckout } from "../support/npm-start.ts";
import { type Server, startServer } from "../support/server.ts";

// The real wrangler, against a double of Cloudflare's API; what is "deployed" answers as the service does, since it is one.
const worker = "materi-staging";
let cloudflare: CloudflareDouble;
let service: Server;
let front: HttpServer;
let checkout: string;
/** Versions of the Worker that do not start. */
const broken = new Set<string>();
let breaksNext = false;

const workerNow = () => cloudflare.workers.get(worker);
const serving = () => workerNow()?.deployments[0]?.version ?? "";
const frontUrl = () => `http://127.0.0.1:${(front.address() as AddressInfo).port}`;

/** The service behind the address that Cloudflare gives: it says which version it is. */
async function answer(path: string): Promise<{ status: number; body: string; type: string }> {
  if (broken.has(serving())) return { status: 500, body: "error code: 1101", type: "text/plain" };
  const response = await fetch(`${service.url}${path}`, { redirect: "manual" });
  const text = await response.text();
  const body = path === "/health" ? JSON.stringify({ ...JSON.parse(text), deployment: serving() }) : text;
  return { status: response.status, body, type: response.headers.get("content-type") ?? "" };
}

function git(...words: string[]): void {
  const names = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const { status, stderr } = spawnSync("git", [...names, ...words], { cwd: checkout, encoding: "utf8" });
  expect(status, stderr).toBe(0);
}

function commit(message: string): void {
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", message);
}

function start(...words: string[]): {
  process: ChildProcess;
  ended: Promise<{ status: number | null; said: string }>;
} {
  const { CI: _, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ["scripts/deploy.ts", "--env", "staging", "--url", frontUrl(), ...words],
    {
      cwd: checkout,
      env: { ...environment, ...accountOf(cloudflare) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part) => {
      said += part;
    });
  return { process: child, ended: once(child, "close").then(([status]) => ({ status, said })) };
}

const deploy = (...words: string[]) => start("--without-checks", ...words).ended;
const secretFile = () => join(checkout, ".secrets.staging.json");
const secrets = () => JSON.parse(readFileSync(secretFile(), "utf8")) as Record<string, string>;

beforeAll(async () => {
  cloudflare = await startCloudflareDouble();
  service = await startServer();
  front = createServer(async (request, response) => {
    const { status, body, type } = await answer(request.url ?? "/");
    response.writeHead(status, { "content-type": type }).end(body);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  checkout = copyOfCheckout();
  git("init", "--quiet");
  // A link, which the pattern for the folder does not match.
  writeFileSync(join(checkout, ".git/info/exclude"), "node_modules\n");
  commit("first");
}, 120_000);

afterAll(async () => {
  cloudflare?.stop();
  front?.close();
  await service?.stop();
  if (checkout) rmSync(checkout, { recursive: true });
});

beforeEach(() => {
  cloudflare.changes.length = 0;
  cloudflare.onRequest = (method, path) => {
    if (breaksNext && method === "PUT" && path === `/workers/scripts/${worker}`) {
      breaksNext = false;
      // Noted by what will be the newest version.
      setImmediate(() => broken.add(workerNow()?.versions.at(-1)?.id ?? ""));
    }
    return undefined;
  };
});

describe("npm run deploy", { timeout: 300_000 }, () => {
  it("deploys nothing of what is not committed", async () => {
    writeFileSync(join(checkout, "src/new.ts"), "");
    const { status, said } = await start().ended;
    expect(status).toBe(1);
    expect(said).toContain("not committed");
    expect(cloudflare.changes).toEqual([]);
    rmSync(join(checkout, "src/new.ts"));
  });

  it("goes on, from zero, where a run that died had come to", async () => {
    const dying = start("--without-checks");
    cloudflare.onRequest = (method, path, body) => {
      // The place for the secrets is the same request without a binding.
      if (method === "PUT" && path === `/workers/scripts/${worker}` && body.includes("ROOMS")) {
        // With its wrangler, which would try again later.
        process.kill(-dying.process.pid!, "SIGKILL");
        return { status: 500, code: 1, message: "nobody is there to hear this" };
      }
      return undefined;
    };
    const { said: lastWords } = await dying.ended;
    expect(existsSync(secretFile()), lastWords).toBe(true);
    expect(workerNow()?.versions.some(({ bindings }) => bindings.some(({ name }) => name === "ROOMS"))).toBe(
      false,
    );
    const kept = secrets();

    cloudflare.onRequest = () => undefined;
    const { status, said } = await deploy();
    expect(status, said).toBe(0);
    expect(secrets()).toEqual(kept);
    expect(Object.fromEntries(workerNow()?.secrets ?? [])).toEqual(kept);
    expect([...cloudflare.databases.keys()]).toEqual([worker]);
    expect([...cloudflare.queues.keys()]).toEqual([`${worker}-events`, `${worker}-deliveries`]);
    for (const { consumers } of cloudflare.queues.values()) expect(consumers).toHaveLength(1);
    expect(workerNow()?.crons).toEqual([{ cron: "* * * * *" }]);
    const tables = cloudflare.databases.get(worker)?.sql.prepare("SELECT count(*) AS n FROM documents").get();
    expect(tables).toEqual({ n: 0 });
    const vars = workerNow()?.versions.at(-1)?.bindings;
    expect(vars).toContainEqual({
      type: "plain_text",
      name: "PUBLIC_URL",
      text: `https://${worker}.tester.workers.dev`,
    });
  });

  it("keeps the secrets that it made in one file, and shows them nowhere", async () => {
    expect(statSync(secretFile()).mode & 0o777).toBe(0o600);
    const { said } = await deploy("--dry-run");
    expect(spawnSync("git", ["status", "--porcelain"], { cwd: checkout, encoding: "utf8" }).stdout).toBe("");
    for (const value of Object.values(secrets())) expect(said).not.toContain(value);
  });

  it("finds everything the second time, and changes nothing", async () => {
    const before = serving();
    const { status, said } = await deploy();
    expect(status, said).toBe(0);
    expect(said).toContain("serves already");
    expect(cloudflare.changes).toEqual([]);
    expect(serving()).toBe(before);
    for (const value of Object.values(secrets())) expect(said).not.toContain(value);
  });

  it("deploys no code where a migration fails", async () => {
    const bad = join(checkout, "migrations/9999_bad.sql");
    writeFileSync(bad, "ALTER TABLE no_such_table ADD COLUMN x TEXT;\n");
    commit("bad migration");
    const before = serving();
    const { status, said } = await deploy();
    expect(status).toBe(1);
    expect(said).toContain("no such table");
    expect(cloudflare.changes).toEqual([]);
    expect(serving()).toBe(before);
    rmSync(bad);
    commit("good again");
  });

  it("puts the version before back where the smoke test fails, at once", async () => {
    const before = serving();
    breaksNext = true;
    const { status, said } = await deploy();
    expect(status, said).toBe(3);
    expect(broken.size).toBe(1);
    expect(serving()).toBe(before);
    expect(workerNow()?.deployments[0]?.strategy).toMatchObject({
      code_update_strategy: { mode: "immediate" },
    });
    expect(said).toContain("Not rolled back: migrations of D1");
  });

  it("--rollback goes to the version before, never to one that was rolled back from", async () => {
    const first = serving();
    expect((await deploy("--rollback")).said).toContain("No version served before");
    commit("second");
    const { status, said } = await deploy();
    expect(status, said).toBe(0);
    expect(serving()).not.toBe(first);
    const back = await deploy("--rollback");
    expect(back.status, back.said).toBe(0);
    expect(serving()).toBe(first);
  });

  it("asks of Cloudflare's API nothing that the double does not know", () => {
    expect(cloudflare.unknown).toEqual([]);
    expect(existsSync(`${secretFile()}.new`)).toBe(false);
  });
});
