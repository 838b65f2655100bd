// Second factors where everybody has to have one, and after a sign-in with Google: through the public door, as a browser.
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { expectProblem } from "../support/api.ts";
import { codeAt, wrongCode } from "../support/authenticator.ts";
import { Browser } from "../support/browser.ts";
import { setUpSecondFactor } from "../support/second-factor.ts";

const password = "SecurePass123!";
const newEmail = () => `policy-${crypto.randomUUID()}@example.com`;
const required = () => new Browser({ ...inject("openidProvider"), SECOND_FACTOR: "required" });

const post = (browser: Browser, path: string, json: object, token?: string) =>
  browser.open(`/api/v1${path}`, { method: "POST", json, ...(token !== undefined && { token }) });
const register = (browser: Browser, email = newEmail()) =>
  post(browser, "/auth/register", { email, password, name: "P" });

/** Comes back from the provider, to the page that a sign-in was to return to. */
async function signInWithGoogle(browser: Browser, login: string, query: string) {
  const begun = await browser.open(`/api/v1/auth/oauth/google${query}`);
  const back = await browser.signInAtProvider(begun.headers.get("location") ?? "", login);
  return browser.open(back);
}

describe("where everybody has to have a second factor", () => {
  it("AU-12: an account is opened, and its first sign-in goes on with setting one up", async () => {
    const browser = required();
    const email = newEmail();
    const opened = await register(browser, email);
    expectProblem(opened, "second_factor_enrolment_required");
    const { challenge } = opened.body;
    expectProblem(await register(browser, email), "email_taken");
    // The challenge is for setting one up, and not a way around.
    expectProblem(
      await post(browser, "/auth/second-factor", { challenge, code: "000000" }),
      "invalid_challenge",
    );
    const begun = await post(browser, "/auth/second-factor/enrolment", { challenge });
    expect(begun.status, begun.text).toBe(201);
    const { secret } = begun.body;
    const confirm = (code: string) =>
      post(browser, "/auth/second-factor/enrolment/confirmation", { challenge, code, cookie: true });
    expectProblem(await confirm(wrongCode(secret)), "invalid_code");
    const done = await confirm(codeAt(secret));
    expect(done.status, done.text).toBe(200);
    expect(done.body).toMatchObject({ user: { email, second_factor: true } });
    expect(done.body.recovery_codes).toHaveLength(10);
    const refreshed = await post(browser, "/auth/refresh", { cookie: true });
    expect(refreshed.status, refreshed.text).toBe(200);
    expectProblem(await confirm(codeAt(secret)), "invalid_challenge");

    const login = await post(browser, "/auth/login", { email, password });
    expectProblem(login, "second_factor_required");
    const code = done.body.recovery_codes[0];
    const step = await post(browser, "/auth/second-factor", { challenge: login.body.challenge, code });
    expect(step.status, step.text).toBe(200);
    // It can be replaced, and not be switched off.
    const removal = await post(
      browser,
      "/users/me/second-factor/removal",
      { code: done.body.recovery_codes[1] },
      step.body.access_token,
    );
    expectProblem(removal, "second_factor_mandatory");
  });

  it("AU-12: one who has none gets no tokens for a password that is right, and what they have goes on", async () => {
    const open = new Browser();
    const email = newEmail();
    const { body: tokens } = await register(open, email);
    const browser = required();
    const login = await post(browser, "/auth/login", { email, password });
    expectProblem(login, "second_factor_enrolment_required");
    expectProblem(
      await post(browser, "/auth/login", { email, password: "wrong one" }),
      "invalid_credentials",
    );
    const refreshed = await post(browser, "/auth/refresh", { refresh_token: tokens.refresh_token });
    expect(refreshed.status, refreshed.text).toBe(200);
    // Who sets one up meanwhile is not asked for another: the challenge is worth nothing to who stole the password.
    const { challenge } = login.body;
    await post(browser, "/auth/second-factor/enrolment", { challenge });
    await setUpSecondFactor(tokens);
    const late = await post(browser, "/auth/second-factor/enrolment", { challenge });
    expectProblem(late, "invalid_challenge");
  });

  it("AU-12: Google alone opens an account, and signs nobody in", async () => {
    const browser = required();
    const login = newEmail();
    const answer = await signInWithGoogle(browser, login, "");
    expectProblem(answer, "second_factor_enrolment_required");
    const again = await signInWithGoogle(browser, login, "");
    expectProblem(again, "second_factor_enrolment_required");
    const { challenge } = again.body;
    const { secret } = (await post(browser, "/auth/second-factor/enrolment", { challenge })).body;
    const json = { challenge, code: codeAt(secret) };
    const done = await post(browser, "/auth/second-factor/enrolment/confirmation", json);
    expect(done.body.user).toMatchObject({ email: login, oauth_provider: "google", second_factor: true });
  });
});

describe("GET /auth/methods", () => {
  it("tells a page which ways in there are", async () => {
    const methods = async (browser: Browser) => (await browser.open("/api/v1/auth/methods")).body;
    const plain = { password: true, google: false, second_factor: "optional" };
    expect(await methods(new Browser({}))).toEqual(plain);
    expect(await methods(required())).toEqual({ ...plain, google: true, second_factor: "required" });
  });
});

describe("AU-12: signing in with Google", () => {
  it("asks for the second factor too, by a challenge that no address and no script sees", async () => {
    const browser = new Browser();
    const login = newEmail();
    const first = await signInWithGoogle(browser, login, "");
    const { secret, recoveryCodes } = await setUpSecondFactor(first.body);
    const answer = await signInWithGoogle(browser, login, "?return_to=/documents");
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/documents?error=second_factor_required");
    const [set = ""] = answer.headers.getSetCookie().filter((one) => one.startsWith("materi_challenge="));
    expect(set).toMatch(/^materi_challenge=[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; SameSite=Strict$/);
    expectProblem(await post(browser, "/auth/refresh", { cookie: true }), "invalid_token");
    expectProblem(await post(browser, "/auth/second-factor", { code: wrongCode(secret) }), "invalid_code");
    const step = await post(browser, "/auth/second-factor", { code: recoveryCodes[0], cookie: true });
    expect(step.status, step.text).toBe(200);
    expect((await post(browser, "/auth/refresh", { cookie: true })).body.user.email).toBe(login);
    // Used up, and gone from the browser.
    expectProblem(
      await post(browser, "/auth/second-factor", { code: recoveryCodes[1] }),
      "invalid_challenge",
    );
    expect([...browser.jar().keys()]).not.toContain("materi_challenge");
  });

  it("answers the challenge to who asks for JSON, and it ends when Google is unlinked", async () => {
    const browser = new Browser();
    const login = newEmail();
    const { body: tokens } = await signInWithGoogle(browser, login, "");
    const { recoveryCodes } = await setUpSecondFactor(tokens);
    const answer = await signInWithGoogle(browser, login, "");
    expectProblem(answer, "second_factor_required");
    await env.DB.prepare("UPDATE users SET password_hash = 'x' WHERE id = ?").bind(tokens.user.id).run();
    const unlinked = await browser.open("/api/v1/users/me/identities/google", {
      method: "DELETE",
      token: tokens.access_token,
    });
    expect(unlinked.status, unlinked.text).toBe(204);
    const { challenge } = answer.body;
    const step = await post(browser, "/auth/second-factor", { challenge, code: recoveryCodes[0] });
    expectProblem(step, "invalid_challenge");
  });
});
