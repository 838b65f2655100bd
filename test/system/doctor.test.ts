// `npm run doctor` against the real service, directly and through proxies that each do one thing wrong.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../scripts/doctor/finding.ts";
import { MateriClient } from "../../src/client/materi-client.ts";
import { type ProxyFaults, startProxy } from "../support/proxy.ts";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
let client: MateriClient;
let token: string;
beforeAll(async () => {
  server = await startServer();
  client = new MateriClient({ url: server.url });
  await client.auth.register({ email: "ann@example.com", password: "correct horse battery", name: "Ann" });
  ({ token } = await client.tokens.create({ name: "doctor", scopes: ["documents:write"] }));
});
afterAll(() => server.stop());

interface Visit {
  code: number;
  stdout: string;
  findings: Finding[];
  /** What was found of one thing, with what to do. */
  of(check: string): Finding;
}

/** Runs the command as one would in a shell. */
async function doctor(
  url: string,
  { with: bearer, args = [] }: { with?: string; args?: string[] } = {},
): Promise<Visit> {
  const { MATERI_TOKEN: _, ...env } = process.env;
  const child = execFile(process.execPath, ["scripts/doctor.ts", "--url", url, "--json", ...args], {
    env: { ...env, ...(bearer !== undefined && { MATERI_TOKEN: bearer }) },
  });
  let stdout = "";
  child.stdout?.on("data", (part) => {
    stdout += part;
  });
  const [code] = await once(child, "close");
  const findings: Finding[] = stdout ? JSON.parse(stdout).findings : [];
  return {
    code,
    stdout,
    findings,
    of: (check) =>
      findings.find((finding) => finding.check === check) ?? expect.fail(`nothing of ${check}: ${stdout}`),
  };
}

/** A visit to the service behind such a proxy. */
async function through(faults: ProxyFaults, args: string[] = []): Promise<Visit> {
  const proxy = await startProxy(server.url, faults);
  try {
    return await doctor(proxy.url, { with: token, args });
  } finally {
    await proxy.stop();
  }
}

const wrong = ({ findings }: Visit) =>
  findings.filter(({ outcome }) => outcome === "fail").map(({ check }) => check);

describe("a service that is well", () => {
  it("has nothing wrong, every part looked at, and no document left behind", async () => {
    const visit = await doctor(server.url, { with: token });
    expect(wrong(visit), visit.stdout).toEqual([]);
    expect(visit.code).toBe(0);
    expect(visit.findings.map(({ check, outcome }) => [check, outcome])).toEqual([
      ["reachable", "ok"],
      ["TLS", "skip"],
      ...[
        "alive",
        "clock",
        "versions",
        "ready",
        "refusals",
        "token",
        "D1",
        "document",
        "answers",
        "freshness",
      ].map((check) => [check, "ok"]),
      ...["socket", "echo", "room", "limits", "clean-up"].map((check) => [check, "ok"]),
    ]);
    expect(visit.stdout).not.toContain(token);
    expect((await client.documents.list()).items).toEqual([]);
    expect((await client.documents.list({ deleted: "true" })).items).toEqual([]);
  });

  it("has nothing wrong behind a proxy that hands all on", async () => {
    const visit = await through({});
    expect(wrong(visit), visit.stdout).toEqual([]);
    expect(visit.code).toBe(0);
  });

  it("is looked at as far as it is open, where there is no token", async () => {
    const visit = await doctor(server.url);
    expect(visit.code).toBe(0);
    expect(visit.of("token").outcome).toBe("skip");
    expect(visit.findings.at(-1)?.check).toBe("token");
  });
});

