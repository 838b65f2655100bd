import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { mailTo, newestMail, tokenIn } from "../support/mailbox.ts";

afterEach(() => void vi.useRealTimers());

const subject = "Confirm your e-mail address";
const newAddress = () => `new-${crypto.randomUUID()}@example.com`;
const confirm = ({ access_token: token }: TokensBody, link: string) =>
  api("POST", "/users/me/email/confirmation", { token, json: { token: link } });
const change = ({ access_token: token }: TokensBody, email: string) =>
  api("POST", "/users/me/email", { token, json: { email } });
const again = ({ access_token: token }: TokensBody) => api("POST", "/users/me/email/verification", { token });
const linkTo = async (address: string) => tokenIn(await newestMail(address, subject));
const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * 60_000);
const events = async ({ user }: TokensBody) => {
  const audit = env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ?").bind(user.id);
  return (await audit.all<{ event: string }>()).results.map(({ event }) => event);
};

describe("verify", () => {
  it("by the link that was sent when the account was opened, once", async () => {
    const account = await newAccount();
    const link = await linkTo(account.user.email);
    const confirmed = await confirm(account, link);
    expect(confirmed.status).toBe(200);
    expect(confirmed.body).toEqual({ ...account.user, email_verified: true });
    expectProblem(await confirm(account, link), "invalid_link");
    expect(await events(account)).toEqual(
      expect.arrayContaining(["email.verification_sent", "email.verified"]),
    );
  });

  it("AU-3: is nothing that the owner of an address does for who opened an account with it", async () => {
    const [squatter, owner] = [await newAccount(), await newAccount()];
    const link = await linkTo(squatter.user.email);
    expectProblem(await confirm(owner, link), "invalid_link");
    expectProblem(
      await api("POST", "/users/me/email/confirmation", { json: { token: link } }),
      "unauthenticated",
    );
    expect((await confirm(squatter, link)).status).toBe(200);
  });

  it("by another link, 2 minutes later at the earliest", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const account = await newAccount();
    const first = await linkTo(account.user.email);
    const refused = await again(account);
    expectProblem(refused, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("120");
    later(2);
    expect((await again(account)).status).toBe(202);
    const links = (await mailTo(account.user.email)).map(tokenIn);
    expect(links).toHaveLength(2);
    expect(links[0]).toBe(first);
    expect((await confirm(account, links[1]!)).status).toBe(200);
    expectProblem(await confirm(account, first), "invalid_link");
  });

  it("within 24 hours", async () => {
    const account = await newAccount();
    const link = await linkTo(account.user.email);
    await env.DB.prepare("UPDATE email_tokens SET expires_at = ? WHERE user_id = ?")
      .bind(Date.now() + 1000, account.user.id)
      .run();
    const life = "SELECT expires_at - created_at AS life FROM email_tokens WHERE user_id = ?";
    const other = await newAccount();
    await linkTo(other.user.email);
    expect(await env.DB.prepare(life).bind(other.user.id).first("life")).toBe(24 * 60 * 60_000);
    vi.useFakeTimers({ toFake: ["Date"] });
    later(1 / 60);
    expectProblem(await confirm(account, link), "invalid_link");
  });
});

describe("change of address", () => {
  it("takes place when the new address is confirmed, and the old one is told", async () => {
    const account = await newAccount();
    const email = newAddress();
    expect((await change(account, email)).status).toBe(202);
    const link = await linkTo(email);
    const login = (address: string) =>
      api("POST", "/auth/login", { json: { email: address, password: "SecurePass123!" } });
    expect((await login(account.user.email)).status).toBe(200);
    expectProblem(await login(email), "invalid_credentials");
    const confirmed = await confirm(account, link);
    expect(confirmed.body).toEqual({ ...account.user, email, email_verified: true });
    expectProblem(await login(account.user.email), "invalid_credentials");
    expect((await login(email)).status).toBe(200);
    const notice = await newestMail(account.user.email, "Your e-mail address was changed");
    expect(notice.text).toContain(email);
    expect(await events(account)).toEqual(
      expect.arrayContaining(["email.change_requested", "email.changed"]),
    );
  });

  it("is nothing that a stranger does who got the link by a slip of the pen", async () => {
    const [account, stranger] = [await newAccount(), await newAccount()];
    const email = newAddress();
    await change(account, email);
    expectProblem(await confirm(stranger, await linkTo(email)), "invalid_link");
    expect((await api("GET", "/users/me", { token: account.access_token })).body.email).toBe(
      account.user.email,
    );
  });

  it("AU-1: to an address that is taken answers as to a free one; its owner alone is told", async () => {
    const [account, owner] = [await newAccount(), await newAccount()];
    const taken = await change(account, owner.user.email.toUpperCase());
    expect([taken.status, taken.text]).toEqual([202, ""]);
    const notice = await newestMail(owner.user.email, "Your e-mail address has an account already");
    expect(notice.text).not.toContain("token");
    expect(notice.text).not.toContain(account.user.email);
  });

  it("to an address that was taken meanwhile is refused", async () => {
    const account = await newAccount();
    const email = newAddress();
    await change(account, email);
    const link = await linkTo(email);
    await newAccount({ email });
    expectProblem(await confirm(account, link), "email_taken");
    expect((await api("GET", "/users/me", { token: account.access_token })).body.email).toBe(
      account.user.email,
    );
  });

  it("ends the links that went to the old address", async () => {
    const account = await newAccount();
    const verification = await linkTo(account.user.email);
    await api("POST", "/auth/password/forgot", { json: { email: account.user.email } });
    const reset = tokenIn(await newestMail(account.user.email, "Choose a new password"));
    const email = newAddress();
    await change(account, email);
    await confirm(account, await linkTo(email));
    expectProblem(await confirm(account, verification), "invalid_link");
    const json = { token: reset, password: "a password for the old one" };
    expectProblem(await api("POST", "/auth/password/reset", { json }), "invalid_link");
  });

  it("floods no mailbox", async () => {
    const account = await newAccount();
    const addresses = Array.from({ length: 5 }, newAddress);
    const answers = await Promise.all(addresses.map((email) => change(account, email)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 429, 429, 429, 429]);
  });
});

describe("name", () => {
  it("is changed, and audited", async () => {
    const account = await newAccount();
    const token = account.access_token;
    const renamed = await api("PATCH", "/users/me", { token, json: { name: "  Ada King " } });
    expect(renamed.body).toEqual({ ...account.user, name: "Ada King" });
    expect((await api("GET", "/users/me", { token })).body.name).toBe("Ada King");
    expect(await events(account)).toContain("account.renamed");
    for (const name of ["", "a\nb", 5, null, "x".repeat(101), undefined]) {
      expectProblem(await api("PATCH", "/users/me", { token, json: { name } }), "validation_failed");
    }
  });
});
