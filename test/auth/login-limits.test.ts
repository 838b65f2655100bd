import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hashOf } from "../../src/auth/random-token.ts";
import { networkOf } from "../../src/platform/client-network.ts";
import { limits } from "../../src/protocol/limits.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer, newestMail, tokenIn } from "../support/mailbox.ts";

const password = "SecurePass123!";
const { network: perNetwork, account: perAccount } = limits.loginRate;
const day = 24 * 60 * 60 * 1000;

let addresses = 0;
/** An address that no other test has. */
const newAddress = () => `2001:db8:aaaa:${(++addresses).toString(16)}::1`;

const login = (email: string, given: string, address: string) =>
  api("POST", "/auth/login", { json: { email, password: given }, headers: { "cf-connecting-ip": address } });
const throttleOf = async (email: string) => env.LOGIN_THROTTLES.getByName(await hashOf(email));
const stored = async (email: string) =>
  runInDurableObject(await throttleOf(email), (_, { storage }) => storage.kv.get("quota"));
const auditOf = async (userId: string, event: string) =>
  (
    await env.DB.prepare("SELECT address FROM audit_events WHERE user_id = ? AND event = ?")
      .bind(userId, event)
      .all()
  ).results;

/** Attempts of which nothing is known but that they were made, without hashing a password for each. */
async function useUp(email: string, address: string, attempts: number): Promise<void> {
  const throttle = await throttleOf(email);
  for (let i = 0; i < attempts; i++) await throttle.attempt(networkOf(address) ?? "", Date.now(), "password");
}

/** Uses up what all strange networks have on an account, without hashing a hundred passwords. */
async function attackFromEverywhere(email: string): Promise<void> {
  const throttle = await throttleOf(email);
  for (let i = 0; i < perAccount.burst; i++) {
    expect(await throttle.attempt(`198.51.100.${i}`, Date.now(), "password")).toMatchObject({
      allowed: true,
    });
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

function expectRefused(answer: Answer, policy: string, seconds: number): void {
  expectProblem(answer, "rate_limited");
  expect(answer.headers.get("retry-after")).toBe(String(seconds));
  expect(answer.headers.get("ratelimit-policy")).toBe(policy);
  expect(answer.headers.get("ratelimit")).toBe(`${policy.split(";")[0]};r=0;t=${seconds}`);
}

describe("AU-7: wrong passwords", () => {
  it("of many at once from one network are counted to the last one, with and without an account", async () => {
    const known = (await newAccount()).user.email;
    for (const email of [known, "nobody-at-all@example.com"]) {
      const address = newAddress();
      await useUp(email, address, perNetwork.burst - 3);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => login(email, "wrong password", address)),
      );
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(5);
      for (const answer of refused) expectRefused(answer, '"login";q=10;w=600', 60);
      const left = answers
        .filter(({ status }) => status === 401)
        .map(({ headers }) => headers.get("ratelimit"))
        .sort();
      expect(left).toEqual(['"login";r=0;t=600', '"login";r=1;t=540', '"login";r=2;t=480']);
    }
  });

  it("from one network keep it from trying the right one, and no other network", async () => {
    const { email } = (await newAccount()).user;
    const address = newAddress();
    await useUp(email, address, perNetwork.burst);
    expectRefused(await login(email, password, address), '"login";q=10;w=600', 60);
    expectRefused(await login(email, password, address.replace(/1$/, "beef")), '"login";q=10;w=600', 60);
    expect((await login(email, password, newAddress())).status).toBe(200);
    pass(perNetwork.everyMs);
    expect((await login(email, password, address)).status).toBe(200);
    // The right one gives back what the wrong ones took.
    expectProblem(await login(email, "wrong password", address), "invalid_credentials");
    expectProblem(await login(email, "wrong password", address), "invalid_credentials");
  });

  it("from everywhere lock nobody out of networks that they signed in from, and the owner is told", async () => {
    const address = newAddress();
    const { body } = await api("POST", "/auth/register", {
      json: { email: `owner-${address.length}-${crypto.randomUUID()}@example.com`, password, name: "Owner" },
      headers: { "cf-connecting-ip": address },
    });
    const { email, id } = body.user;
    const laptop = newAddress();
    expect((await login(email, password, laptop)).status).toBe(200);
    await attackFromEverywhere(email);
    for (let again = 0; again < 3; again++) {
      expectRefused(await login(email, password, newAddress()), '"login-account";q=100;w=3600', 36);
    }
    expect((await login(email, password, address)).status).toBe(200);
    expect((await login(email, password, laptop)).status).toBe(200);
    await vi.waitFor(
      async () => expect(await auditOf(id, "login.throttled")).toHaveLength(1),
      behindTheAnswer,
    );
    // Somebody at a new place gets the next turn, and waits for it rather than being refused.
    pass(perAccount.everyMs - 300);
    const start = performance.now();
    expect((await login(email, password, newAddress())).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(250);
  });

  it("from everywhere keep nobody out who resets the password at a new place", async () => {
    const { user } = await newAccount();
    const hotel = newAddress();
    await attackFromEverywhere(user.email);
    expectRefused(await login(user.email, password, hotel), '"login-account";q=100;w=3600', 36);
    expect((await api("POST", "/auth/password/forgot", { json: { email: user.email } })).status).toBe(202);
    const token = tokenIn(await newestMail(user.email, "Choose a new password"));
    const json = { token, password: "another good password" };
    const headers = { "cf-connecting-ip": hotel };
    expect((await api("POST", "/auth/password/reset", { json, headers })).status).toBe(204);
    expect((await login(user.email, json.password, hotel)).status).toBe(200);
  });

  it("do not use up a network's attempts by what others do to other accounts", async () => {
    const [one, two] = [await newAccount(), await newAccount()];
    await attackFromEverywhere(one.user.email);
    expect((await login(two.user.email, password, "198.51.100.1")).status).toBe(200);
  });

  it("are in the owner's audit, with where they came from", async () => {
    const { user } = await newAccount();
    const address = newAddress();
    expectProblem(await login(user.email, "wrong password", address), "invalid_credentials");
    await vi.waitFor(
      async () => expect(await auditOf(user.id, "login.failed")).toEqual([{ address }]),
      behindTheAnswer,
    );
  });

  it("are forgotten: of an address without an account within hours, of a network after 90 days", async () => {
    await login("nobody-else@example.com", "wrong password", newAddress());
    const { email } = (await newAccount()).user;
    for (const [address, lifetime] of [
      ["nobody-else@example.com", 2 * 60 * 60 * 1000],
      [email, limits.knownNetworkDays * day],
    ] as const) {
      expect(await stored(address)).toBeDefined();
      await runDurableObjectAlarm(await throttleOf(address));
      expect(await stored(address)).toBeDefined();
      pass(lifetime);
      expect(await runDurableObjectAlarm(await throttleOf(address))).toBe(true);
      expect(await stored(address)).toBeUndefined();
    }
  });
});