describe("tokens", () => {
  const jwt = (claims: object, { kid = "k" } = {}) =>
    new SignJWT({ sid: randomUUID(), ...claims })
      .setProtectedHeader({ alg: "HS256", kid, typ: "at+jwt" })
      .setSubject(randomUUID())
      .setIssuedAt()
      .sign(new TextEncoder().encode("a secret that is none of the service's"));

  it.each([
    ["that has expired", () => jwt({ exp: 1_700_000_000 }), /ended \d+ s ago/, /has expired/],
    [
      "of another service",
      () => jwt({ exp: 4_000_000_000 }),
      /key is none of this service's/,
      /another environment/,
    ],
    ["that was cut", () => "eyJhbGciOiJFZERTQSJ9.eyJzdW", /2 parts/, /cut when it was copied/],
    ["with a word around it", () => `Bearer ${token}`, /more around it/, /Leave/],
    [
      "that was never given",
      () => "mat_0000000000000000000000000000000000000000000",
      /401 invalid_token/,
      /revoked/,
    ],
  ])("one %s is explained", async (_, make, found, todo) => {
    const bad = await make();
    const visit = await doctor(server.url, { with: bad });
    expect(visit.code).toBe(1);
    expect(visit.of("token")).toMatchObject({
      found: expect.stringMatching(found),
      todo: expect.stringMatching(todo),
    });
    expect(visit.stdout).not.toContain(bad);
  });

  it("an access token is taken apart, and one whose session has ended is told", async () => {
    const other = new MateriClient({ url: server.url });
    await other.auth.login({ email: "ann@example.com", password: "correct horse battery" });
    const access = await other.token();
    const visit = await doctor(server.url, { with: access });
    expect(visit.of("token")).toMatchObject({
      outcome: "ok",
      found: expect.stringMatching(
        /JWT EdDSA, key .+ for materi-api by materi, user .+ of 600 s, \d+ are left/,
      ),
    });
    await other.auth.logout();
    const after = await doctor(server.url, { with: access });
    expect(after.of("token")).toMatchObject({
      outcome: "fail",
      todo: expect.stringContaining("session has ended"),
    });
  });

  it("one that only reads is told from a fault of the service", async () => {
    const { token: reads } = await client.tokens.create({ name: "reads", scopes: ["documents:read"] });
    const visit = await doctor(server.url, { with: reads });
    expect(wrong(visit)).toEqual(["document"]);
    expect(visit.of("document").todo).toContain("only reads");
  });
});

