import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { Browser } from "../support/browser.ts";
import { events, me, newLogin, signIn } from "../support/google-sign-in.ts";

describe("the identities of an account", () => {
  const path = "/api/v1/users/me/identities";
  const begin = (browser: Browser, token: string, json: object = {}) =>
    browser.open(`${path}/google`, { method: "POST", token, json });

  async function link(token: string, login: string, json: object = {}): Promise<Answer> {
    const browser = new Browser();
    const begun = await begin(browser, token, json);
    expect(begun.status, begun.text).toBe(200);
    return browser.open(await browser.signInAtProvider(begun.body.authorization_url, login));
  }

  it("are linked, shown and unlinked", async () => {
    const [{ access_token: token, user }, login] = [await newAccount(), newLogin()];
    expect((await api("GET", "/users/me/identities", { token })).body).toEqual({ items: [] });
    const linked = await link(token, login, { return_to: "/settings" });
    expect([linked.status, linked.headers.get("location")]).toEqual([303, "/settings"]);
    expect((await api("GET", "/users/me/identities", { token })).body).toEqual({
      items: [{ provider: "google", email: login, created_at: expect.stringMatching(/Z$/) }],
    });
    // The address stays the account's own.
    expect((await me(token)).body).toEqual({ ...user, oauth_provider: "google" });
    expect((await signIn(login)).body.user.id).toBe(user.id);
    expect((await api("DELETE", "/users/me/identities/google", { token })).status).toBe(204);
    expectProblem(await api("DELETE", "/users/me/identities/google", { token }), "not_found");
    expect((await me(token)).body.oauth_provider).toBeNull();
    const recorded = await events(user.id);
    expect(recorded.filter((event) => event.startsWith("identity."))).toEqual([
      "identity.linked",
      "identity.unlinked",
    ]);
    // Whoever signs in now is somebody else.
    expect((await signIn(login)).body.user.id).not.toBe(user.id);
  });

  it("are not unlinked if there is no other way in", async () => {
    const login = newLogin();
    const { body } = await signIn(login);
    const refused = await api("DELETE", "/users/me/identities/google", { token: body.access_token });
    expectProblem(refused, "last_sign_in");
    expect((await signIn(login)).body.user.id).toBe(body.user.id);
    expect(await events(body.user.id)).not.toContain("identity.unlinked");
  });

  it("belong to one account each, and an account has one of each provider", async () => {
    const [login, other] = [newLogin(), newLogin()];
    const [{ access_token: first }, { access_token: second }] = [await newAccount(), await newAccount()];
    await link(first, login);
    expect((await link(first, login)).headers.get("location")).toBe("/");
    expect((await link(first, other)).headers.get("location")).toBe("/?error=already_linked");
    expect((await link(second, login)).headers.get("location")).toBe("/?error=identity_taken");
    expect((await me(second)).body.oauth_provider).toBeNull();
  });

  it("are linked in the browser that asked: nobody can make another link theirs", async () => {
    const { access_token: token } = await newAccount();
    const [hers, his] = [new Browser(), new Browser()];
    const begun = await begin(his, token);
    // She follows his link, and signs in with her own Google account.
    const back = await hers.signInAtProvider(begun.body.authorization_url, newLogin());
    expectProblem(await hers.open(back), "oauth_flow_unknown");
    expect((await me(token)).body.oauth_provider).toBeNull();
  });

  it("are not linked any more when the session that asked for it has ended", async () => {
    const { access_token: token, user } = await newAccount();
    const browser = new Browser();
    const begun = await begin(browser, token, { return_to: "/settings" });
    const back = await browser.signInAtProvider(begun.body.authorization_url, newLogin());
    expect((await api("POST", "/auth/logout", { token, json: { scope: "all" } })).status).toBe(204);
    expect((await browser.open(back)).headers.get("location")).toBe("/settings?error=invalid_token");
    expect(await events(user.id)).not.toContain("identity.linked");
  });

  it("are the business of who is signed in, lately", async () => {
    const { access_token: token } = await newAccount();
    await env.DB.prepare("UPDATE sessions SET authenticated_at = 0 WHERE id = ?")
      .bind(sessionOf(token))
      .run();
    for (const [method, at] of [
      ["POST", `${path}/google`],
      ["DELETE", `${path}/google`],
      ["GET", path],
    ] as const) {
      const browser = new Browser();
      const body = method === "POST" ? { json: {} } : {};
      expectProblem(await browser.open(at, { method, ...body }), "unauthenticated");
      const answer = await browser.open(at, { method, token, ...body });
      if (method === "GET") expect(answer.status).toBe(200);
      else expectProblem(answer, "reauthentication_required");
    }
  });
});

const sessionOf = (token: string): string => JSON.parse(atob(token.split(".")[1] ?? "")).sid;
