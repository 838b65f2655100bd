// Past 400 lines: everything that a session goes through, with its clock and its people in one place.
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { authenticated } from "../../src/auth/authenticate.ts";
import { requireRecentSignIn } from "../../src/auth/recent-sign-in.ts";
import { sessionMaxAge, sessionMaxIdle } from "../../src/auth/session-rules.ts";
import worker from "../../src/index.ts";
import { onError } from "../../src/platform/error-handling.ts";
import { type RequestContext, requestContext } from "../../src/platform/request-context.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import type { AuditEventBody, SessionBody } from "../../src/protocol/rest/sessions.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { openSocket } from "../support/socket.ts";

const password = "SecurePass123!";
const me = (token: string) => api("GET", "/users/me", { token });
const sid = ({ access_token }: TokensBody): string => JSON.parse(atob(access_token.split(".")[1] ?? "")).sid;
const signIn = async ({ user }: TokensBody, headers: Record<string, string> = {}): Promise<TokensBody> =>
  (await api("POST", "/auth/login", { json: { email: user.email, password }, headers })).body;
const logout = (token: string, scope: string) => api("POST", "/auth/logout", { token, json: { scope } });

async function sessionsOf(token: string): Promise<SessionBody[]> {
  const answer = await api("GET", "/users/me/sessions", { token });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items;
}

async function auditOf(token: string): Promise<AuditEventBody[]> {
  // That a new account was sent a message is told when it was, later than everything else.
  return vi.waitFor(async () => {
    const answer = await api("GET", "/users/me/audit", { token });
    expect(answer.status, answer.text).toBe(200);
    const events: AuditEventBody[] = answer.body.items;
    expect(events.some(isOfMessage)).toBe(true);
    return events;
  }, behindTheAnswer);
}
const isOfMessage = ({ event }: AuditEventBody) => event === "email.verification_sent";

/** An account with so many sessions, the oldest first, all of different times. */
async function signedIn(sessions: number): Promise<TokensBody[]> {
  const all = [await newAccount()];
  while (all.length < sessions) {
    pass(1_000);
    all.push(await signIn(all[0]!));
  }
  return all;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const iso = (ms: number) => new Date(ms).toISOString();

describe("GET /users/me/sessions", () => {
  it("lists the person's own, newest first, with device, address and last use", async () => {
    const began = Date.now();
    const account = await newAccount();
    await newAccount();
    pass(60_000);
    const phone = { "user-agent": "Phone/1.0", "cf-connecting-ip": "2001:db8::7" };
    const second = await signIn(account, phone);
    pass(60_000);
    const refreshed = await api("POST", "/auth/refresh", {
      json: { refresh_token: account.refresh_token },
      headers: { "user-agent": "Desk/2.0", "cf-connecting-ip": "192.0.2.1" },
    });
    expect(await sessionsOf(refreshed.body.access_token)).toEqual([
      {
        id: sid(second),
        current: false,
        created_at: iso(began + 60_000),
        last_used_at: iso(began + 60_000),
        expires_at: iso(began + 60_000 + sessionMaxIdle),
        address: "2001:db8::7",
        user_agent: "Phone/1.0",
      },
      {
        id: sid(account),
        current: true,
        created_at: iso(began),
        last_used_at: iso(began + 120_000),
        expires_at: iso(began + 120_000 + sessionMaxIdle),
        address: "192.0.2.1",
        user_agent: "Desk/2.0",
      },
    ]);
  });

  it("pages", async () => {
    const sessions = await signedIn(3);
    const token = sessions[0]!.access_token;
    const first = await api("GET", "/users/me/sessions?limit=2", { token });
    const rest = await api("GET", `/users/me/sessions?limit=2&cursor=${first.body.next_cursor}`, { token });
    const ids = [...first.body.items, ...rest.body.items].map(({ id }: SessionBody) => id);
    expect(ids).toEqual(sessions.map(sid).reverse());
    expect(rest.body.next_cursor).toBeNull();
    expectProblem(await api("GET", "/users/me/sessions?cursor=x", { token }), "invalid_request");
    expectProblem(await api("GET", "/users/me/sessions?limit=0", { token }), "invalid_request");
  });

  it("shows none whose time is over", async () => {
    const account = await newAccount();
    pass(sessionMaxIdle);
    const second = await signIn(await newAccount());
    // Written anew: a sign-in would have cleared it away.
    await env.DB.prepare("UPDATE sessions SET user_id = ? WHERE id = ?")
      .bind(second.user.id, sid(account))
      .run();
    expect((await sessionsOf(second.access_token)).map(({ id }) => id)).not.toContain(sid(account));
  });

  it("asks who is asking", async () => {
    expectProblem(await api("GET", "/users/me/sessions"), "unauthenticated");
    expectProblem(await api("GET", "/users/me/audit"), "unauthenticated");
    expectProblem(await api("DELETE", `/users/me/sessions/${crypto.randomUUID()}`), "unauthenticated");
    expectProblem(await api("POST", "/auth/reauthenticate", { json: { password } }), "unauthenticated");
  });
});

describe("AU-5: DELETE /users/me/sessions/{id}", () => {
  it("ends that one, with its sockets, and tells it in the audit", async () => {
    const [mine, lost] = (await signedIn(2)) as [TokensBody, TokensBody];
    const document = await api("POST", "/documents", { token: mine.access_token, json: { title: "T" } });
    const socket = await openSocket(document.body.id, lost.access_token);
    const path = `/users/me/sessions/${sid(lost)}`;
    expect((await api("DELETE", path, { token: mine.access_token })).status).toBe(204);
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await me(lost.access_token), "invalid_token");
    expect((await sessionsOf(mine.access_token)).map(({ id }) => id)).toEqual([sid(mine)]);
    const told = expect.objectContaining({ event: "session.revoked", session_id: sid(lost) });
    expect(await auditOf(mine.access_token)).toContainEqual(told);
    expectProblem(await api("DELETE", path, { token: mine.access_token }), "not_found");
  });

  it("answers somebody else's like one that is not there, and ends nothing", async () => {
    const [mine, other] = [await newAccount(), await newAccount()];
    const token = mine.access_token;
    const foreign = await api("DELETE", `/users/me/sessions/${sid(other)}`, { token });
    const absent = await api("DELETE", `/users/me/sessions/${crypto.randomUUID()}`, { token });
    expectProblem(foreign, "not_found");
    expect({ ...foreign.body, request_id: "" }).toEqual({ ...absent.body, request_id: "" });
    expect((await me(other.access_token)).status).toBe(200);
    expectProblem(await api("DELETE", "/users/me/sessions/x", { token }), "invalid_request");
  });
});

