import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { isLive, sessionMemory } from "../../src/auth/live-sessions.ts";
import { sessionMaxAge, sessionMaxIdle } from "../../src/auth/session-rules.ts";
import { closeSocketsOf, noteSocket, sweepSockets } from "../../src/auth/session-sockets.ts";
import { database } from "../../src/db/database.ts";
import { closeSockets } from "../../src/documents/close-sockets.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { openSocket } from "../support/socket.ts";

const db = database(env.DB);
const me = (token: string) => api("GET", "/users/me", { token });
const logout = (options: Parameters<typeof api>[2]) => api("POST", "/auth/logout", options);
const refresh = (token: string) => api("POST", "/auth/refresh", { json: { refresh_token: token } });
const signIn = async ({ user }: TokensBody): Promise<TokensBody> =>
  (await api("POST", "/auth/login", { json: { email: user.email, password: "SecurePass123!" } })).body;
const claims = (token: string) => JSON.parse(atob(token.split(".")[1] ?? ""));
const sessionId = ({ access_token }: TokensBody): string => claims(access_token).sid;
const newDocument = async (token: string): Promise<string> =>
  (await api("POST", "/documents", { token, json: { title: "T" } })).body.id;
const rowsOf = async (id: string) =>
  (
    await env.DB.prepare("SELECT document_id AS id FROM session_documents WHERE session_id = ?")
      .bind(id)
      .all()
  ).results.map((row) => row.id);
/** As another isolate does it: this one is told nothing. */
const endElsewhere = (id: string) => env.DB.prepare("DELETE FROM sessions WHERE id = ?").bind(id).run();

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("AU-5: a session that has ended", () => {
  it("is refused by REST at once where it was ended", async () => {
    const account = await newAccount();
    expect((await me(account.access_token)).status).toBe(200);
    expect((await logout({ token: account.access_token })).status).toBe(204);
    const answer = await me(account.access_token);
    expectProblem(answer, "invalid_token");
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token"/);
  });

  it("is refused by REST elsewhere within 2 s, and until then costs no query each time", async () => {
    expect(sessionMemory).toBeLessThan(2_000);
    const account = await newAccount();
    expect((await me(account.access_token)).status).toBe(200);
    await endElsewhere(sessionId(account));
    pass(sessionMemory - 1);
    expect((await me(account.access_token)).status).toBe(200);
    pass(1);
    expectProblem(await me(account.access_token), "invalid_token");
  });

  it("is not believed again because of an answer of D1 that was under way", async () => {
    const account = await newAccount();
    const asked = { sessionId: sessionId(account), userId: account.user.id };
    const [answer] = await Promise.all([
      isLive(db, asked, Date.now()),
      logout({ json: { refresh_token: account.refresh_token } }),
    ]);
    expect(typeof answer).toBe("boolean");
    expect(await isLive(db, asked, Date.now())).toBe(false);
  });

  it("leaves a person's other sessions alone", async () => {
    const account = await newAccount();
    const other = await signIn(account);
    await logout({ token: account.access_token });
    expect((await me(other.access_token)).status).toBe(200);
    expect((await refresh(other.refresh_token)).status).toBe(200);
  });

  it("has its sockets closed in every document, and another session's stay open", async () => {
    const account = await newAccount();
    const other = await signIn(account);
    const documents = await Promise.all([1, 2].map(() => newDocument(account.access_token)));
    const sockets = await Promise.all(documents.map((id) => openSocket(id, account.access_token)));
    const stays = await openSocket(documents[0]!, other.access_token);
    expect((await rowsOf(sessionId(account))).sort()).toEqual([...documents].sort());
    await logout({ token: account.access_token });
    for (const socket of sockets) expect(await socket.next()).toEqual({ closed: 4403 });
    expect(await stays.ask({ type: "hello", client_id: "c" })).toMatchObject({ type: "welcome" });
  });

  it("opens no socket, and renews none", async () => {
    const account = await newAccount();
    const other = await signIn(account);
    const id = await newDocument(account.access_token);
    const socket = await openSocket(id, other.access_token);
    await socket.ask({ type: "hello", client_id: "c" });
    await endElsewhere(sessionId(account));
    // This isolate still takes the token; D1, which is asked for every socket, does not.
    expect((await me(account.access_token)).status).toBe(200);
    await expect(openSocket(id, account.access_token)).rejects.toThrow("HTTP 401");
    expect(await socket.ask({ type: "auth", token: account.access_token })).toMatchObject({
      type: "error",
      code: "invalid_token",
    });
    expect(await rowsOf(sessionId(account))).toEqual([]);
  });

  it("has ended for a socket that is on its way to the room meanwhile", async () => {
    const account = await newAccount();
    const id = await newDocument(account.access_token);
    const ROOMS = {
      getByName: (name: string) => ({
        fetch: async (request: Request) => {
          expect((await logout({ token: account.access_token })).status).toBe(204);
          return env.ROOMS.getByName(name).fetch(request);
        },
      }),
    };
    const response = await app.fetch(
      new Request(`https://materi.test/ws/documents/${id}`, {
        headers: { upgrade: "websocket", authorization: `Bearer ${account.access_token}` },
      }),
      { ...env, ROOMS } as unknown as Env,
      createExecutionContext(),
    );
    response.webSocket?.accept();
    const closed = new Promise((done) =>
      response.webSocket?.addEventListener("close", ({ code }) => done(code)),
    );
    expect(await closed).toBe(4403);
  });

  it("whose refresh token was used twice has its sockets closed", async () => {
    vi.spyOn(console, "warn").mockImplementationOnce(() => {});
    const account = await newAccount();
    const socket = await openSocket(await newDocument(account.access_token), account.access_token);
    const next = (await refresh(account.refresh_token)).body;
    await refresh(next.refresh_token);
    expectProblem(await refresh(account.refresh_token), "invalid_token");
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await me(next.access_token), "invalid_token");
  });
});

