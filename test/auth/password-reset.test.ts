import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer, mailTo, newestMail, tokenIn } from "../support/mailbox.ts";

afterEach(() => void vi.useRealTimers());

const fresh = "correct horse battery staple";
const subject = "Choose a new password";
const forgot = (email: string) => api("POST", "/auth/password/forgot", { json: { email } });
const reset = (token: string, password = fresh) =>
  api("POST", "/auth/password/reset", { json: { token, password } });
const login = (email: string, password: string) => api("POST", "/auth/login", { json: { email, password } });
/** Asks for a link, and has it from the message that comes. */
async function linkFor(email: string): Promise<string> {
  const before = await resetMails(email);
  expect((await forgot(email)).status).toBe(202);
  await vi.waitFor(async () => expect(await resetMails(email)).toBe(before + 1), behindTheAnswer);
  return tokenIn(await newestMail(email, subject));
}
const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * 60_000);
const resetMails = async (email: string) =>
  (await mailTo(email)).filter((mail) => mail.subject === subject).length;

describe("forgot", () => {
  it("AU-1: answers the same whether there is an account or not, and writes to nobody else", async () => {
    const { user } = await newAccount();
    const nobody = `nobody-${crypto.randomUUID()}@example.com`;
    const answers = [await forgot(user.email), await forgot(nobody)];
    for (const { status, text, headers } of answers) {
      expect(status).toBe(202);
      expect(text).toBe("");
      expect([...headers.keys()]).toEqual([...answers[0]!.headers.keys()]);
    }
    await newestMail(user.email, subject);
    expect(await mailTo(nobody)).toEqual([]);
  });

  it("writes to the address as the account has it, from the service's own, with its own address in the link", async () => {
    const { user } = await newAccount({ email: `Mixed-${crypto.randomUUID()}@Example.com` });
    const headers = {
      host: "evil.example",
      "x-forwarded-host": "evil.example",
    };
    await api("POST", "/auth/password/forgot", { json: { email: user.email.toUpperCase() }, headers });
    const mail = await newestMail(user.email, subject);
    expect(mail.from).toEqual({ name: "Materi", email: env.MAIL_FROM });
    expect(mail.text).toContain(`${env.PUBLIC_URL}/reset-password#token=`);
    expect(mail.text).not.toMatch(/evil|materi\.test|Test User/);
  });

  it("floods no mailbox, and leaves who is asked for with a link that works", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { user } = await newAccount();
    await Promise.all(Array.from({ length: 20 }, () => forgot(user.email)));
    const token = tokenIn(await newestMail(user.email, subject));
    later(1.9);
    await forgot(user.email);
    await forgot(`nobody-${crypto.randomUUID()}@example.com`);
    expect(await resetMails(user.email)).toBe(1);
    later(0.2);
    expect(await linkFor(user.email)).not.toBe(token);
    expect((await reset(token)).status).toBe(204);
    expect(await resetMails(user.email)).toBe(2);
  });
});

