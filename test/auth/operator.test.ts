import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { endAllSessions } from "../../src/auth/end-sessions.ts";
import { closeSockets } from "../../src/documents/close-sockets.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { newestMail } from "../support/mailbox.ts";
import { setUpSecondFactor } from "../support/second-factor.ts";
import { testSecrets } from "../support/secrets.ts";
import { openSocket } from "../support/socket.ts";

const token = testSecrets.ADMIN_TOKEN;
const me = ({ access_token }: TokensBody) => api("GET", "/users/me", { token: access_token });
const signIn = async ({ user }: TokensBody): Promise<TokensBody> =>
  (await api("POST", "/auth/login", { json: { email: user.email, password: "SecurePass123!" } })).body;
const audit = async ({ user }: TokensBody) =>
  (
    await env.DB.prepare("SELECT event, address, user_agent FROM audit_events WHERE user_id = ?")
      .bind(user.id)
      .all<{ event: string; address: string | null; user_agent: string | null }>()
  ).results;

describe("the operator", () => {
  it("is who bears ADMIN_TOKEN, and where that is not set nobody", async () => {
    const account = await newAccount();
    const path = `/admin/users/${account.user.id}/sessions`;
    expectProblem(await api("DELETE", path), "unauthenticated");
    for (const wrong of ["x", token.slice(1), `${token}x`, token.toUpperCase(), account.access_token]) {
      const answer = await api("DELETE", path, { token: wrong });
      expectProblem(answer, "invalid_token");
      expect(answer.text).not.toContain(token);
    }
    for (const unset of ["", undefined]) {
      const request = new Request(`https://materi.test/api/v1${path}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${unset ?? "undefined"}` },
      });
      const unconfigured = { ...env, ADMIN_TOKEN: unset };
      const answer = await app.fetch(request, unconfigured as unknown as Env, createExecutionContext());
      expect(answer.status).toBe(501);
      expect(await answer.json()).toMatchObject({ error: "not_configured" });
    }
    expect((await me(account)).status).toBe(200);
  });

  it("finds a person by their address", async () => {
    const account = await newAccount();
    const find = (email: string) => api("GET", `/admin/users?${new URLSearchParams({ email })}`, { token });
    const { body } = await find(account.user.email.toUpperCase());
    expect(body).toEqual({ ...account.user, sessions: 1 });
    expectProblem(await find("nobody@example.com"), "not_found");
    expectProblem(await api("GET", "/admin/users", { token }), "invalid_request");
  });

  it("AU-5: ends a person's sessions and tokens, with their sockets, and the person finds it in the audit", async () => {
    const account = await newAccount();
    const second = await signIn(account);
    const stranger = await newAccount();
    const json = { name: "CI", scopes: ["documents:write"] };
    const program = (await api("POST", "/users/me/tokens", { token: account.access_token, json })).body.token;
    const { id } = (await api("POST", "/documents", { token: program, json: { title: "T" } })).body;
    const sockets = [await openSocket(id, second.access_token), await openSocket(id, program)];
    const ended = await api("DELETE", `/admin/users/${account.user.id}/sessions`, {
      token,
      headers: { "cf-connecting-ip": "203.0.113.5", "user-agent": "operator" },
    });
    expect(ended.body, ended.text).toEqual({ ended: 2 });
    for (const socket of sockets) expect(await socket.next()).toMatchObject({ closed: expect.any(Number) });
    expectProblem(await me(account), "invalid_token");
    expectProblem(await api("GET", "/documents", { token: program }), "invalid_token");
    expectProblem(
      await api("POST", "/auth/refresh", { json: { refresh_token: second.refresh_token } }),
      "invalid_token",
    );
    expect((await me(stranger)).status).toBe(200);
    const told = (await audit(account)).filter(({ event }) => event.endsWith("by_operator"));
    expect(told.map(({ event }) => event).sort()).toEqual([
      "personal_token.revoked_by_operator",
      "session.ended_by_operator",
      "session.ended_by_operator",
    ]);
    // Where the operator is, is not told.
    for (const row of told) expect(row).toMatchObject({ address: null, user_agent: null });
    expect((await api("DELETE", `/admin/users/${account.user.id}/sessions`, { token })).body).toEqual({
      ended: 0,
    });
    expectProblem(
      await api("DELETE", `/admin/users/${crypto.randomUUID()}/sessions`, { token }),
      "not_found",
    );
  });

  it("AU-5: ends everybody's sessions that there are, and none that begins afterwards", async () => {
    const accounts = [await newAccount(), await newAccount()];
    const { id } = (
      await api("POST", "/documents", { token: accounts[0]!.access_token, json: { title: "T" } })
    ).body;
    const socket = await openSocket(id, accounts[0]!.access_token);
    const now = Date.now();
    // More than one transaction takes.
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
       INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, authenticated_at)
       SELECT 'many-' || i, ?, 0, ?, ?, 0 FROM n`,
    )
      .bind(accounts[1]!.user.id, now, now)
      .run();
    await env.DB.prepare(
      `INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, authenticated_at)
       VALUES ('later', ?1, 0, ?2, ?2, 0)`,
    )
      .bind(accounts[1]!.user.id, now + 60_000)
      .run();
    const told = { event: "session.ended_by_operator", origin: { address: null, userAgent: null } } as const;
    const ended = await endAllSessions(env, closeSockets, told, now);
    expect(ended).toBeGreaterThanOrEqual(1_202);
    expect(await socket.next()).toMatchObject({ closed: 4403 });
    for (const account of accounts) expectProblem(await me(account), "invalid_token");
    // Other tests' clocks may have been ahead of this one's.
    const left = await env.DB.prepare("SELECT id FROM sessions WHERE created_at <= ? OR id = 'later'")
      .bind(now)
      .all<{ id: string }>();
    expect(left.results.map((row) => row.id)).toEqual(["later"]);
    const again = await api("DELETE", "/admin/sessions", { token });
    expect(again.status, again.text).toBe(200);
    expect((await audit(accounts[0]!)).map(({ event }) => event)).toContain("session.ended_by_operator");
    await env.DB.prepare("DELETE FROM sessions WHERE id = 'later'").run();
  });

  it("takes a lost second factor away, which ends the sessions and tells the person", async () => {
    const account = await newAccount();
    const remove = () => api("DELETE", `/admin/users/${account.user.id}/second-factor`, { token });
    expectProblem(await remove(), "not_found");
    await setUpSecondFactor(account);
    expect((await remove()).status).toBe(204);
    expectProblem(await me(account), "invalid_token");
    expect((await signIn(account)).user.second_factor).toBe(false);
    expect((await audit(account)).map(({ event }) => event)).toContain("second_factor.removed_by_operator");
    await newestMail(account.user.email, "Your second factor was switched off");
  });
});