describe("AU-5: POST /auth/logout with a scope", () => {
  const alive = async (all: TokensBody[]) =>
    Promise.all(all.map(async ({ access_token }) => (await me(access_token)).status === 200));

  it("ends this session alone, unless told otherwise", async () => {
    const all = await signedIn(3);
    expect((await logout(all[1]!.access_token, "session")).status).toBe(204);
    expect(await alive(all)).toEqual([true, false, true]);
    expect((await api("POST", "/auth/logout", { token: all[0]!.access_token, json: {} })).status).toBe(204);
    expect(await alive(all)).toEqual([false, false, true]);
  });

  it("ends the others", async () => {
    const stranger = await newAccount();
    const all = await signedIn(3);
    expect((await logout(all[1]!.access_token, "others")).status).toBe(204);
    expect(await alive([...all, stranger])).toEqual([false, true, false, true]);
    const events = await auditOf(all[1]!.access_token);
    expect(
      events
        .filter(({ event }) => event === "session.revoked")
        .map((row) => row.session_id)
        .sort(),
    ).toEqual([sid(all[0]!), sid(all[2]!)].sort());
  });

  it("ends all of them", async () => {
    const stranger = await newAccount();
    const all = await signedIn(3);
    expect((await logout(all[1]!.access_token, "all")).status).toBe(204);
    expect(await alive([...all, stranger])).toEqual([false, false, false, true]);
    for (const { refresh_token } of all) {
      expectProblem(await api("POST", "/auth/refresh", { json: { refresh_token } }), "invalid_token");
    }
  });

  it("takes no refresh token for more than its own session, and no other word", async () => {
    const { refresh_token, access_token } = await newAccount();
    for (const scope of ["others", "all"]) {
      const answer = await api("POST", "/auth/logout", { json: { refresh_token, scope } });
      expectProblem(answer, "validation_failed");
      expect(answer.body.errors).toMatchObject([{ path: ["scope"] }]);
    }
    expectProblem(await logout(access_token, "everything"), "validation_failed");
    expect((await me(access_token)).status).toBe(200);
  });
});