describe("reset", () => {
  it("sets the password, once, and tells the address", async () => {
    const { user } = await newAccount();
    const token = await linkFor(user.email);
    expect((await reset(token)).status).toBe(204);
    expect((await login(user.email, fresh)).status).toBe(200);
    expectProblem(await login(user.email, "SecurePass123!"), "invalid_credentials");
    expectProblem(await reset(token, "another long password"), "invalid_link");
    expect((await newestMail(user.email, "Your password was changed")).text).not.toContain("token");
  });

  it("by one of many at once", async () => {
    const { user } = await newAccount();
    const token = await linkFor(user.email);
    const tries = Array.from({ length: 5 }, (_, i) => `a password of number ${i}`);
    const answers = await Promise.all(tries.map((password) => reset(token, password)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400, 400, 400]);
    const won = answers.findIndex(({ status }) => status === 204);
    expect((await login(user.email, tries[won]!)).status).toBe(200);
  });

  it("ends every session, and every other link", async () => {
    const { user, access_token, refresh_token } = await newAccount();
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await linkFor(user.email);
    later(3);
    const verification = tokenIn(await newestMail(user.email, "Confirm your e-mail address"));
    expect((await reset(await linkFor(user.email))).status).toBe(204);
    expectProblem(await api("GET", "/users/me", { token: access_token }), "invalid_token");
    expectProblem(await api("POST", "/auth/refresh", { json: { refresh_token } }), "invalid_token");
    expectProblem(await reset(first), "invalid_link");
    const { access_token: token } = (await login(user.email, fresh)).body;
    const confirmation = await api("POST", "/users/me/email/confirmation", {
      token,
      json: { token: verification },
    });
    expectProblem(confirmation, "invalid_link");
  });

  it("AU-3: of an account that others may have opened takes away their ways in, and proves the address", async () => {
    for (const verified of [false, true]) {
      const { user } = await newAccount();
      const run = (sql: string) => env.DB.prepare(sql).bind(user.id).run();
      await run("INSERT INTO identities VALUES ('google', 'sub-' || ?1, ?1, 'other@example.com', 0)");
      await run(
        "INSERT INTO personal_tokens VALUES ('token-' || ?1, ?1, 'n', 'hash-' || ?1, 'documents:read', 0, 9e15, NULL)",
      );
      if (verified) await run("UPDATE users SET email_verified_at = 1 WHERE id = ?");
      expect((await reset(await linkFor(user.email))).status).toBe(204);
      expect((await login(user.email, fresh)).body.user).toMatchObject({
        email_verified: true,
        oauth_provider: verified ? "google" : null,
      });
      const left = await run("SELECT id FROM personal_tokens WHERE user_id = ?");
      expect(left.results).toEqual([]);
    }
  });

  it("gives a password to an account that had none", async () => {
    const { user } = await newAccount();
    await env.DB.prepare("UPDATE users SET password_hash = NULL WHERE id = ?").bind(user.id).run();
    await reset(await linkFor(user.email));
    expect((await login(user.email, fresh)).status).toBe(200);
  });

  it("keeps the link for who chose a password that is no good", async () => {
    const { user } = await newAccount();
    const token = await linkFor(user.email);
    expectProblem(await reset(token, "short"), "validation_failed");
    expectProblem(await reset(token, "password1"), "weak_password");
    expectProblem(await reset(token, user.email), "weak_password");
    expect((await reset(token)).status).toBe(204);
  });

  it("works for 10 minutes, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [quick, slow] = [await newAccount(), await newAccount()];
    const tokens = [await linkFor(quick.user.email), await linkFor(slow.user.email)];
    later(9.9);
    expect((await reset(tokens[0]!)).status).toBe(204);
    later(0.1);
    expectProblem(await reset(tokens[1]!), "invalid_link");
  });

  it("takes no token of another kind, nor what is none", async () => {
    const account = await newAccount();
    const verification = tokenIn(await newestMail(account.user.email, "Confirm your e-mail address"));
    for (const token of [
      verification,
      account.access_token.slice(0, 100),
      account.refresh_token,
      "",
      "' OR 1=1 --",
    ]) {
      expectProblem(await reset(token), "invalid_link");
    }
    expectProblem(await reset("x".repeat(129)), "validation_failed");
  });

  it("stores no token, and audits what happened", async () => {
    const { user } = await newAccount();
    const token = await linkFor(user.email);
    const { results } = await env.DB.prepare("SELECT * FROM email_tokens WHERE user_id = ?")
      .bind(user.id)
      .all();
    expect(JSON.stringify(results)).not.toContain(token);
    await reset(token);
    const audit = await env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ? ORDER BY created_at")
      .bind(user.id)
      .all<{ event: string }>();
    const events = audit.results.map(({ event }) => event);
    for (const event of ["password.reset_requested", "password.reset"]) expect(events).toContain(event);
  });
});
