import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, type CloudflareDouble, startCloudflareDouble } from "../support/cloudflare-api.ts";
import { type Server, startServer } from "../support/server.ts";

// Cloudflare's API is a double; behind its D1 is the very file of the service that runs here.
const adminToken = "a-token-of-the-operator-of-more-than-32-characters";
let cloudflare: CloudflareDouble;
const folders: string[] = [];
const servers: Server[] = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), "materi-backup-")));
  return folders.at(-1)!;
};

async function newService(secrets?: string): Promise<{ server: Server; data: string }> {
  const data = folder();
  if (secrets) writeFileSync(join(data, "secrets.json"), secrets, { mode: 0o600 });
  const server = await startServer({ persist: data });
  servers.push(server);
  return { server, data };
}

/** Has the account's D1 be that of this service. */
function connect(data: string): void {
  const file = globSync(join(data, "**/*.sqlite")).find((path) => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'memberships'").get();
    database.close();
    return has !== undefined;
  });
  const sql = new DatabaseSync(file!);
  sql.exec("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON");
  cloudflare.databases.set("materi-staging", { uuid: crypto.randomUUID(), sql });
}

async function run(
  script: string,
  url: string,
  ...words: string[]
): Promise<{ status: number; said: string }> {
  const child = spawn(
    process.execPath,
    [`scripts/${script}.ts`, "--env", "staging", "--url", url, ...words],
    {
      env: { ...process.env, ...accountOf(cloudflare), MATERI_ADMIN_TOKEN: adminToken },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part) => {
      said += part;
    });
  const [status] = await once(child, "close");
  return { status, said };
}

async function ask(url: string, method: string, path: string, token?: string, json?: object) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    ...(json && { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

beforeAll(async () => {
  cloudflare = await startCloudflareDouble();
}, 60_000);
afterAll(async () => {
  cloudflare?.stop();
  for (const { sql } of cloudflare?.databases.values() ?? []) sql.close();
  for (const server of servers) await server.stop();
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

describe("npm run backup and npm run restore", { timeout: 300_000 }, () => {
  it("bring a service into an empty one: people, documents, histories; and a spoilt document back", async () => {
    const first = await newService(
      JSON.stringify({
        ...(await import("../../scripts/local-secrets.ts")).newSecrets(),
        ADMIN_TOKEN: adminToken,
      }),
    );
    const { url } = first.server;
    const account = { email: "ann@example.com", password: "SecurePass123!", name: "Änn 🌍" };
    const { access_token: token } = (await ask(url, "POST", "/auth/register", undefined, account)).body;
    const ids: string[] = [];
    for (const title of ["One", "Two"]) {
      const made = await ask(url, "POST", "/documents", token, { title, content: `${title} is its text` });
      ids.push(made.body.id);
      await ask(url, "PATCH", `/documents/${made.body.id}`, token, { content: `${title} is another text` });
    }
    const paths = ids.flatMap((id) => [
      `/documents/${id}`,
      `/documents/${id}/history`,
      `/documents/${id}/versions/1`,
    ]);
    const seen = (from: string, as: string) =>
      Promise.all(
        paths.map(async (path) => ({ ...(await ask(from, "GET", path, as)).body, updated_at: "" })),
      );
    const before = await seen(url, token);

    connect(first.data);
    const to = join(folder(), "backup");
    const backup = await run("backup", url, "--to", to);
    expect(backup, backup.said).toMatchObject({
      status: 0,
      said: expect.stringContaining("2 documents, and 0 as"),
    });
    const again = await run("backup", url, "--to", to);
    expect(again.said).toContain("0 documents, and 2 as");

    const second = await newService(readFileSync(join(first.data, "secrets.json"), "utf8"));
    connect(second.data);
    const restored = await run("restore", second.server.url, "--from", to);
    expect(restored, restored.said).toMatchObject({
      status: 0,
      said: expect.stringContaining("2 documents"),
    });
    // The same secrets: who was signed in still is.
    expect(await seen(second.server.url, token)).toEqual(before);
    const login = await ask(second.server.url, "POST", "/auth/login", undefined, account);
    expect(login.status).toBe(200);
    expect((await run("restore", second.server.url, "--from", to)).said).toContain("2 were there already");

    await ask(second.server.url, "PATCH", `/documents/${ids[0]}`, token, { content: "spoilt" });
    expect((await run("restore", second.server.url, "--from", to, "--document", ids[0]!)).status).toBe(0);
    expect(await seen(second.server.url, token)).toEqual(before);

    const file = join(to, `document-${ids[1]}.gz`);
    writeFileSync(file, readFileSync(join(to, `document-${ids[0]}.gz`)));
    const spoilt = await run("restore", second.server.url, "--from", to, "--document", ids[1]!);
    expect(spoilt).toMatchObject({ status: 1, said: expect.stringContaining("SHA-256") });
    // Several: the ids are random, and whoever is in the backup may stand before any of them.
    for (const email of ["ben@example.com", "cy@example.com", "dee@example.com"]) {
      const registered = await ask(second.server.url, "POST", "/auth/register", undefined, {
        ...account,
        email,
      });
      expect(registered.status).toBe(201);
    }
    expect((await run("restore", second.server.url, "--from", to)).said).toContain("into an empty one");
  });
});
