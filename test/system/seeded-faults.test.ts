// Six faults, each a patch that a tired engineer could have written, and the tool of docs/debugging.md that finds it.
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Finding } from "../../scripts/doctor/finding.ts";
import { MateriClient } from "../../src/client/materi-client.ts";
import { deletion } from "../../src/ot/operation.ts";
import { copyOfCheckout } from "../support/npm-start.ts";
import { type Server, startServer } from "../support/server.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

const folder = "test/support/seeded-faults";
const adminToken = "the-operator-of-these-tests-and-nobody-else";

let server: Server | undefined;
let checkout: string | undefined;
/** What the service has logged. */
let lines: string[] = [];
afterEach(async () => {
  await server?.stop();
  if (checkout) rmSync(checkout, { recursive: true });
  server = undefined;
  checkout = undefined;
  lines = [];
});

/** The service with this fault in it, and somebody who has an account there. */
async function serviceWith(fault: string): Promise<{ url: string; client: MateriClient }> {
  checkout = copyOfCheckout();
  mkdirSync(join(checkout, "dist/web"), { recursive: true });
  const { status, stderr } = spawnSync("git", ["apply", resolve(folder, `${fault}.patch`)], {
    cwd: checkout,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the patch does not apply any more: ${stderr}`);
  server = await startServer({
    main: join(checkout, "src/index.ts"),
    onLog: (line) => lines.push(line),
    settings: { ADMIN_TOKEN: adminToken, WEBHOOKS_TO_LOOPBACK: "true" },
  });
  const client = new MateriClient({ url: server.url });
  await client.auth.register({ email: "ann@example.com", password: "correct horse battery", name: "Ann" });
  return { url: server.url, client };
}

interface Run {
  code: number;
  stdout: string;
}

/** A command of package.json, as one would run it. */
async function run(script: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  const child = execFile(process.execPath, [`scripts/${script}.ts`, ...args], {
    env: { ...process.env, ...env },
  });
  let stdout = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (part) => {
      stdout += part;
    });
  }
  const [code] = await once(child, "close");
  return { code, stdout };
}

async function doctor(url: string, token: string): Promise<Finding[]> {
  const { stdout } = await run("doctor", ["--url", url, "--json"], { MATERI_TOKEN: token });
  return JSON.parse(stdout).findings;
}

const notOk = (findings: Finding[]) =>
  findings.filter(({ outcome }) => outcome === "warn" || outcome === "fail").map(({ check }) => check);

/** What a metric of the operator's has come to, all labels together. */
async function metric(url: string, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } });
  let sum = 0;
  for (const [, value] of (await answer.text()).matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm")))
    sum += Number(value);
  return sum;
}

const tests: Record<string, () => Promise<void>> = {
  async "stale-text"() {
    const { url, client } = await serviceWith("stale-text");
    const { token } = await client.tokens.create({ name: "doctor", scopes: ["documents:write"] });
    const findings = await doctor(url, token);
    expect(notOk(findings)).toEqual(["freshness"]);
  },

  async "foreign-audience"() {
    const { url } = await serviceWith("foreign-audience");
    const answer = await fetch(`${url}/api/v1/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "ann@example.com", password: "correct horse battery" }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    const findings = await doctor(url, access_token);
    expect(notOk(findings)).toEqual(["token"]);
    expect(findings.at(-1)?.found).toMatch(/for materi by materi.*its aud is not what this service takes/);
  },

  async "row-by-row"() {
    const { url, client } = await serviceWith("row-by-row");
    for (let n = 0; n < 20; n++) await client.documents.create({ title: `Document ${n}` });
    const before = await metric(url, "materi_d1_calls_total");
    for (let n = 0; n < 20; n++) await client.documents.list();
    // Isolates hand in their counts by and by. Without the fault it is three for each list, and what asking for metrics costs.
    let calls = 0;
    for (let look = 0; look < 40 && calls <= 400; look++) {
      await sleep(1_000);
      calls = (await metric(url, "materi_d1_calls_total")) - before;
    }
    expect(calls).toBeGreaterThan(400);
  },

  async "short-deletion"() {
    const { url, client } = await serviceWith("short-deletion");
    const { id } = await client.documents.create({ title: "Minutes", content: "a word ".repeat(100) });
    const session = client.open(id);
    await session.ready();
    session.edit(deletion(100, 200));
    await session.saved();
    session.close();
    // What does not read as it was written is not sealed: the history stays as it was, and the log says so.
    await expect(client.history.compact(id)).rejects.toThrow();
    // Its log comes through a pipe, and may come behind its answer.
    await expect.poll(() => lines.join("\n")).toContain("SegmentError");
    const replayed = await run("inspect", ["replay", id, "--url", url], { MATERI_ADMIN_TOKEN: adminToken });
    expect(replayed.code, replayed.stdout).toBe(0);
  },

  async "late-delivery"() {
    const receiver = await startWebhookReceiver();
    try {
      const { url, client } = await serviceWith("late-delivery");
      const [workspace] = (await client.workspaces.list()).items;
      await client.webhooks.create(workspace!.id, { url: `${receiver.url}/hook/seeded`, events: null });
      await client.documents.create({ title: "Minutes" });
      while ((await metric(url, "materi_deliveries_waiting")) === 0) await sleep(100);
      await expect.poll(() => metric(url, "materi_outbox_waiting")).toBe(0);
      await sleep(2_000);
      expect(await metric(url, "materi_deliveries_waiting")).toBe(1);
      const received = await fetch(`${receiver.url}/received/seeded`);
      expect(await received.json()).toEqual([]);
    } finally {
      receiver.stop();
    }
  },

  async "late-commit"() {
    const { url, client } = await serviceWith("late-commit");
    const { token } = await client.tokens.create({ name: "doctor", scopes: ["documents:write"] });
    const findings = await doctor(url, token);
    expect(notOk(findings), JSON.stringify(findings)).toEqual(["echo", "room"]);
    const { id } = await client.documents.create({ title: "Minutes", content: "a word" });
    const session = client.open(id);
    await session.ready();
    session.edit(deletion(0, 1));
    await session.saved();
    session.close();
    const slow = await run("inspect", [id, "--url", url, "--filter", "slow:500", "--json"], {
      MATERI_ADMIN_TOKEN: adminToken,
    });
    expect(slow.stdout).toContain('"version"');
  },
};

describe("a seeded fault is found", () => {
  for (const [fault, find] of Object.entries(tests)) {
    const [why] = readFileSync(`${folder}/${fault}.patch`, "utf8").split("\n");
    it(`${fault}: ${why}`, find);
  }
  it("and every patch has its test", () => {
    const patches = globSync(`${folder}/*.patch`).map((file) => basename(file, ".patch"));
    expect(Object.keys(tests).sort()).toEqual(patches.sort());
  });
});
