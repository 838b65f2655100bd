import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCodes } from "../../scripts/replay/failure.ts";
import { type Server, startServer } from "../support/server.ts";

const root = resolve(import.meta.dirname, "../..");
const traces = join(root, "test/support/traces");
const sequential = join(traces, "sequential.json");
const concurrent = join(traces, "concurrent.json");

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(root, "scripts/replay.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function endOf(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, "close"),
  ]);
  return { code, out, err };
}

const replay = (...args: string[]) => endOf(start(...args));

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe("npm run replay", () => {
  it("types a sequential trace, and all texts end as the trace does", async () => {
    const { code, out, err } = await replay(sequential, "--url", server.url);
    expect(code, err).toBe(exitCodes.done);
    const [, operations] = out.match(/^edits +600 in (\d+) operations, by 1 writer$/m) ?? [];
    // What is typed while an operation is in flight is composed; not everything into one.
    expect(Number(operations)).toBeGreaterThan(1);
    expect(Number(operations)).toBeLessThanOrEqual(600);
    expect(out).toMatch(/^texts +equal: writer 1, observer, service, trace /m);
    expect(out).toMatch(/^until acked +p50 \d+\.\d ms, p99 \d+\.\d ms$/m);
  });

  it("has several writers type it in turn: each edit is an operation, in the trace's order", async () => {
    const { code, out, err } = await replay(sequential, "--clients", "3", "--url", server.url);
    expect(code, err).toBe(exitCodes.done);
    expect(out).toMatch(/^edits +600 in \d+ operations, by 3 writers$/m);
    expect(out).toMatch(/^texts +equal: writer 1, writer 2, writer 3, observer, service, trace /m);
  });

  it("types a concurrent trace, every author seeing what he had seen, and ends as the trace does", async () => {
    const { code, out, err } = await replay(concurrent, "--url", server.url);
    expect(code, err).toBe(exitCodes.done);
    expect(out).toMatch(/^edits +600 in \d+ operations, by 2 writers$/m);
    expect(out).toMatch(/^texts +equal: writer 1, writer 2, observer, service /m);
    expect(out).toMatch(/^trace's end +equal too$/m);
    expect(out).not.toContain("cut to fit");
  });

  it("types as a person who has an account", async () => {
    const person = { email: "ann@example.com", password: "a long enough password", name: "Ann" };
    const registered = await fetch(`${server.url}/api/v1/auth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(person),
    });
    expect(registered.status).toBe(201);
    const as = (password: string) =>
      replay(sequential, "--url", server.url, "--email", person.email, "--password", password);
    expect((await as(person.password)).code).toBe(exitCodes.done);
    const refused = await as("another password");
    expect([refused.code, refused.out]).toEqual([exitCodes.credentials, ""]);
    expect(refused.err).toBe(
      `The service at ${server.url} does not know this e-mail address and password.\n`,
    );
  });

  it("keeps the recorded times where it is asked to, comes back after a kill, and gives up when nothing does", async () => {
    // 600 edits in 12 recorded seconds: the kill falls in the middle.
    const child = start(sequential, "--speed", "real", "--url", server.url);
    // It is as patient with its first connection, for which a busy machine takes long.
    const giving = start(sequential, "--speed", "real", "--url", server.url, "--patience", "4");
    const [end, givenUp] = [endOf(child), endOf(giving)];
    await Promise.all([once(child.stderr!, "data"), once(giving.stderr!, "data")]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await server.kill9();
    const gone = await givenUp;
    await server.restart();
    const back = await end;
    expect(back.code, back.err).toBe(exitCodes.done);
    const seconds = Number(back.out.match(/^time +([\d.]+) s/m)?.[1]);
    expect(seconds).toBeGreaterThan(11);
    expect(back.out).toMatch(/^lost lines +2, all resumed$/m);
    expect([gone.code, gone.out]).toEqual([exitCodes.server, ""]);
    expect(gone.err).toMatch(/The connection was lost, and the service has not come back within 4 s\.\n$/);
  });
});

describe("npm run replay, wrongly used", () => {
  it.each<[string, keyof typeof exitCodes, RegExp, string[]]>([
    ["no file", "usage", /^Name one file\./, []],
    ["an unknown option", "usage", /--fast/, [sequential, "--fast"]],
    ["no number of clients", "usage", /^--clients is 1 to 100\./, [sequential, "--clients", "0"]],
    [
      "more clients than a concurrent trace has",
      "usage",
      /^--clients is for/,
      [concurrent, "--clients", "2"],
    ],
    ["an unknown speed", "usage", /^--speed is/, [sequential, "--speed", "9"]],
    ["an address of another kind", "usage", /^--url/, [sequential, "--url", "ftp://localhost"]],
    ["an e-mail address alone", "usage", /^--email and --password/, [sequential, "--email", "a@b.c"]],
    ["a file that is not there", "trace", /none\.json cannot be read/, [join(traces, "none.json")]],
    ["a file that is not JSON", "trace", /README\.md is not JSON\.$/m, [join(traces, "README.md")]],
    ["JSON that is no trace", "trace", /is not an editing trace: endContent/, [join(root, "tsconfig.json")]],
    [
      "a port where nothing is",
      "server",
      /^No service answers at/,
      [sequential, "--url", "http://127.0.0.1:1"],
    ],
  ])("%s: one line, and its own exit code", async (_, cause, line, args) => {
    const { code, out, err } = await replay(...args);
    expect([code, out]).toEqual([exitCodes[cause], ""]);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toMatch(line);
  });

  it("says what it can do", async () => {
    const { code, out } = await replay("--help");
    expect(code).toBe(exitCodes.done);
    for (const exitCode of Object.values(exitCodes)) expect(out).toContain(`${exitCode} `);
  });
});
