import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rotationGrace, sessionMaxAge, sessionMaxIdle } from "../../src/auth/session-rules.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

const refresh = (token: string) => api("POST", "/auth/refresh", { json: { refresh_token: token } });
const logout = (options: Parameters<typeof api>[2]) => api("POST", "/auth/logout", options);
const sessionsOf = async (userId: string) =>
  (await env.DB.prepare("SELECT generation FROM sessions WHERE user_id = ?").bind(userId).all()).results;

/** Rotates once and answers the new refresh token. */
async function rotated(token: string): Promise<string> {
  const answer = await refresh(token);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.refresh_token;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("AU-2: refresh", () => {
  it("gives other tokens of the same session and person", async () => {
    const account = await newAccount();
    const answer = await refresh(account.refresh_token);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(Object.keys(account).sort());
    expect(answer.body.access_token).not.toBe(account.access_token);
    expect(answer.body.refresh_token).not.toBe(account.refresh_token);
    expect(answer.body.user).toEqual(account.user);
    expect((await api("GET", "/users/me", { token: answer.body.access_token })).status).toBe(200);
    expect(await sessionsOf(account.user.id)).toEqual([{ generation: 1 }]);
  });

  it("answers a retry after a lost answer with the token that was lost", async () => {
    const { refresh_token: token } = await newAccount();
    const lost = await refresh(token);
    pass(rotationGrace);
    const again = await refresh(token);
    expect(again.body.refresh_token).toBe(lost.body.refresh_token);
    expect(again.body.access_token).not.toBe(lost.body.access_token);
    await rotated(again.body.refresh_token);
  });

  it("logs nobody out when fifty present one token at once, a hundred times", async () => {
    const account = await newAccount();
    let token = account.refresh_token;
    for (let round = 1; round <= 100; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(token)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(50);
      expect(await sessionsOf(account.user.id)).toEqual([{ generation: round }]);
      token = answers[0]?.body.refresh_token;
    }
  }, 300_000);

  it.each<[string, (first: string) => Promise<void>]>([
    [
      "after the grace",
      async (first) => {
        await rotated(first);
        pass(rotationGrace + 1);
      },
    ],
    ["two rotations later, at once", async (first) => void (await rotated(await rotated(first)))],
  ])("of a token that was used ends the session: %s", async (_, use) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const account = await newAccount();
    const elsewhere = await api("POST", "/auth/login", {
      json: { email: account.user.email, password: "SecurePass123!" },
    });
    await use(account.refresh_token);
    expectProblem(await refresh(account.refresh_token), "invalid_token");
    expect(warn.mock.calls.map(([line]) => JSON.parse(String(line)).event)).toContain("refresh_token_reuse");
    warn.mockRestore();
    // The session is over for the thief and for the owner alike; the owner's other session is not.
    expect(await sessionsOf(account.user.id)).toEqual([{ generation: 0 }]);
    expect((await refresh(elsewhere.body.refresh_token)).status).toBe(200);
  });

  it("after reuse is refused to the newest token too", async () => {
    const { refresh_token: first } = await newAccount();
    const newest = await rotated(await rotated(first));
    vi.spyOn(console, "warn").mockImplementationOnce(() => {});
    expectProblem(await refresh(first), "invalid_token");
    expectProblem(await refresh(newest), "invalid_token");
  });

  it("ends when a session was idle for too long, and not before", async () => {
    const [one, two] = [await newAccount(), await newAccount()];
    pass(sessionMaxIdle - 1);
    await rotated(one.refresh_token);
    pass(1);
    expectProblem(await refresh(two.refresh_token), "invalid_token");
  });

  it("ends when a session is too old, however busy it was", async () => {
    const account = await newAccount();
    let token = account.refresh_token;
    for (let left = sessionMaxAge - 1; left > 0; left -= sessionMaxIdle - 1) {
      pass(Math.min(left, sessionMaxIdle - 1));
      token = await rotated(token);
    }
    pass(1);
    expectProblem(await refresh(token), "invalid_token");
    // The next sign-in clears it away.
    const login = await api("POST", "/auth/login", {
      json: { email: account.user.email, password: "SecurePass123!" },
    });
    expect(login.status).toBe(200);
    expect(await sessionsOf(account.user.id)).toEqual([{ generation: 0 }]);
  });

  it("refuses what is not a token of ours, and ends nothing by it", async () => {
    const account = await newAccount();
    const { refresh_token: token, access_token } = account;
    const [version, session, , tag] = token.split(".");
    const forged = [
      "",
      "x",
      access_token,
      `${version}.${session}.1.${tag}`,
      `${version}.${session}.00.${tag}`,
      `${version}.${crypto.randomUUID()}.0.${tag}`,
      `mr2.${session}.0.${tag}`,
      `${token}=`,
      `${token}\n`,
      token.slice(0, -1),
      token.replace(/.$/, (last) => (last === "A" ? "Q" : "A")),
      token.toUpperCase(),
    ];
    for (const bad of forged) expectProblem(await refresh(bad), "invalid_token");
    expect((await refresh(token)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ["nothing", {}],
    ["null", { refresh_token: null }],
    ["a number", { refresh_token: 1 }],
    ["a list", { refresh_token: ["a"] }],
    ["an over-long text", { refresh_token: "x".repeat(513) }],
    ["a text for a body", "token"],
  ])("refuses %s for a token", async (_, json) => {
    expectProblem(await api("POST", "/auth/refresh", { json }), "validation_failed");
  });
});

describe("logout", () => {
  it("ends the session of the refresh token in the body, and says the same twice", async () => {
    const { refresh_token } = await newAccount();
    expect((await logout({ json: { refresh_token } })).status).toBe(204);
    expect((await logout({ json: { refresh_token } })).status).toBe(204);
    expectProblem(await refresh(refresh_token), "invalid_token");
  });

  it("ends the session of the access token if there is no body", async () => {
    const { access_token: token, refresh_token } = await newAccount();
    expect((await logout({ token })).status).toBe(204);
    expectProblem(await refresh(refresh_token), "invalid_token");
  });

  it("wins over a refresh before it", async () => {
    const { refresh_token } = await newAccount();
    const newer = await rotated(refresh_token);
    expect((await logout({ json: { refresh_token } })).status).toBe(204);
    expectProblem(await refresh(newer), "invalid_token");
  });

  it("refuses whoever shows nothing, or something forged", async () => {
    expectProblem(await logout({}), "unauthenticated");
    expectProblem(await logout({ json: {} }), "unauthenticated");
    expectProblem(await logout({ token: "x" }), "invalid_token");
    expectProblem(await logout({ json: { refresh_token: "x" } }), "invalid_token");
    expectProblem(await logout({ json: { refresh_token: 1 } }), "validation_failed");
  });
});