describe("networks and proxies", () => {
  it("nothing that listens", async () => {
    const visit = await doctor("http://127.0.0.1:1");
    expect(visit.code).toBe(1);
    expect(visit.findings).toHaveLength(1);
    expect(visit.of("reachable")).toMatchObject({
      found: expect.stringContaining("nothing listens"),
      todo: expect.stringContaining("npm start"),
    });
  });

  it("a name that nobody has", async () => {
    const visit = await doctor("http://materi.invalid");
    expect(visit.of("reachable")).toMatchObject({ outcome: "fail", found: expect.stringContaining("DNS") });
  });

  it("something that listens and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const visit = await doctor(`http://127.0.0.1:${port}`, { args: ["--patience", "1"] });
    silent.close();
    expect(visit.of("alive")).toMatchObject({ outcome: "fail", found: "no answer within 1 s" });
  });

  it.each(["self-signed", "expired"])("a certificate that is %s", async (name) => {
    const read = (file: string) => readFileSync(`test/support/certificates/${file}.pem`, "utf8");
    const visit = await through({ tls: { key: read("key"), cert: read(name) } });
    expect(wrong(visit)).toEqual(["TLS"]);
    expect(visit.of("TLS").found).toMatch(
      name === "expired" ? /ends \d+ days ago: CERT_HAS_EXPIRED/ : /SELF_SIGNED/,
    );
  });

  it("a page in the service's place", async () => {
    const visit = await through({
      answers: (_, answer) => {
        answer
          .writeHead(200, { "content-type": "text/html", server: "portal" })
          .end("<title>Sign in to the café</title>");
        return true;
      },
    });
    expect(wrong(visit)).toEqual(["alive"]);
    expect(visit.of("alive").found).toBe('200, text/html, "Sign in to the café", from portal');
  });

  it("a redirection", async () => {
    const visit = await through({
      answers: (_, answer) => {
        answer.writeHead(308, { location: "https://elsewhere.example/health" }).end();
        return true;
      },
    });
    expect(visit.of("alive").todo).toContain("https://elsewhere.example");
  });

  it("a clock that is wrong", async () => {
    const visit = await through({
      changes: (answer, { url }) => {
        if (url === "/health")
          answer.body = answer.body.replace(/"time":"[^"]+"/, '"time":"2026-01-01T00:00:00.000Z"');
      },
    });
    expect(wrong(visit)).toEqual(["clock"]);
    expect(visit.of("clock").todo).toContain("NTP");
  });

  it("another protocol, and another version", async () => {
    const visit = await through({
      changes: (answer, { url }) => {
        if (url === "/health")
          answer.body = answer.body.replace("materi.v1", "materi.v2").replace("0.1.0", "9.0.0");
      },
    });
    expect(wrong(visit)).toEqual(["versions"]);
    expect(visit.of("versions").found).toContain("service 9.0.0 (materi.v2)");
  });

  it.each([
    ["degraded", 200, "warn"],
    ["unavailable", 503, "fail"],
  ])("parts of it that are %s", async (status, code, outcome) => {
    const visit = await through({
      changes: (answer, { url }) => {
        if (url !== "/health/ready") return;
        answer.status = code;
        answer.body = JSON.stringify({
          status,
          checks: { d1: { status: "ok", latency_ms: 3 }, queue: { status: "slow" } },
        });
      },
    });
    expect(visit.of("ready")).toMatchObject({
      outcome,
      found: expect.stringContaining("d1 ok 3 ms, queue slow"),
    });
    expect(visit.of("ready").todo).toContain("queue");
    expect(wrong(visit)).toEqual(outcome === "fail" ? ["ready"] : []);
  });

  it("error pages of its own", async () => {
    const visit = await through({
      changes: (answer) => {
        if (answer.status < 400) return;
        answer.headers = { "content-type": "text/html" };
        answer.body = "<title>Unauthorized</title>";
      },
    });
    expect(wrong(visit)).toContain("refusals");
    expect(visit.of("refusals").todo).toContain("error pages");
  });

  it("the Authorization header taken away", async () => {
    const visit = await through({ takes: ["authorization"] });
    expect(wrong(visit)).toContain("token");
    expect(visit.of("token").todo).toContain("takes the Authorization header away");
  });

  it("answers that are rewritten", async () => {
    const visit = await through({
      changes: (answer) => {
        answer.body = answer.body.replace(/"version":(\d+)/, '"version":"$1"');
      },
    });
    expect(wrong(visit)).toEqual(["answers"]);
    expect(visit.of("answers").found).toMatch(/version: .*number/);
  });

  it("a cache that keeps private answers", async () => {
    let kept: string | undefined;
    const visit = await through({
      changes: (answer, { url, method }) => {
        if (!url?.endsWith("/content") || method !== "GET") return;
        kept ??= answer.body;
        answer.body = kept;
      },
    });
    expect(wrong(visit)).toEqual(["freshness"]);
    expect(visit.of("freshness").todo).toContain("cache");
  });

  it("sockets that are not handed on", async () => {
    const visit = await through({ stripsUpgrade: true });
    expect(wrong(visit)).toEqual(["socket"]);
    expect(visit.of("socket").todo).toContain("does not hand the upgrade on");
  });

  it("a subprotocol that is taken away", async () => {
    const visit = await through({ takes: ["sec-websocket-protocol"] });
    expect(wrong(visit)).toEqual(["socket"]);
  });

  it("sockets through which nothing comes", async () => {
    // Enough for what is not mute, on a busy machine.
    const visit = await through({ mutesSockets: true }, ["--patience", "8"]);
    expect(wrong(visit)).toEqual(["echo", "limits"]);
    expect(visit.of("clean-up").outcome).toBe("ok");
  });
});

it.each([["--url", "nowhere"], ["--patience", "never"], ["--what"]])(
  "%s %s is wrong use",
  async (...args) => {
    const visit = await doctor(server.url, { args });
    expect(visit.code).toBe(2);
  },
);

it("as a table it says what to do, without the token", async () => {
  const child = execFile(process.execPath, [
    "scripts/doctor.ts",
    "--url",
    server.url,
    "--token",
    `${token}x`,
  ]);
  let stdout = "";
  child.stdout?.on("data", (part) => {
    stdout += part;
  });
  const [code] = await once(child, "close");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}token {6}a personal access token .*\n {17}→ Its session has ended/m);
  expect(stdout).toMatch(/\n1 wrong/);
  expect(stdout).not.toContain(token);
});
