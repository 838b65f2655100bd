import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { app } from "../../src/app.ts";
import { errorStatus } from "../../src/protocol/errors.ts";
import { api, expectProblem, newAccount, send } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

describe("addresses", () => {
  it("says that it is alive, which version it is, and what time it has", async () => {
    const before = Date.now();
    const answer = await send("GET", "/health");
    expect(answer.status).toBe(200);
    const { version } = packageJson;
    const protocol = "materi.v1";
    const told = { status: "ok", version, protocol, deployment: env.DEPLOYMENT.id, time: expect.any(String) };
    expect(answer.body).toEqual(told);
    expect(Date.parse(answer.body.time)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(answer.body.time)).toBeLessThanOrEqual(Date.now());
  });

  it.each(["/nope", "/api/v1/nope", "/api/v1/documents/a/b/c", "/API/v1/documents", "/api/v1//documents"])(
    "answers 404 for %s",
    async (path) => expectProblem(await send("GET", path), "not_found"),
  );

  it.each([
    ["PUT", "/api/v1/documents", "GET, POST"],
    ["POST", "/api/v1/documents/0", "GET, PATCH, DELETE"],
    ["DELETE", "/api/v1/auth/login", "POST"],
    ["POST", "/ws/documents/0", "GET"],
    ["POST", "/health", "GET"],
  ])("answers 405 for %s %s and says what is allowed", async (method, path, allow) => {
    const answer = await send(method, path);
    expectProblem(answer, "method_not_allowed");
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it("serves a page for every problem type", async () => {
    for (const code of Object.keys(errorStatus)) {
      const answer = await send("GET", `/problems/${code}`);
      expect(answer.status).toBe(200);
      expect(answer.text).toContain(code);
    }
    expectProblem(await send("GET", "/problems/constructor"), "not_found");
  });

  it("publishes the public halves of the keys and nothing more", async () => {
    const answer = await send("GET", "/.well-known/jwks.json");
    expect(answer.body.keys).toHaveLength(2);
    for (const key of answer.body.keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
    }
  });
});

describe("every answer", () => {
  it("has an id of its own and headers that keep it private", async () => {
    const ids = new Set<string | null>();
    for (const path of ["/health", "/nope", "/api/v1/users/me"]) {
      const { headers } = await send("GET", path);
      ids.add(headers.get("x-request-id"));
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("strict-transport-security")).toBeTruthy();
    }
    expect(ids.size).toBe(3);
  });

  it("takes over a caller's request id if it is plain, and else makes one", async () => {
    const id = "trace-0123456789";
    expect(
      (await send("GET", "/health", { headers: { "x-request-id": id } })).headers.get("x-request-id"),
    ).toBe(id);
    for (const bad of ["short", 'x","level":"error', "a".repeat(65)]) {
      const { headers } = await send("GET", "/health", { headers: { "x-request-id": bad } });
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("an unexpected error", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("is answered without what it says, and logged without what it quotes", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    await env.DB.exec("ALTER TABLE users RENAME TO users_away");
    const answer = await api("POST", "/auth/login", {
      json: { email: "somebody@example.com", password: "a secret password" },
    });
    await env.DB.exec("ALTER TABLE users_away RENAME TO users");
    expectProblem(answer, "internal");
    // What others do behind their answers may meet the missing table, too.
    const told = lines.mock.calls.map(String).filter((text) => text.includes(answer.body.request_id));
    expect(told).toHaveLength(1);
    const line = told[0]!;
    expect(JSON.parse(line)).toMatchObject({
      event: "unexpected_error",
      request_id: answer.body.request_id,
      trace_id: answer.headers.get("traceparent")?.split("-")[1],
      route: "/api/v1/auth/login",
      error: "DrizzleQueryError",
      code: "SQLITE_ERROR",
    });
    expect(line).not.toMatch(/somebody|secret password|select/i);
  });

  it("of missing secrets tells the operator which, and the caller nothing", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const { access_token: token } = await newAccount();
    const broken = [
      { SIGNING_KEYS: undefined, REFRESH_SECRET: undefined },
      { ...testSecrets, SIGNING_KEYS: "{not json: sEcReT" },
      { ...testSecrets, SIGNING_KEYS: '{"keys":[]}' },
      { ...testSecrets, SIGNING_KEYS: '{"keys":[{"kid":"k","alg":"HS256","kty":"oct","k":"sEcReT"}]}' },
      { ...testSecrets, REFRESH_SECRET: "sEcReT" },
      { ...testSecrets, ENCRYPTION_SECRET: `${testSecrets.ENCRYPTION_SECRET},sEcReT` },
      { ...testSecrets, SECOND_FACTOR: "sEcReT" },
      { ...testSecrets, REFRESH_SECRET: `${testSecrets.REFRESH_SECRET},${"sEcReT".repeat(6)}` },
      { ...testSecrets, ADMIN_TOKEN: "sEcReT" },
      { ...testSecrets, BREACHED_PASSWORDS_URL: "http://sEcReT.example/range/" },
      // Origins as browsers send them: no path, no star; and no provider whose answers come over plain http.
      ...["*", "https://sEcReT.example/", "sEcReT.example", "https://a.example,*"].map((ALLOWED_ORIGINS) => ({
        ...testSecrets,
        ALLOWED_ORIGINS,
      })),
      { ...testSecrets, GOOGLE_ISSUER: "http://sEcReT.example" },
      { ...testSecrets, GOOGLE_ISSUER: "http://127.0.0.1.sEcReT.example" },
    ];
    for (const secrets of broken) {
      const request = new Request("https://materi.test/api/v1/users/me", {
        headers: { authorization: `Bearer ${token}` },
      });
      const response = await app.fetch(
        request,
        { ...env, ...secrets } as unknown as Env,
        createExecutionContext(),
      );
      expect(response.status).toBe(500);
      expect(await response.text()).not.toMatch(/SIGNING_KEYS|REFRESH_SECRET/);
      const id = response.headers.get("x-request-id")!;
      const line = lines.mock.calls.map(String).find((text) => text.includes(id))!;
      expect(JSON.parse(line)).toMatchObject({
        error: "ConfigurationError",
        hint: expect.stringContaining("npm start"),
      });
      expect(line).not.toContain("sEcReT");
    }
    expect((await api("GET", "/users/me", { token })).status).toBe(200);
  });
});
