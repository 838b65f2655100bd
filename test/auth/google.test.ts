// The whole flow against a real OpenID provider (test/support/servers-in-node.ts), through the public door.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { Browser, home } from "../support/browser.ts";
import {
  backFromProvider,
  events,
  location,
  me,
  newLogin,
  signIn,
  start,
} from "../support/google-sign-in.ts";

const password = "SecurePass123!";

afterEach(() => vi.restoreAllMocks());

describe("signing in with Google", () => {
  it("AU-3: opens an account, and the next time signs in to it", async () => {
    const login = newLogin();
    const first = await signIn(login);
    expect(first.status, first.text).toBe(200);
    expect(first.body).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 600,
      refresh_token: expect.stringMatching(/^mr1\./),
      user: {
        id: expect.any(String),
        email: login,
        email_verified: true,
        name: login.split("@")[0],
        oauth_provider: "google",
        second_factor: false,
        created_at: expect.any(String),
      },
    });
    const second = await signIn(login);
    expect(second.body.user).toEqual(first.body.user);
    expect(second.body.access_token).not.toBe(first.body.access_token);
    expect((await me(second.body.access_token)).body).toEqual(first.body.user);
    expect(await events(first.body.user.id)).toEqual([
      "account.registered",
      "identity.linked",
      "session.started",
    ]);
    // What every account has.
    const created = await api("POST", "/documents", { token: first.body.access_token, json: { title: "T" } });
    expect(created.status).toBe(201);
    // And no password: not even an empty one.
    for (const given of ["", password]) {
      const answer = await api("POST", "/auth/login", { json: { email: login, password: given } });
      expectProblem(answer, "invalid_credentials");
    }
  });

  it("asks for an authorization code with state, nonce and PKCE, and keeps the secrets to itself", async () => {
    const answer = await new Browser().open(start);
    const url = new URL(location(answer));
    expect(url.origin).toBe(inject("openidProvider").GOOGLE_ISSUER);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: inject("openidProvider").GOOGLE_CLIENT_ID,
      redirect_uri: `${home}${start}/callback`,
      response_type: "code",
      scope: "openid email profile",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^materi_oauth=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it("brings a browser back to the page that it came from, with the refresh token in a cookie", async () => {
    const browser = new Browser();
    const back = await backFromProvider(browser, newLogin(), "?return_to=/documents%3Ftab%3D2");
    const answer = await browser.open(back);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/documents?tab=2");
    expect(answer.text).toBe("");
    const refreshed = await browser.open("/api/v1/auth/refresh", { method: "POST", json: { cookie: true } });
    expect(refreshed.body.user.oauth_provider).toBe("google");
  });

  it("takes one person's two tabs at once, each for itself, as one account", async () => {
    const [browser, login] = [new Browser(), newLogin()];
    const one = await backFromProvider(browser, login);
    const two = await backFromProvider(browser, login);
    const answers = await Promise.all([browser.open(one), browser.open(two)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.body.user).toEqual(answers[1]?.body.user);
  });

  it("AU-10: works once", async () => {
    const browser = new Browser();
    const back = await backFromProvider(browser, newLogin());
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.open(back)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
    expectProblem(await browser.open(back), "oauth_flow_unknown");
  });

  it("AU-10: works in the browser that began it, and in no other", async () => {
    const [hers, his] = [new Browser(), new Browser()];
    const login = newLogin();
    const back = await backFromProvider(hers, login);
    expectProblem(await his.open(back), "oauth_flow_unknown");
    // Nor with a flow of his own under way, or without a cookie, or with an empty one.
    await his.open(start);
    expectProblem(await his.open(back), "oauth_flow_unknown");
    his.jar().set("materi_oauth", "");
    expectProblem(await his.open(back), "oauth_flow_unknown");
    // What he tried took nothing from her.
    expect((await hers.open(back)).body.user.email).toBe(login);
  });

  it("AU-10: has to be done within 10 minutes", async () => {
    const browser = new Browser();
    const back = await backFromProvider(browser, newLogin());
    const { changes } = (
      await env.DB.prepare("UPDATE oauth_flows SET expires_at = expires_at - 600000 WHERE redirect_uri = ?")
        .bind(`${home}${start}/callback`)
        .run()
    ).meta;
    expect(changes).toBeGreaterThan(0);
    expectProblem(await browser.open(back), "oauth_flow_unknown");
  });

  it("is refused for a state that was changed, left out or sent twice", async () => {
    const browser = new Browser();
    const back = await backFromProvider(browser, newLogin());
    const changed = new URL(back);
    changed.searchParams.set("state", `${back.searchParams.get("state")?.slice(0, -1)}_`);
    expectProblem(await browser.open(changed), "oauth_flow_unknown");
    const without = new URL(back);
    without.searchParams.delete("state");
    expectProblem(await browser.open(without), "invalid_request");
    const twice = new URL(back);
    twice.searchParams.append("state", "x");
    expectProblem(await browser.open(twice), "invalid_request");
  });

  it("is refused for another code, or the code of another flow (PKCE), or another issuer (RFC 9207)", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const browser = new Browser();
    for (const [name, value] of [
      ["code", "made-up"],
      ["code", (await backFromProvider(new Browser(), newLogin())).searchParams.get("code")],
    ] as const) {
      const back = await backFromProvider(browser, newLogin());
      back.searchParams.set(name, value ?? "");
      expectProblem(await browser.open(back), "oauth_refused");
    }
    const back = await backFromProvider(browser, newLogin());
    back.searchParams.set("iss", "https://evil.example");
    expectProblem(await browser.open(back), "oauth_failed");
    const without = await backFromProvider(browser, newLogin());
    without.searchParams.delete("iss");
    expectProblem(await browser.open(without), "oauth_failed");
  });

  it("tells the page that it returns to when the person said no", async () => {
    const browser = new Browser();
    const state = new URL(location(await browser.open(`${start}?return_to=/login%3Fa%3D1`))).searchParams.get(
      "state",
    );
    const query = new URLSearchParams({
      error: "access_denied",
      error_description: "<script>",
      state: state ?? "",
      iss: inject("openidProvider").GOOGLE_ISSUER,
    });
    const answer = await browser.open(`${start}/callback?${query}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/login?a=1&error=oauth_refused");
    const bare = new URL(location(await browser.open(start))).searchParams.get("state") ?? "";
    query.set("state", bare);
    const problem = await browser.open(`${start}/callback?${query}`);
    expectProblem(problem, "oauth_refused");
    expect(problem.text).not.toContain("script");
  });

  it.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\\/evil.example",
    "evil.example",
    "javascript:alert(1)",
    "",
    `/${"x".repeat(limits.pathUnits)}`,
  ])("returns to no other site: return_to=%j", async (to) => {
    const answer = await new Browser().open(`${start}?return_to=${encodeURIComponent(to)}`);
    expectProblem(answer, "invalid_request");
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    "https://evil.example/cb",
    "http://evil.example/cb",
    "http://localhost.evil.example/cb",
    "app:/cb",
    "x",
  ])("sends the code to no page that has no business here: redirect_uri=%s", async (uri) => {
    const answer = await new Browser().open(`${start}?redirect_uri=${encodeURIComponent(uri)}`);
    expectProblem(answer, uri === "x" ? "invalid_request" : "origin_not_allowed");
  });

  it("answers not_configured where it is not set up, and the rest works", async () => {
    for (const settings of [{}, { GOOGLE_CLIENT_ID: "x" }, { GOOGLE_CLIENT_SECRET: "x" }]) {
      const browser = new Browser(settings);
      expectProblem(await browser.open(start), "not_configured");
      expectProblem(await browser.open(`${start}/callback?state=x&code=y`), "not_configured");
      expectProblem(await browser.open(start, { method: "POST", json: { code: "x" } }), "not_configured");
    }
    expect((await newAccount()).user.oauth_provider).toBeNull();
  });
});

describe("POST /auth/oauth/google", () => {
  it("takes the code from who got it on a page of their own, with the browser's cookie", async () => {
    const [browser, login] = [new Browser(), newLogin()];
    const uri = "http://127.0.0.1:5000/own/callback";
    const back = await backFromProvider(browser, login, `?redirect_uri=${encodeURIComponent(uri)}`);
    expect(back.href.startsWith(uri)).toBe(true);
    const { code, state, iss } = Object.fromEntries(back.searchParams);
    const answer = await browser.open(start, { method: "POST", json: { code, state, iss, cookie: true } });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.user.email).toBe(login);
    expect(answer.body).not.toHaveProperty("refresh_token");
    expect(browser.jar().get("materi_refresh")).toMatch(/^mr1\./);
  });

  it("takes a code without its state for the latest sign-in of this browser, and for no other", async () => {
    const browser = new Browser();
    const early = await backFromProvider(browser, newLogin());
    const late = await backFromProvider(browser, newLogin());
    const post = (b: Browser, url: URL) =>
      b.open(start, { method: "POST", json: { code: url.searchParams.get("code") } });
    expectProblem(await post(new Browser(), late), "oauth_flow_unknown");
    expect((await post(browser, late)).status).toBe(200);
    expectProblem(await post(browser, late), "oauth_refused");
    expectProblem(await post(browser, early), "oauth_flow_unknown");
  });

  it("is not for links: a code of one signs nobody in", async () => {
    const { access_token: token } = await newAccount();
    const browser = new Browser();
    const begun = await browser.open("/api/v1/users/me/identities/google", {
      method: "POST",
      token,
      json: {},
    });
    const back = await browser.signInAtProvider(begun.body.authorization_url, newLogin());
    const { code, state } = Object.fromEntries(back.searchParams);
    for (const json of [{ code }, { code, state }]) {
      expectProblem(await browser.open(start, { method: "POST", json }), "oauth_flow_unknown");
    }
  });

  it.each<[string, unknown]>([
    ["no code", {}],
    ["an empty code", { code: "" }],
    ["a code that is a number", { code: 1 }],
    ["a code that is too long", { code: "x".repeat(limits.oauthUnits + 1) }],
    ["a state that is a list", { code: "x", state: ["y"] }],
    ["a list", []],
  ])("refuses %s", async (_, json) => {
    expectProblem(await new Browser().open(start, { method: "POST", json }), "validation_failed");
  });
});

describe("an account that has the address already", () => {
  const verify = (id: string) =>
    env.DB.prepare("UPDATE users SET email_verified_at = 1 WHERE id = ?").bind(id).run();

  it("AU-3: is linked if both sides have verified it, whatever its case", async () => {
    const login = newLogin();
    const { user } = await newAccount({ email: login.toUpperCase(), password });
    await verify(user.id);
    const answer = await signIn(login);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.user).toEqual({ ...user, email_verified: true, oauth_provider: "google" });
    expect((await events(user.id)).slice(-2)).toEqual(["identity.linked", "session.started"]);
    expect((await api("POST", "/auth/login", { json: { email: login, password } })).status).toBe(200);
  });

  it("AU-3: is linked once if two tabs are at it", async () => {
    const [browser, login] = [new Browser(), newLogin()];
    const { user } = await newAccount({ email: login });
    await verify(user.id);
    const backs = [await backFromProvider(browser, login), await backFromProvider(browser, login)];
    const answers = await Promise.all(backs.map((back) => browser.open(back)));
    expect(answers.map(({ body }) => body.user?.id)).toEqual([user.id, user.id]);
    expect((await events(user.id)).filter((event) => event === "identity.linked")).toHaveLength(1);
  });

  it("AU-3: is not linked if it has not verified it itself, and says the way out", async () => {
    const login = newLogin();
    const { user, access_token: token } = await newAccount({ email: login, password });
    const refused = await signIn(login);
    expectProblem(refused, "account_exists");
    expect(refused.body.detail).toMatch(/sign in to it with its password.*link Google/i);
    expect((await me(token)).body.oauth_provider).toBeNull();
    // The way out.
    const browser = new Browser();
    const begun = await browser.open("/api/v1/users/me/identities/google", {
      method: "POST",
      token,
      json: {},
    });
    const done = await browser.open(await browser.signInAtProvider(begun.body.authorization_url, login));
    expect([done.status, done.headers.get("location")]).toEqual([303, "/"]);
    expect((await signIn(login)).body.user.id).toBe(user.id);
  });

  it("AU-3: is not linked to a second Google account that shows its address", async () => {
    const login = newLogin();
    const { user, access_token: token } = await newAccount({ email: login });
    await verify(user.id);
    const browser = new Browser();
    const begun = await browser.open("/api/v1/users/me/identities/google", {
      method: "POST",
      token,
      json: {},
    });
    await browser.open(await browser.signInAtProvider(begun.body.authorization_url, newLogin()));
    expectProblem(await signIn(login), "account_exists");
  });
});
