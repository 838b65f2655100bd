import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { limits } from "../../src/protocol/limits.ts";
import wranglerToml from "../../wrangler.toml?raw";
import { api, expectProblem, send } from "../support/api.ts";

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
    });
  });

  it("of passwords from one network are refused, with when to come again, and harm no other", async () => {
    const login = (address: string, more?: Record<string, string>) =>
      api("POST", "/auth/login", { ...from(address, more), json: {} });
    for (let asked = 0; asked < limits.credentialsRate.requests; asked++) {
      // Two addresses of one network.
      expectProblem(await login(`2001:db8:77:1::${asked % 2}`), "validation_failed");
    }
    const answer = await login("2001:db8:77:1::abcd");
    expectProblem(answer, "rate_limited");
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(answer.headers.get("ratelimit-policy")).toBe('"credentials";q=120;w=60');
    expect(answer.headers.get("ratelimit")).toBe('"credentials";r=0;t=60');
    for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "client-ip"]) {
      expectProblem(await login("2001:db8:77:1::1", { [name]: "192.0.2.1" }), "rate_limited");
    }
    expectProblem(await login("2001:db8:77:2::1"), "validation_failed");
    // Who stays signed in, or signs out, hashes nothing.
    const json = { refresh_token: "x" };
    for (const path of ["/auth/refresh", "/auth/logout"]) {
      expectProblem(await api("POST", path, { ...from("2001:db8:77:1::1"), json }), "invalid_token");
    }
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
