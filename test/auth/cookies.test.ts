import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { type Answer, api, expectProblem, newAccount, send } from "../support/api.ts";

const password = "SecurePass123!";

/** The one cookie that an answer sets: its name and value, and its attributes in lower case. */
function cookieOf(answer: Answer) {
  const set = answer.headers.getSetCookie();
  expect(set).toHaveLength(1);
  const [pair = "", ...attributes] = (set[0] ?? "").split("; ");
  return {
    pair,
    value: pair.slice(pair.indexOf("=") + 1),
    attributes: attributes.map((a) => a.toLowerCase()),
  };
}

/** A person of a browser: signed in with a cookie. */
async function signedIn() {
  const { user } = await newAccount({ password });
  const answer = await api("POST", "/auth/login", { json: { email: user.email, password, cookie: true } });
  expect(answer.status, answer.text).toBe(200);
  return { answer, cookie: cookieOf(answer) };
}

const withCookie = (path: string, cookie: string, headers: Record<string, string> = {}) =>
  api("POST", path, { json: { cookie: true }, headers: { cookie, ...headers } });

describe("the refresh cookie", () => {
  it("is out of reach for scripts, other hosts and other sites, and the token is nowhere else", async () => {
    const { answer, cookie } = await signedIn();
    expect(cookie.pair).toMatch(/^__Host-materi_refresh=mr1\./);
    expect(cookie.attributes.sort()).toEqual(
      ["httponly", "max-age=1209600", "path=/", "samesite=strict", "secure"].sort(),
    );
    expect(answer.body).not.toHaveProperty("refresh_token");
    expect(answer.text).not.toContain(cookie.value);
  });

  it("is set by register, too", async () => {
    const answer = await api("POST", "/auth/register", {
      json: { email: `${crypto.randomUUID()}@example.com`, password, name: "B", cookie: true },
    });
    expect(answer.status).toBe(201);
    expect(cookieOf(answer).pair).toMatch(/^__Host-materi_refresh=mr1\./);
    expect(answer.body).not.toHaveProperty("refresh_token");
  });

  it("AU-2: rotates, and is answered again for a second tab", async () => {
    const { cookie } = await signedIn();
    const [one, two] = [
      await withCookie("/auth/refresh", cookie.pair),
      await withCookie("/auth/refresh", cookie.pair),
    ];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(cookieOf(one).pair).not.toBe(cookie.pair);
    expect(cookieOf(two).pair).toBe(cookieOf(one).pair);
    expect(one.body).not.toHaveProperty("refresh_token");
    expect((await api("GET", "/users/me", { token: one.body.access_token })).status).toBe(200);
  });

  it("is cleared at logout, and worth nothing afterwards", async () => {
    const { cookie } = await signedIn();
    const out = await withCookie("/auth/logout", cookie.pair);
    expect(out.status).toBe(204);
    expect(cookieOf(out)).toMatchObject({ value: "", attributes: expect.arrayContaining(["max-age=0"]) });
    expectProblem(await withCookie("/auth/refresh", cookie.pair), "invalid_token");
  });

  it("is not cleared by a refresh that failed: another tab may have set the one that is good", async () => {
    const answer = await withCookie("/auth/refresh", "__Host-materi_refresh=mr1.x");
    expectProblem(answer, "invalid_token");
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it("counts only under the name that no other host can plant, and only if it is asked for", async () => {
    const { cookie } = await signedIn();
    expectProblem(await withCookie("/auth/refresh", cookie.pair.replace("__Host-", "")), "invalid_token");
    expectProblem(
      await api("POST", "/auth/refresh", { json: {}, headers: { cookie: cookie.pair } }),
      "validation_failed",
    );
    const both = { json: { cookie: true, refresh_token: cookie.value }, headers: { cookie: cookie.pair } };
    expectProblem(await api("POST", "/auth/refresh", both), "validation_failed");
    expectProblem(await api("POST", "/auth/logout", both), "validation_failed");
    expectProblem(await api("POST", "/auth/refresh", { json: { cookie: "yes" } }), "validation_failed");
    expectProblem(await withCookie("/auth/refresh", ""), "invalid_token");
  });

  it("is no way to use the rest of the API", async () => {
    const { cookie } = await signedIn();
    expectProblem(await api("GET", "/users/me", { headers: { cookie: cookie.pair } }), "unauthenticated");
  });

  it("goes without Secure and __Host- on one's own machine over plain http, and nowhere else", async () => {
    const { user } = await newAccount({ password });
    const loginAt = (origin: string) =>
      app.fetch(
        new Request(`${origin}/api/v1/auth/login`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ email: user.email, password, cookie: true }),
        }),
        env,
        createExecutionContext(),
      );
    for (const origin of ["http://localhost:8787", "http://127.0.0.1:8787"]) {
      const [set = ""] = (await loginAt(origin)).headers.getSetCookie();
      expect(set).toMatch(/^materi_refresh=mr1\./);
      expect(set).not.toMatch(/secure/i);
    }
    for (const origin of ["http://materi.example", "https://localhost:8787"]) {
      const [set = ""] = (await loginAt(origin)).headers.getSetCookie();
      expect(set).toMatch(/^__Host-materi_refresh=.*; Secure/);
    }
  });

  it.each<[string, Record<string, string>]>([
    ["another origin", { origin: "https://evil.example" }],
    ["a subdomain", { origin: "https://x.materi.test" }],
    ["our name over plain http", { origin: "http://materi.test" }],
    ["our name on another port", { origin: "https://materi.test:8443" }],
    ["our name as a beginning", { origin: "https://materi.test.evil.example" }],
    ["an opaque origin", { origin: "null" }],
    ["another site, without an origin", { "sec-fetch-site": "cross-site" }],
    ["a sibling host, without an origin", { "sec-fetch-site": "same-site" }],
  ])("is not spent, kept or cleared for a page of %s", async (_, headers) => {
    const { cookie } = await signedIn();
    for (const path of ["/auth/refresh", "/auth/logout"]) {
      const answer = await withCookie(path, cookie.pair, headers);
      expectProblem(answer, "origin_not_allowed");
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect((await withCookie("/auth/refresh", cookie.pair)).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ["our own pages", { origin: "https://materi.test", "sec-fetch-site": "same-origin" }],
    ["an older browser on our own pages", { origin: "https://materi.test" }],
    ["an allowed origin", { origin: "https://app.example", "sec-fetch-site": "same-site" }],
    ["a program", {}],
  ])("is spent for %s", async (_, headers) => {
    const { cookie } = await signedIn();
    expect((await withCookie("/auth/refresh", cookie.pair, headers)).status).toBe(200);
  });
});

describe("cross-origin requests", () => {
  const preflight = (origin: string) =>
    send("OPTIONS", "/api/v1/documents", {
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });

  it("are open to the pages of ALLOWED_ORIGINS", async () => {
    const asked = await preflight("https://app.example");
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(asked.headers.get("access-control-allow-headers")).toMatch(/authorization/i);
    expect(asked.headers.get("vary")).toMatch(/origin/i);
    const { access_token: token } = await newAccount();
    const answer = await api("GET", "/users/me", { token, headers: { origin: "https://app.example" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")).toMatch(/etag/i);
    const refused = await api("GET", "/users/me", { headers: { origin: "https://app.example" } });
    expectProblem(refused, "unauthenticated");
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });

  it("of any other page are not", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      "https://app.example.evil.example",
      "https://app.example:8443",
    ]) {
      expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBeNull();
      const { access_token: token } = await newAccount();
      const read = await api("GET", "/users/me", { token, headers: { origin } });
      expect(read.headers.get("access-control-allow-origin")).toBeNull();
      expectProblem(
        await api("POST", "/documents", { token, json: { title: "T" }, headers: { origin } }),
        "origin_not_allowed",
      );
    }
  });
});
