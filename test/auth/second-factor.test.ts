// Past 400 lines: every way through one mechanism, with its clock and its people in one place.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resealFactors } from "../../src/auth/second-factors.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { codeAt, wrongCode } from "../support/authenticator.ts";
import { behindTheAnswer, mailTo, newestMail, tokenIn } from "../support/mailbox.ts";
import { confirmAddresses } from "../support/members.ts";
import { setUpSecondFactor } from "../support/second-factor.ts";
import { testSecrets } from "../support/secrets.ts";

const password = "SecurePass123!";
const path = "/users/me/second-factor";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
/** To the authenticator's next code. */
const nextStep = () => pass(30_000);

const login = ({ user }: TokensBody, given = password, headers: Record<string, string> = {}) =>
  api("POST", "/auth/login", { json: { email: user.email, password: given }, headers });
const secondStep = (challenge: string, code: string, headers: Record<string, string> = {}) =>
  api("POST", "/auth/second-factor", { json: { challenge, code }, headers });
const audit = async ({ user }: TokensBody) =>
  (
    await env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ? ORDER BY rowid")
      .bind(user.id)
      .all<{ event: string }>()
  ).results.map(({ event }) => event);
const count = async (table: string, { user }: TokensBody) =>
  (
    await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE user_id = ?`)
      .bind(user.id)
      .first<{ n: number }>()
  )?.n;

async function challengeOf(account: TokensBody): Promise<string> {
  const answer = await login(account);
  expectProblem(answer, "second_factor_required");
  return answer.body.challenge;
}

/** An account with a second factor, whose next code is unused. */
async function newSecured(fields: { email?: string } = {}) {
  const account = await newAccount(fields);
  const factor = await setUpSecondFactor(account);
  nextStep();
  return { account, ...factor };
}

describe("setting up a second factor", () => {
  it("takes a code of it, gives recovery codes, and tells the person", async () => {
    const account = await newAccount();
    const { access_token: token, user } = account;
    expect((await api("GET", path, { token })).body).toEqual({ enabled_at: null, recovery_codes_left: 0 });
    const begun = await api("POST", path, { token });
    expect(begun.status, begun.text).toBe(201);
    expect(begun.body).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: expect.stringContaining(`secret=${begun.body.secret}`),
      expires_at: new Date(Date.now() + 600_000).toISOString(),
    });
    // Nothing has changed yet.
    expect((await login(account)).status).toBe(200);
    const { secret } = begun.body;
    const confirm = (code: string) => api("POST", `${path}/confirmation`, { token, json: { code } });
    expectProblem(await confirm(wrongCode(secret)), "invalid_code");
    const code = codeAt(secret);
    const confirmed = await confirm(`${code.slice(0, 3)} ${code.slice(3)}`);
    expect(confirmed.status, confirmed.text).toBe(200);
    expect(new Set(confirmed.body.recovery_codes).size).toBe(10);
    expect((await api("GET", path, { token })).body).toEqual({
      enabled_at: new Date(Date.now()).toISOString(),
      recovery_codes_left: 10,
    });
    expect((await api("GET", "/users/me", { token })).body.second_factor).toBe(true);
    expect(await audit(account)).toContain("second_factor.enabled");
    await newestMail(user.email, "Your second factor was set up");
    // The code that confirmed it is used up, and so is what it confirmed.
    expectProblem(await secondStep(await challengeOf(account), code), "invalid_code");
    expectProblem(await confirm(codeAt(secret)), "not_found");
  });

  it("has 10 minutes, and begins anew when it is begun again", async () => {
    const account = await newAccount();
    const { access_token: token } = account;
    const confirm = (bearer: string, secret: string) =>
      api("POST", `${path}/confirmation`, { token: bearer, json: { code: codeAt(secret) } });
    const first = (await api("POST", path, { token })).body.secret;
    const second = (await api("POST", path, { token })).body.secret;
    expectProblem(await confirm(token, first), "invalid_code");
    pass(600_000);
    expectProblem(await confirm((await login(account)).body.access_token, second), "not_found");
  });

  it("by one of many at once", async () => {
    const { access_token: token } = await newAccount();
    const { secret } = (await api("POST", path, { token })).body;
    const json = { code: codeAt(secret) };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api("POST", `${path}/confirmation`, { token, json })),
    );
    const given = answers.filter(({ status }) => status === 200);
    expect(given).toHaveLength(1);
    expect((await api("GET", path, { token })).body.recovery_codes_left).toBe(10);
  });

  it("is a change that needs a recent sign-in, and one more code where one is on (AU-8)", async () => {
    const { account, secret } = await newSecured();
    const { access_token: token } = account;
    expectProblem(await api("POST", path, { token }), "invalid_code");
    expectProblem(await api("POST", path, { token, json: { code: wrongCode(secret) } }), "invalid_code");
    const begun = await api("POST", path, { token, json: { code: codeAt(secret) } });
    expect(begun.status, begun.text).toBe(201);
    // Until the new one is confirmed the old one holds.
    nextStep();
    const old = await secondStep(await challengeOf(account), codeAt(secret));
    expect(old.status, old.text).toBe(200);
    const confirmation = { token, json: { code: codeAt(begun.body.secret) } };
    expect((await api("POST", `${path}/confirmation`, confirmation)).status).toBe(200);
    nextStep();
    const challenge = await challengeOf(account);
    expectProblem(await secondStep(challenge, codeAt(secret)), "invalid_code");
    expect((await secondStep(challenge, codeAt(begun.body.secret))).status).toBe(200);

    pass(9 * 60_000);
    const stale = (await api("POST", "/auth/refresh", { json: { refresh_token: account.refresh_token } }))
      .body.access_token;
    for (const [name, json] of [
      ["", {}],
      ["/confirmation", { code: "123456" }],
      ["/recovery-codes", { code: "123456" }],
      ["/removal", { code: "123456" }],
    ] as const) {
      expectProblem(await api("POST", path + name, { token: stale, json }), "reauthentication_required");
      expectProblem(await api("POST", path + name, { json }), "unauthenticated");
    }
  });

  it("stores the secret encrypted, and no code", async () => {
    const { account, secret, recoveryCodes } = await newSecured();
    const rows = await env.DB.batch([
      env.DB.prepare("SELECT * FROM second_factors WHERE user_id = ?").bind(account.user.id),
      env.DB.prepare("SELECT * FROM recovery_codes WHERE user_id = ?").bind(account.user.id),
    ]);
    expect(rows.map(({ results }) => results.length)).toEqual([1, 10]);
    const stored = JSON.stringify(rows).toUpperCase();
    for (const hidden of [secret, ...recoveryCodes]) {
      expect(stored).not.toContain(hidden);
      expect(stored).not.toContain(hidden.replaceAll("-", ""));
    }
  });

  it("is encrypted anew under a new secret of the service, and goes on", async () => {
    const { account, secret } = await newSecured();
    const key = async () =>
      env.DB.prepare("SELECT key_id FROM second_factors WHERE user_id = ?")
        .bind(account.user.id)
        .first<string>("key_id");
    const before = await key();
    const young = "a-younger-secret-of-the-tests-alone-0123456789";
    const both = { ...env, ENCRYPTION_SECRET: `${young}, ${testSecrets.ENCRYPTION_SECRET}` };
    await resealFactors(env);
    expect(await key()).toBe(before);
    await resealFactors(both);
    expect(await key()).not.toBe(before);
    await resealFactors({ ...env, ENCRYPTION_SECRET: `${testSecrets.ENCRYPTION_SECRET},${young}` });
    expect(await key()).toBe(before);
    expect((await secondStep(await challengeOf(account), codeAt(secret))).status).toBe(200);
  });
});

describe("AU-12: signing in with a second factor", () => {
  it("answers no tokens for the password, but a challenge, and tokens for that and a code", async () => {
    const { account, secret } = await newSecured();
    const first = await login(account);
    expectProblem(first, "second_factor_required");
    expect(first.body).toMatchObject({ challenge: expect.stringMatching(/^[\w-]{43}$/), expires_in: 300 });
    expect(first.text).not.toMatch(/access_token|refresh_token/);
    const { challenge } = first.body;
    expectProblem(await secondStep(challenge, wrongCode(secret)), "invalid_code");
    // People mistype: the challenge is still good.
    const answer = await secondStep(challenge, codeAt(secret));
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      token_type: "Bearer",
      refresh_token: expect.stringMatching(/^mr1\./),
      user: { id: account.user.id, second_factor: true },
    });
    expect((await api("GET", "/users/me", { token: answer.body.access_token })).status).toBe(200);
    await vi.waitFor(
      async () =>
        expect(await audit(account)).toEqual(
          expect.arrayContaining(["second_factor.asked", "second_factor.failed", "session.started"]),
        ),
      behindTheAnswer,
    );
    nextStep();
    expectProblem(await secondStep(challenge, codeAt(secret)), "invalid_challenge");
  });

  it("takes each code once, of many at once and whichever challenge they bear", async () => {
    const { account, secret } = await newSecured();
    const challenges = [await challengeOf(account), await challengeOf(account), await challengeOf(account)];
    const code = codeAt(secret);
    const answers = await Promise.all(challenges.map((challenge) => secondStep(challenge, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
    // Nor a code of before the one that was taken, though a slow clock would show it now.
    const [unused] = challenges.filter((_, at) => answers[at]?.status !== 200);
    expectProblem(await secondStep(unused!, codeAt(secret, Date.now() - 30_000)), "invalid_code");
    nextStep();
    expect((await secondStep(unused!, codeAt(secret))).status).toBe(200);
  });

  it("takes each challenge once, of many at once with different codes", async () => {
    const { account, secret, recoveryCodes } = await newSecured();
    const challenge = await challengeOf(account);
    const codes = [codeAt(secret), ...recoveryCodes.slice(0, 3)];
    const answers = await Promise.all(codes.map((code) => secondStep(challenge, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === "invalid_challenge")).toHaveLength(3);
  });

  it("takes clocks that are wrong by one step, and not by two", async () => {
    const { account, secret } = await newSecured();
    nextStep();
    const challenge = await challengeOf(account);
    for (const steps of [-2, 2]) {
      expectProblem(await secondStep(challenge, codeAt(secret, Date.now() + steps * 30_000)), "invalid_code");
    }
    expect((await secondStep(challenge, codeAt(secret, Date.now() - 30_000))).status).toBe(200);
    expect((await secondStep(await challengeOf(account), codeAt(secret, Date.now() + 30_000))).status).toBe(
      200,
    );
  });

  it("takes a recovery code once, however it was copied, and tells the person how many are left", async () => {
    const { account, recoveryCodes } = await newSecured();
    const typed = recoveryCodes[0]!.toLowerCase().replaceAll("-", " ");
    const challenges = [await challengeOf(account), await challengeOf(account)];
    const answers = await Promise.all(challenges.map((challenge) => secondStep(challenge, typed)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
    const mail = await newestMail(account.user.email, "A recovery code was used");
    expect(mail.text).toContain("9 of them are left");
    expect(await audit(account)).toContain("second_factor.recovery_code_used");
    // Somebody else's is none.
    const other = await newSecured();
    const theirs = await secondStep(await challengeOf(other.account), recoveryCodes[1]!);
    expectProblem(theirs, "invalid_code");
  });

  it("waits 5 minutes for the code, and not for a password that was changed", async () => {
    const { account, secret } = await newSecured();
    const late = await challengeOf(account);
    pass(limits.challengeSeconds * 1000);
    expectProblem(await secondStep(late, codeAt(secret)), "invalid_challenge");
    const challenge = await challengeOf(account);
    const change = { current_password: password, new_password: "another good one 77" };
    const token = account.access_token;
    expectProblem(await api("POST", "/auth/password/change", { token, json: change }), "invalid_code");
    const json = { ...change, code: codeAt(secret) };
    expect((await api("POST", "/auth/password/change", { token, json })).status).toBe(204);
    nextStep();
    expectProblem(await secondStep(challenge, codeAt(secret)), "invalid_challenge");
    for (const none of ["", "x".repeat(43)]) {
      expectProblem(await secondStep(none, codeAt(secret)), "invalid_challenge");
    }
  });

  it("AU-1: says nothing of it before the password is right", async () => {
    const { account } = await newSecured();
    const plain = await newAccount();
    const same = ({ status, body, headers }: Answer) => ({
      status,
      body: { ...body, request_id: "" },
      headers: [...headers.keys()].sort(),
    });
    const answers = [
      await login(account, "wrong password"),
      await login(plain, "wrong password"),
      await api("POST", "/auth/login", { json: { email: "nobody@example.com", password: "wrong password" } }),
    ].map(same);
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toEqual(answers[2]);
  });

  it("can put the refresh token into a cookie", async () => {
    const { account, secret } = await newSecured();
    const challenge = await challengeOf(account);
    const json = { challenge, code: codeAt(secret), cookie: true };
    const answer = await api("POST", "/auth/second-factor", { json });
    expect(answer.body).not.toHaveProperty("refresh_token");
    expect(answer.headers.getSetCookie()).toEqual([expect.stringContaining("__Host-materi_refresh=mr1.")]);
  });
});

describe("AU-7: codes that are guessed", () => {
  it("are counted to the last one, and harm nobody in the owner's own network", async () => {
    const home = { "cf-connecting-ip": "192.0.2.77" };
    const { account, secret } = await newSecured();
    expect(
      (await secondStep((await login(account, password, home)).body.challenge, codeAt(secret), home)).status,
    ).toBe(200);
    nextStep();
    const { network, account: all } = limits.secondFactorRate;
    const challenge = await challengeOf(account);
    const guess = (at: number) => ({ "cf-connecting-ip": `198.51.100.${at}` });
    const wrong = wrongCode(secret);
    const one = await Promise.all(
      Array.from({ length: network.burst + 3 }, () => secondStep(challenge, wrong, guess(0))),
    );
    expect(one.filter(({ body }) => body.error === "invalid_code")).toHaveLength(network.burst);
    const refused = one.find(({ body }) => body.error === "rate_limited")!;
    expectProblem(refused, "rate_limited");
    expect(refused.headers.get("ratelimit-policy")).toBe('"second-factor";q=5;w=1500');
    const others = await Promise.all(
      Array.from({ length: all.burst }, (_, at) => secondStep(challenge, wrong, guess(at + 1))),
    );
    expect(others.filter(({ body }) => body.error === "invalid_code")).toHaveLength(
      all.burst - network.burst,
    );
    // Even the right code does not help them, and at home nothing was used up.
    expectProblem(await secondStep(challenge, codeAt(secret), guess(99)), "rate_limited");
    await newestMail(account.user.email, "Somebody knows your password");
    expect(await audit(account)).toContain("second_factor.throttled");
    expect((await secondStep(challenge, codeAt(secret), home)).status).toBe(200);
  });
});

describe("changes of a second factor", () => {
  it("new recovery codes take the place of the old", async () => {
    const { account, secret, recoveryCodes } = await newSecured();
    const { access_token: token } = account;
    const renew = (code: string) => api("POST", `${path}/recovery-codes`, { token, json: { code } });
    expectProblem(await renew(wrongCode(secret)), "invalid_code");
    const { body } = await renew(codeAt(secret));
    expect(new Set([...recoveryCodes, ...body.recovery_codes]).size).toBe(20);
    const challenge = await challengeOf(account);
    expectProblem(await secondStep(challenge, recoveryCodes[0]!), "invalid_code");
    expect((await secondStep(challenge, body.recovery_codes[0])).status).toBe(200);
    await newestMail(account.user.email, "Your recovery codes were renewed");
    expect(await audit(account)).toContain("second_factor.recovery_codes_renewed");
  });

  it("switched off by a code, it asks for nothing and leaves nothing behind", async () => {
    const { account, secret, recoveryCodes } = await newSecured();
    const { access_token: token } = account;
    const challenge = await challengeOf(account);
    const remove = (code: string) => api("POST", `${path}/removal`, { token, json: { code } });
    expectProblem(await remove(wrongCode(secret)), "invalid_code");
    expect((await remove(recoveryCodes[0]!)).status).toBe(204);
    expectProblem(await remove(codeAt(secret)), "not_found");
    expectProblem(await api("POST", `${path}/recovery-codes`, { token, json: { code: "1" } }), "not_found");
    expectProblem(await secondStep(challenge, codeAt(secret)), "invalid_challenge");
    expect((await login(account)).status).toBe(200);
    expect(
      await Promise.all(["second_factors", "recovery_codes"].map((table) => count(table, account))),
    ).toEqual([0, 0]);
    await newestMail(account.user.email, "Your second factor was switched off");
    expect(await audit(account)).toContain("second_factor.disabled");
  });

  it("are proved by password and code where a recent proof is asked for", async () => {
    const { account, secret } = await newSecured();
    pass(9 * 60_000);
    const { body } = await api("POST", "/auth/refresh", { json: { refresh_token: account.refresh_token } });
    const token = body.access_token;
    pass(2 * 60_000);
    const prove = (json: object) => api("POST", "/auth/reauthenticate", { token, json });
    expectProblem(await prove({ password: "wrong", code: codeAt(secret) }), "invalid_credentials");
    expectProblem(await prove({ password }), "invalid_code");
    expectProblem(await prove({ password, code: wrongCode(secret) }), "invalid_code");
    const removal = { token, json: { code: codeAt(secret) } };
    expectProblem(await api("POST", `${path}/removal`, removal), "reauthentication_required");
    expect((await prove({ password, code: codeAt(secret) })).status).toBe(204);
    nextStep();
    expect((await api("POST", `${path}/removal`, { token, json: { code: codeAt(secret) } })).status).toBe(
      204,
    );
  });
});

describe("a password that is reset by e-mail", () => {
  async function reset({ user }: TokensBody): Promise<void> {
    expect((await api("POST", "/auth/password/forgot", { json: { email: user.email } })).status).toBe(202);
    const token = tokenIn(await newestMail(user.email, "Choose a new password"));
    const answer = await api("POST", "/auth/password/reset", {
      json: { token, password: "a very new one 42" },
    });
    expect(answer.status, answer.text).toBe(204);
  }

  it("leaves the second factor on: who reads the e-mail has one factor and no more", async () => {
    const { account, secret } = await newSecured();
    await confirmAddresses(account);
    const before = await challengeOf(account);
    await reset(account);
    expectProblem(await secondStep(before, codeAt(secret)), "invalid_challenge");
    const answer = await login(account, "a very new one 42");
    expectProblem(answer, "second_factor_required");
    expect((await secondStep(answer.body.challenge, codeAt(secret))).status).toBe(200);
  });

  it("AU-3: takes one away that somebody set up who never proved the address", async () => {
    const { account } = await newSecured();
    await reset(account);
    expect((await login(account, "a very new one 42")).status).toBe(200);
    expect(await count("recovery_codes", account)).toBe(0);
  });
});

describe("the person's own data", () => {
  it("tell whether a second factor is on, and no secret of it", async () => {
    const { account, secret, recoveryCodes } = await newSecured();
    const { body, text } = await api("GET", "/users/me/export", { token: account.access_token });
    expect(body.second_factor).toEqual({ enabled_at: expect.any(String), recovery_codes_left: 10 });
    for (const hidden of [secret, ...recoveryCodes]) expect(text).not.toContain(hidden);
  });

  it("are deleted with it", async () => {
    const { account } = await newSecured();
    await challengeOf(account);
    const { access_token: token } = account;
    await api("POST", "/users/me/deletion", { token, json: { documents: "delete" } });
    const tables = ["second_factors", "second_factor_enrolments", "recovery_codes", "sign_in_challenges"];
    expect(await Promise.all(tables.map((table) => count(table, account)))).toEqual([0, 0, 0, 0]);
  });

  it("do without it for programs: a personal access token is a proof of its own", async () => {
    const account = await newAccount();
    const made = await api("POST", "/users/me/tokens", {
      token: account.access_token,
      json: { name: "CI", scopes: ["documents:read"] },
    });
    await setUpSecondFactor(account);
    const { token } = made.body;
    expect((await api("GET", "/documents", { token })).status).toBe(200);
    expectProblem(await api("GET", path, { token }), "insufficient_scope");
    expect(await mailTo(account.user.email)).not.toHaveLength(0);
  });
});
