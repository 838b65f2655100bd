import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  copyOfCheckout,
  family,
  freePort,
  left,
  listen,
  npmStart,
  running,
  type Start,
  stopped,
} from "../support/npm-start.ts";

let checkout: string;
let started: Start[] = [];

function start(port: number, ...words: string[]): Start {
  const service = npmStart(checkout, port, ...words);
  started.push(service);
  return service;
}

beforeAll(() => {
  checkout = copyOfCheckout();
});
afterEach(async () => {
  for (const service of started) await stopped(service);
  started = [];
});
afterAll(() => rmSync(checkout, { recursive: true }));

test("the first start makes secrets and tables, and serves; the second keeps them and the data", async () => {
  const port = await freePort();
  const first = start(port);
  await running(first);
  expect(first.said()).toContain(
    "Made SIGNING_KEYS, REFRESH_SECRET, ENCRYPTION_SECRET, ADMIN_TOKEN in .dev.vars",
  );
  const secrets = readFileSync(join(checkout, ".dev.vars"), "utf8");
  expect(statSync(join(checkout, ".dev.vars")).mode & 0o777).toBe(0o600);
  expect(spawnSync("git", ["check-ignore", "-q", ".dev.vars"]).status).toBe(0);

  // The addresses answer, and the command that it offers to paste does what it says.
  const address = `http://127.0.0.1:${port}`;
  expect(first.said()).toContain(`${address}/api/v1`);
  for (const [url] of first.said().matchAll(/http:\S+\/docs$/gm)) expect((await fetch(url)).status).toBe(200);
  expect(await (await fetch(address)).text()).toContain("<title>Materi</title>");
  const command = /^ {2}curl [\s\S]+?\n\n/m.exec(first.said())![0];
  const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({
    access_token: expect.any(String),
    user: { email: "ada@example.com" },
  });

  // What it would send by e-mail is in a file that it names.
  while (!first.said().includes("E-mail: ")) await sleep(50);
  const mail = readFileSync(join(checkout, /^E-mail: (.+)$/m.exec(first.said())![1]!), "utf8");
  expect(mail).toContain(`${address}/confirm-email#token=`);
  expect(mail).toContain("ada@example.com");

  // A second service on the same data would be a second writer of its documents.
  const twin = start(await freePort());
  expect(await once(twin.process, "close")).toEqual([1, null]);
  expect(twin.said().trim().split("\n").at(-1)).toMatch(`Materi is running here already, at ${address}`);

  // Ctrl-C: nothing is left, and an end that was asked for is no failure.
  const firstFamily = family(first.process.pid!);
  expect(firstFamily.length).toBeGreaterThan(4);
  const instance = join(checkout, ".wrangler/state/v3/instance.json");
  process.kill(JSON.parse(readFileSync(instance, "utf8")).pid, "SIGINT");
  expect(await once(first.process, "close")).toEqual([0, null]);
  // Its end closes a process's pipes before `ps` sees it gone.
  while (left(firstFamily).length > 0) await sleep(50);

  // After Ctrl-C, npm is gone before the service is. One who starts again at once waits for that.
  const predecessor = spawn("sleep", ["1"]);
  writeFileSync(instance, JSON.stringify({ pid: predecessor.pid, address, stopping: true }));
  const second = start(port);
  await running(second);
  expect(predecessor.exitCode).toBe(0);
  expect(readFileSync(join(checkout, ".dev.vars"), "utf8")).toBe(secrets);
  expect(second.said()).not.toContain("Made ");
  const login = await fetch(`${address}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com", password: "a long enough password" }),
  });
  expect(login.status).toBe(200);

  // A supervisor signals npm alone, and npm does not hand the signal on.
  const secondFamily = family(second.process.pid!);
  second.process.kill("SIGTERM");
  while (left(secondFamily).length > 0) await sleep(50);
  await expect(fetch(`${address}/health`)).rejects.toThrow("fetch failed");
});

test("with --with-oidc there is a provider to sign in with, which knows the service", async () => {
  const port = await freePort();
  const service = start(port, "--with-oidc");
  await running(service);
  const address = `http://127.0.0.1:${port}/api/v1/auth/oauth/google`;
  expect(service.said()).toContain(address);
  const begun = await fetch(address, { redirect: "manual" });
  expect(begun.status).toBe(302);
  const page = await fetch(begun.headers.get("location") ?? "", { redirect: "manual" });
  // To its sign-in page: it knows the client, and the address that it is to lead back to.
  expect([page.status, page.headers.get("location")]).toEqual([
    303,
    expect.stringMatching(/^\/interaction\//),
  ]);
});

test("a word that it does not know is refused in one line", async () => {
  const refused = start(await freePort(), "--with-odic");
  expect(await once(refused.process, "close")).toEqual([1, null]);
  expect(refused.said()).toMatch(/Not known: --with-odic\..*--with-oidc.*\n$/);
});

test("a taken port is refused in one line that says what to do, and exit code 1", async () => {
  const occupant = await listen(0);
  try {
    const { port } = occupant.address() as { port: number };
    const refused = start(port);
    expect(await once(refused.process, "close")).toEqual([1, null]);
    expect(refused.said()).toMatch(
      /\nPort (\d+) is taken: stop what listens there, or try PORT=\d+ npm start\n$/,
    );
    expect(refused.said()).toContain(`Port ${port} is taken`);
  } finally {
    occupant.close();
  }
});
