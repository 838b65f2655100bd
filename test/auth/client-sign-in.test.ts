// The client library's `auth` against the service, where something goes otherwise than in test/system/materi-client.test.ts.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { app } from "../../src/app.ts";
import { type ClientOptions, MateriClient, MateriError } from "../../src/client/index.ts";
import { codeAt } from "../support/authenticator.ts";
import { home } from "../support/browser.ts";

const password = "correct horse battery";
const newAccount = () => ({ email: `client-${crypto.randomUUID()}@example.com`, password, name: "Ann" });

/** A way to the service, as of a browser: with cookies. While `isDown`, nothing answers; `refreshes` counts those that did. */
function way(settings: Record<string, string> = {}) {
  const jar = new Map<string, string>();
  const made = {
    isDown: false,
    refreshes: 0,
    client: (options: ClientOptions = {}) => new MateriClient({ url: home, fetch: door, ...options }),
  };
  const door = (async (input: string, init: RequestInit) => {
    if (made.isDown) throw new TypeError("network");
    const headers = new Headers(init.headers);
    headers.set("origin", home);
    headers.set("cookie", [...jar].map((pair) => pair.join("=")).join("; "));
    const request = new Request(input, { ...init, headers });
    if (request.url.endsWith("/auth/refresh")) made.refreshes += 1;
    const answer = await app.fetch(request, { ...env, ...settings }, createExecutionContext());
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    return answer;
  }) as typeof fetch;
  return made;
}

/** The challenge of a sign-in that asks for more. */
async function challengeOf(signIn: Promise<unknown>, code: string): Promise<string> {
  const stopped = await signIn.catch((error: unknown) => error);
  if (!(stopped instanceof MateriError)) throw new Error("signed in without more");
  expect(stopped).toMatchObject({ code, challenge: expect.any(String) });
  return stopped.challenge as string;
}

describe("signing in with the client library", () => {
  it("AU-12: where everybody has to have a second factor, goes on with setting one up", async () => {
    const { client } = way({ ...inject("openidProvider"), SECOND_FACTOR: "required" });
    const account = newAccount();
    const { auth } = client();
    const challenge = await challengeOf(auth.register(account), "second_factor_enrolment_required");
    expect(auth.user).toBeUndefined();
    const { secret } = await auth.enrol({ challenge });
    const { recovery_codes } = await auth.loginByEnrolment({ challenge, code: codeAt(secret) });
    expect(auth.user).toMatchObject({ email: account.email, second_factor: true });
    const later = client().auth;
    const next = await challengeOf(later.login(account), "second_factor_required");
    await later.loginWithCode({ challenge: next, code: recovery_codes[0]! });
    expect(later.user?.id).toBe(auth.user?.id);
  });

  it("AU-1: with a wrong password says so, and nobody is signed in; nor by a code that Google never gave", async () => {
    const { auth } = way(inject("openidProvider")).client();
    const { email } = newAccount();
    await expect(auth.login({ email, password })).rejects.toMatchObject({ code: "invalid_credentials" });
    await expect(auth.loginWithGoogle({ code: "none", state: "none" })).rejects.toBeInstanceOf(MateriError);
    expect([auth.user, await auth.token()]).toEqual([undefined, undefined]);
    expect(auth.googleUrl("/after?a=b")).toBe(`${home}/api/v1/auth/oauth/google?return_to=%2Fafter%3Fa%3Db`);
    expect(new URL(auth.googleUrl()).searchParams.get("return_to")).toBe("/");
  });
});

describe("staying signed in", () => {
  it("AU-2: a token that is refused is replaced once, however many ask; an outage ends nothing", async () => {
    const service = way();
    const { auth } = service.client();
    await auth.register(newAccount());
    const refused = await auth.token();
    service.isDown = true;
    await expect(auth.token(refused)).rejects.toMatchObject({ code: "network" });
    await expect(service.client().auth.resume(auth.refreshToken)).rejects.toMatchObject({ code: "network" });
    service.isDown = false;
    expect(auth.user).toBeDefined();
    const tokens = await Promise.all([auth.token(refused), auth.token(refused), auth.token(refused)]);
    expect(new Set(tokens).size).toBe(1);
    expect([tokens[0] === refused, service.refreshes]).toEqual([false, 1]);
    // Who comes late with the old one gets what there is.
    expect(await auth.token()).toBe(tokens[0]);
  });

  it("AU-5: the person's other sign-ins end at one's word, and each forgets who it was; one's own goes on", async () => {
    const { client } = way();
    const account = newAccount();
    const [here, there] = [client().auth, client().auth];
    await here.register(account);
    await there.login(account);
    const told: unknown[] = [];
    const untell = there.onUser((user) => told.push(user));
    await here.logout("others");
    expect(here.user).toBeDefined();
    await expect(there.token(await there.token())).rejects.toMatchObject({ code: "invalid_token" });
    expect([there.user, told]).toEqual([undefined, [undefined]]);
    untell();
    await there.login(account);
    expect(told).toHaveLength(1);
    // What has ended already needs no end.
    await here.logout("all");
    expect(here.user).toBeUndefined();
    await there.logout();
    expect(there.user).toBeUndefined();
  });

  it("AU-2: a cookie that has become somebody else's is not taken for one's own", async () => {
    const { client } = way();
    const tab = client({ cookies: true });
    await tab.auth.register(newAccount());
    expect(tab.auth.refreshToken).toBeUndefined();
    const before = await tab.token();
    await client({ cookies: true }).auth.register(newAccount());
    await expect(tab.token(before)).rejects.toMatchObject({ code: "invalid_token" });
    expect(tab.auth.user).toBeUndefined();
    await expect(tab.token()).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("says what has changed of who is signed in, and takes nobody else for them", async () => {
    const { client } = way();
    const { auth } = client();
    await auth.register(newAccount());
    const { user } = auth;
    const told: unknown[] = [];
    auth.onUser((changed) => told.push(changed?.name));
    auth.update({ ...user!, name: "Ada King" });
    auth.update({ ...user!, id: crypto.randomUUID(), name: "Eve" });
    expect([auth.user?.name, told]).toEqual(["Ada King", ["Ada King"]]);
  });
});