describe("AU-5: the sweep", () => {
  it("closes what a crash left open, and asks again while a socket may be on its way", async () => {
    const account = await newAccount();
    const id = await newDocument(account.access_token);
    const socket = await openSocket(id, account.access_token);
    await endElsewhere(sessionId(account));
    await sweepSockets(env, closeSockets, Date.now());
    expect(await socket.next()).toEqual({ closed: 4403 });
    expect(await rowsOf(sessionId(account))).toEqual([id]);
    pass(60_000);
    await sweepSockets(env, closeSockets, Date.now());
    expect(await rowsOf(sessionId(account))).toEqual([]);
  });

  it("keeps the row of a room that could not be asked, and asks the others", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const account = await newAccount();
    const [one, two] = [await newDocument(account.access_token), await newDocument(account.access_token)];
    const sid = sessionId(account);
    for (const id of [one, two]) await openSocket(id, account.access_token);
    pass(60_000);
    const refuse: typeof closeSockets = async (places, where) => {
      if (where.documentId === one) throw new Error("unreachable");
      await closeSockets(places, where);
    };
    const open = [one, two].map((documentId) => ({ sessionId: sid, documentId }));
    await closeSocketsOf(env, refuse, open, Date.now());
    expect(await rowsOf(sid)).toEqual([one]);
    expect(warn.mock.calls.map(([line]) => JSON.parse(String(line)))).toContainEqual(
      expect.objectContaining({ event: "sockets_not_closed", session_id: sid, document_id: one }),
    );
    warn.mockRestore();
  });

  it("forgets the documents of a live session whose sockets have not renewed their tokens", async () => {
    const account = await newAccount();
    const [old, renewed] = [await newDocument(account.access_token), await newDocument(account.access_token)];
    const where = (documentId: string) => ({
      sessionId: sessionId(account),
      documentId,
      kind: "person" as const,
    });
    await noteSocket(db, where(old), Date.now());
    await noteSocket(db, where(renewed), Date.now());
    pass(600_000);
    await noteSocket(db, where(renewed), Date.now());
    pass(60_001);
    await sweepSockets(env, closeSockets, Date.now());
    expect(await rowsOf(sessionId(account))).toEqual([renewed]);
  });
});

describe("AU-6: an access token", () => {
  it("ends with its session's longest life", async () => {
    const account = await newAccount();
    let { refresh_token: token } = account;
    const end = Date.now() + sessionMaxAge;
    for (const step of [sessionMaxIdle - 1, sessionMaxIdle - 1, 2 * 86_400_000 - 60_000]) {
      pass(step);
      token = (await refresh(token)).body.refresh_token;
    }
    const last = (await refresh(token)).body as TokensBody;
    const left = Math.floor(end / 1000) - Math.floor(Date.now() / 1000);
    expect(left).toBeLessThan(70);
    expect(last.expires_in).toBe(left);
    expect(claims(last.access_token).exp).toBe(Math.floor(end / 1000));
    expect((await me(last.access_token)).status).toBe(200);
    pass(end - Date.now());
    expectProblem(await me(last.access_token), "invalid_token");
  });

  it("is refused, and opens no socket, when its session's time is over, whatever the token says", async () => {
    const account = await newAccount();
    const id = await newDocument(account.access_token);
    await env.DB.prepare("UPDATE sessions SET created_at = ? WHERE id = ?")
      .bind(Date.now() - sessionMaxAge + sessionMemory, sessionId(account))
      .run();
    pass(sessionMemory - 1);
    expect((await me(account.access_token)).status).toBe(200);
    pass(1);
    // D1's answer is still fresh, and says until when.
    expectProblem(await me(account.access_token), "invalid_token");
    const where = { sessionId: sessionId(account), documentId: id, kind: "person" as const };
    expect(await noteSocket(db, where, Date.now())).toEqual([]);
  });
});