describe("AU-8: what asks for a recent proof of who it is", () => {
  const guarded = new Hono<RequestContext>()
    .use(requestContext)
    .post("/", authenticated, requireRecentSignIn, (c) => c.body(null, 204));
  guarded.onError(onError);

  async function change(token: string): Promise<Answer> {
    const request = new Request("https://materi.test/", {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    const response = await guarded.fetch(request, env, createExecutionContext());
    const text = await response.text();
    const body = text && JSON.parse(text);
    return { status: response.status, headers: response.headers, text, body };
  }
  const prove = (token: string, proof: unknown) =>
    api("POST", "/auth/reauthenticate", { token, json: proof });

  it("is allowed for 10 minutes after the sign-in, and a refresh is no proof", async () => {
    const account = await newAccount();
    pass(10 * 60_000 - 1);
    const { body } = await api("POST", "/auth/refresh", { json: { refresh_token: account.refresh_token } });
    expect((await change(body.access_token)).status).toBe(204);
    pass(1);
    expectProblem(await change(body.access_token), "reauthentication_required");
  });

  it("is allowed again after the password was given, in that session alone", async () => {
    const account = await newAccount();
    const other = await signIn(account);
    pass(9 * 60_000);
    expect((await prove(account.access_token, { password })).status).toBe(204);
    pass(5 * 60_000);
    const refreshed = async ({ refresh_token }: TokensBody) =>
      (await api("POST", "/auth/refresh", { json: { refresh_token } })).body.access_token;
    expect((await change(await refreshed(account))).status).toBe(204);
    const elsewhere = await refreshed(other);
    expectProblem(await change(elsewhere), "reauthentication_required");
    expect((await auditOf(elsewhere)).map(({ event }) => event)).toContain("session.reauthenticated");
  });

  it("is not allowed by a wrong password, which the audit tells", async () => {
    const account = await newAccount();
    pass(9 * 60_000);
    expectProblem(await prove(account.access_token, { password: "SecurePass123?" }), "invalid_credentials");
    await vi.waitFor(
      async () =>
        expect((await auditOf(account.access_token)).map(({ event }) => event)).toContain("login.failed"),
      behindTheAnswer,
    );
    for (const bad of [{}, { password: 1 }, { password: null }, [], "x"]) {
      expectProblem(await prove(account.access_token, bad), "validation_failed");
    }
  });

  it("is not allowed without a password to give", async () => {
    const account = await newAccount();
    await env.DB.prepare("UPDATE users SET password_hash = NULL WHERE id = ?").bind(account.user.id).run();
    expectProblem(await prove(account.access_token, { password: "" }), "invalid_credentials");
  });
});

describe("GET /users/me/audit", () => {
  it("tells the person's own events, newest first, with where they came from", async () => {
    const account = await newAccount({});
    await newAccount();
    pass(1);
    const second = await signIn(account, { "user-agent": "Phone/1.0", "cf-connecting-ip": "192.0.2.9" });
    pass(1);
    await logout(account.access_token, "session");
    const events = (await auditOf(second.access_token)).filter((event) => !isOfMessage(event));
    expect(events.map(({ event, session_id }) => [event, session_id])).toEqual([
      ["session.ended", sid(account)],
      ["session.started", sid(second)],
      ["account.registered", sid(account)],
    ]);
    expect(events[1]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      event: "session.started",
      session_id: sid(second),
      address: "192.0.2.9",
      user_agent: "Phone/1.0",
      created_at: expect.any(String),
    });
  });

  it("tells the reuse of a refresh token", async () => {
    vi.spyOn(console, "warn").mockImplementationOnce(() => {});
    const account = await newAccount();
    const other = await signIn(account);
    let token = account.refresh_token;
    for (let times = 0; times < 2; times++) {
      token = (await api("POST", "/auth/refresh", { json: { refresh_token: token } })).body.refresh_token;
    }
    pass(1);
    await api("POST", "/auth/refresh", {
      json: { refresh_token: account.refresh_token },
      headers: { "cf-connecting-ip": "198.51.100.66" },
    });
    expect((await auditOf(other.access_token))[0]).toMatchObject({
      event: "session.refresh_reused",
      session_id: sid(account),
      address: "198.51.100.66",
    });
  });

  it("writes one row for an end, also of one that comes twice at once", async () => {
    const account = await newAccount();
    const other = await signIn(account);
    const { refresh_token } = account;
    await Promise.all([1, 2, 3].map(() => api("POST", "/auth/logout", { json: { refresh_token } })));
    const ends = (await auditOf(other.access_token)).filter(({ event }) => event === "session.ended");
    expect(ends).toHaveLength(1);
  });

  it("pages, also through events of one moment", async () => {
    const all = await signedIn(4);
    await logout(all[3]!.access_token, "others");
    const token = all[3]!.access_token;
    const events = await auditOf(token);
    const seen: AuditEventBody[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const answer = await api("GET", `/users/me/audit?limit=2${cursor && `&cursor=${cursor}`}`, { token });
      expect(answer.body.items.length).toBeLessThanOrEqual(2);
      seen.push(...answer.body.items);
      cursor = answer.body.next_cursor;
    }
    expect(seen).toEqual(events);
    expect(seen).toHaveLength(8);
  });
});

describe("very many sessions", () => {
  it("are not kept: a new one ends the one that was used longest ago, which the audit tells", async () => {
    const account = await newAccount();
    const stranger = await newAccount();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
       INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, authenticated_at)
       SELECT ?2 || '-' || i, ?2, 0, ?3 + i, ?3, 0 FROM n`,
    )
      .bind(limits.sessionsPerPerson, account.user.id, Date.now())
      .run();
    pass(60_000);
    const newest = await signIn(account);
    expectProblem(await me(account.access_token), "invalid_token");
    const { results } = await env.DB.prepare("SELECT id FROM sessions WHERE user_id = ?")
      .bind(account.user.id)
      .all<{ id: string }>();
    expect(results).toHaveLength(limits.sessionsPerPerson);
    expect(results.map(({ id }) => id)).toContain(`${account.user.id}-1`);
    const told = (await auditOf(newest.access_token)).filter(({ event }) => event === "session.crowded_out");
    expect(told.map(({ session_id }) => session_id)).toEqual([sid(account)]);
    expect((await me(stranger.access_token)).status).toBe(200);
  });
});

describe("the hourly upkeep", () => {
  const count = async (table: string, where: string, ...values: unknown[]) =>
    (
      await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)
        .bind(...values)
        .first<{ n: number }>()
    )?.n;
  const scheduled = (now: number) =>
    worker.scheduled(createScheduledController({ scheduledTime: new Date(now) }), env);
  const nextHour = (at: number) => Math.ceil((at + 1) / 3_600_000) * 3_600_000;

  it("deletes sessions, flows and e-mail tokens that have run out, and no others", async () => {
    const [idle, busy] = [await newAccount(), await newAccount()];
    const hour = nextHour(Date.now());
    await env.DB.batch([
      env.DB.prepare("UPDATE sessions SET rotated_at = ? WHERE id = ?").bind(
        hour - sessionMaxIdle,
        sid(idle),
      ),
      env.DB.prepare("UPDATE sessions SET created_at = ?, rotated_at = ? WHERE id = ?").bind(
        hour - sessionMaxAge + 1,
        hour - sessionMaxIdle + 1,
        sid(busy),
      ),
      ...[hour, hour + 1].flatMap((ends) => [
        env.DB.prepare(
          "INSERT INTO oauth_flows (state_hash, nonce, code_verifier, redirect_uri, expires_at) VALUES (?, '', '', '', ?)",
        ).bind(`${idle.user.id}${ends}`, ends),
        env.DB.prepare(
          "INSERT INTO email_tokens (token_hash, user_id, purpose, email, created_at, expires_at) VALUES (?, ?, 'verify', '', 0, ?)",
        ).bind(`${idle.user.id}${ends}`, idle.user.id, ends),
      ]),
    ]);
    const left = async () => [
      await count("sessions", "id IN (?, ?)", sid(idle), sid(busy)),
      await count("oauth_flows", "state_hash LIKE ?", `${idle.user.id}%`),
      await count("email_tokens", "token_hash LIKE ?", `${idle.user.id}%`),
    ];
    await scheduled(hour - 60_000);
    expect(await left()).toEqual([2, 2, 2]);
    await scheduled(hour);
    expect(await left()).toEqual([1, 1, 1]);
    expect(await count("sessions", "id = ?", sid(busy))).toBe(1);
  });

  it("forgets what happened over 400 days ago, and nothing younger", async () => {
    const { user } = await newAccount();
    const hour = nextHour(Date.now());
    const age = limits.auditDays * 24 * 3_600_000;
    const write = env.DB.prepare(
      "INSERT INTO audit_events (id, user_id, event, created_at) VALUES (?, ?, 'session.started', ?)",
    );
    await env.DB.batch(
      [hour - age, hour - age + 1].map((at) => write.bind(crypto.randomUUID(), user.id, at)),
    );
    const old = () => count("audit_events", "user_id = ? AND created_at <= ?", user.id, hour - age + 1);
    expect(await old()).toBe(2);
    await scheduled(hour);
    expect(await old()).toBe(1);
  });
});
