import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { limits } from "../../src/protocol/limits.ts";
import wranglerToml from "../../wrangler.toml?raw";
import { type Answer, api, expectProblem, newAccount, send } from "../support/api.ts";

const from = (address: string, more: Record<string, string> = {}) => ({
  headers: { "cf-connecting-ip": address, ...more },
});

describe("floods", () => {
  it("are bounded as src/protocol/limits.ts announces it", () => {
    const bindings = [
      ...wranglerToml.matchAll(
        /^\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "\d+"\nsimple = \{ limit = (\d+), period = (\d+) \}$/gm,
      ),
    ].map(([, name, requests, seconds]) => [name, { requests: Number(requests), seconds: Number(seconds) }]);
    expect(Object.fromEntries(bindings)).toEqual({
      NETWORK_RATE: limits.networkRate,
      CREDENTIALS_RATE: limits.credentialsRate,
      ACCOUNT_RATE: limits.accountRate,
    });
  });

  it("of passwords from one network are refused, with when to come again, and harm no other", async () => {
    const login = (address: string, more?: Record<string, string>) =>
      api("POST", "/auth/login", { ...from(address, more), json: {} });
    // The local binding counts by the minute of the clock, so what it counts has to be asked within one.
    const minute = () => Math.floor(Date.now() / 60_000);
    const flood = async (network: string) => {
      const began = minute();
      const passed: Answer[] = [];
      for (let asked = 0; asked < limits.credentialsRate.requests; asked++) {
        // Two addresses of one network.
        passed.push(await login(`${network}::${asked % 2}`));
      }
      const refused = [await login(`${network}::abcd`)];
      for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "client-ip"]) {
        refused.push(await login(`${network}::1`, { [name]: "192.0.2.1" }));
      }
      // Who stays signed in, or signs out, hashes nothing.
      const free: Answer[] = [];
      const json = { refresh_token: "x" };
      for (const path of ["/auth/refresh", "/auth/logout"]) {
        free.push(await api("POST", path, { ...from(`${network}::1`), json }));
      }
      return { passed, refused, free, ofOneMinute: began === minute() };
    };
    let answers = await flood("2001:db8:77:1");
    // A busy machine may take a good part of a minute for them, and so meet its end more than once.
    for (let again = 2; !answers.ofOneMinute; again++) answers = await flood(`2001:db8:77:${again}`);
    for (const answer of answers.passed) expectProblem(answer, "validation_failed");
    for (const answer of answers.refused) {
      expectProblem(answer, "rate_limited");
      expect(answer.headers.get("retry-after")).toBe("60");
      expect(answer.headers.get("ratelimit-policy")).toBe('"credentials";q=120;w=60');
      expect(answer.headers.get("ratelimit")).toBe('"credentials";r=0;t=60');
    }
    for (const answer of answers.free) expectProblem(answer, "invalid_token");
    expectProblem(await login("2001:db8:78:1::1"), "validation_failed");
  });

  it("of anything are refused by the network, before anything is done", async () => {
    const asked: string[] = [];
    const NETWORK_RATE = {
      limit: async ({ key }: { key: string }) => {
        asked.push(key);
        return { success: key !== "192.0.2.9" };
      },
    };
    const ask = (path: string, address?: string) =>
      app.fetch(
        new Request(`https://materi.test${path}`, address ? from(address) : {}),
        { ...env, NETWORK_RATE } as unknown as Env,
        createExecutionContext(),
      );
    for (const path of ["/api/v1/users/me", "/ws/documents/x", "/nope"]) {
      const answer = await ask(path, "192.0.2.9");
      expect(answer.status).toBe(429);
      expect(answer.headers.get("ratelimit-policy")).toBe('"network";q=3000;w=60');
    }
    expect((await ask("/health", "192.0.2.10")).status).toBe(200);
    expect(asked).toEqual(["192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.10"]);
  });

  it("with one account are refused, from whatever networks", async () => {
    const { access_token: token, user } = await newAccount();
    const asked: string[] = [];
    const ACCOUNT_RATE = {
      limit: async ({ key }: { key: string }) => ({ success: asked.push(key) <= 2 }),
    };
    const ask = (address: string) =>
      app.fetch(
        new Request(
          "https://materi.test/api/v1/users/me",
          from(address, { authorization: `Bearer ${token}` }),
        ),
        { ...env, ACCOUNT_RATE } as unknown as Env,
        createExecutionContext(),
      );
    expect((await ask("192.0.2.1")).status).toBe(200);
    expect((await ask("192.0.2.2")).status).toBe(200);
    const answer = await ask("2001:db8::1");
    expect(answer.status).toBe(429);
    expect(answer.headers.get("ratelimit-policy")).toBe('"account";q=6000;w=60');
    expect(asked).toEqual([user.id, user.id, user.id]);
  });

  it("are none on this machine: tests, benches and local use are not counted", async () => {
    const limit = () => Promise.reject(new Error("was counted"));
    const local = { ...env, NETWORK_RATE: { limit }, CREDENTIALS_RATE: { limit } } as unknown as Env;
    for (const init of [{}, from("127.0.0.1"), from("::1")]) {
      const request = new Request("https://materi.test/api/v1/auth/login", { ...init, method: "POST" });
      expect((await app.fetch(request, local, createExecutionContext())).status).toBe(422);
    }
    expect((await send("GET", "/health")).status).toBe(200);
  });
});
