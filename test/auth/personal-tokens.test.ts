import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sessionMemory } from "../../src/auth/live-sessions.ts";
import { hashOf } from "../../src/auth/random-token.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount, send } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { openSocket } from "../support/socket.ts";

const path = "/users/me/tokens";
const day = 24 * 60 * 60 * 1000;
const uuid = "00000000-0000-4000-8000-000000000000";

let account: TokensBody;
let documentId: string;
beforeAll(async () => {
  account = await newAccount({ name: "Ada" });
  documentId = (
    await api("POST", "/documents", { token: account.access_token, json: { title: "T", content: "text" } })
  ).body.id;
});
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const create = (json: object, token = account.access_token) => api("POST", path, { token, json });
async function newToken(...scopes: string[]): Promise<{ id: string; token: string }> {
  const answer = await create({ name: "CI", scopes });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}
const list = async (token = account.access_token) => (await api("GET", path, { token })).body.items;
const remove = (id: string, token = account.access_token) => api("DELETE", `${path}/${id}`, { token });
const read = (token: string) => api("GET", `/documents/${documentId}`, { token });

describe("personal access tokens", () => {
  it("are shown once, and stored as a hash", async () => {
    const { body } = await create({ name: "  Backup  ", scopes: ["documents:read"], expires_in_days: 7 });
    expect(body).toEqual({
      id: expect.any(String),
      name: "Backup",
      scopes: ["documents:read"],
      created_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 7 * day).toISOString(),
      last_used_at: null,
      token: expect.stringMatching(/^mat_[\w-]{43}$/),
    });
    const { token, ...shown } = body;
    expect((await list())[0]).toEqual(shown);
    const row = await env.DB.prepare("SELECT * FROM personal_tokens WHERE id = ?").bind(body.id).first();
    expect(row?.token_hash).toBe(await hashOf(token));
    expect(JSON.stringify(row)).not.toContain(token.slice(4));
    const audit = await env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ? ORDER BY created_at")
      .bind(account.user.id)
      .all();
    expect(audit.results.at(-1)).toEqual({ event: "personal_token.created" });
  });

  it.each<[string, object]>([
    ["no name", { scopes: ["documents:read"] }],
    ["a name of two lines", { name: "a\nb", scopes: ["documents:read"] }],
    ["no scopes", { name: "x" }],
    ["an empty list of scopes", { name: "x", scopes: [] }],
    ["a scope of the account", { name: "x", scopes: ["account"] }],
    ["scopes that are no list", { name: "x", scopes: "documents:read" }],
    ["a scope twice", { name: "x", scopes: ["documents:read", "documents:read"] }],
    ["no life", { name: "x", scopes: ["documents:read"], expires_in_days: 0 }],
    ["eternal life", { name: "x", scopes: ["documents:read"], expires_in_days: limits.tokenDays.max + 1 }],
    ["half a day", { name: "x", scopes: ["documents:read"], expires_in_days: 0.5 }],
    ["null for days", { name: "x", scopes: ["documents:read"], expires_in_days: null }],
  ])("are refused with %s", async (_, json) => expectProblem(await create(json), "validation_failed"));

  it("are at most so many", async () => {
    const other = await newAccount();
    const row = "INSERT INTO personal_tokens VALUES (?, ?, 'x', ?, 'documents:read', 0, 0, NULL)";
    await env.DB.batch(
      Array.from({ length: limits.personalTokens }, () =>
        env.DB.prepare(row).bind(crypto.randomUUID(), other.user.id, crypto.randomUUID()),
      ),
    );
    const json = { name: "x", scopes: ["documents:read"] };
    expectProblem(await create(json, other.access_token), "too_many_tokens");
    const [{ id }] = await list(other.access_token);
    expect((await remove(id, other.access_token)).status).toBe(204);
    expect((await create(json, other.access_token)).status).toBe(201);
  });

  it("AU-11: reach what their scopes say of documents, and nothing else", async () => {
    const [reader, writer] = [await newToken("documents:read"), await newToken("documents:write")];
    const { paths } = (await send("GET", "/openapi.json")).body;
    let account = 0;
    for (const [route, methods] of Object.entries<Record<string, { security?: object[] }>>(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        // Not asked for a token, or not without an alternative.
        if (!security?.every((one) => "bearer" in one)) continue;
        const ask = (token: string) =>
          // Of a document that is not there: who may ask is told so.
          send(method.toUpperCase(), route.replaceAll(/\{\w+\}/g, uuid), {
            token,
            ...(method !== "get" && method !== "delete" && { json: {} }),
          });
        const [byReader, byWriter] = [await ask(reader.token), await ask(writer.token)];
        if (!/^\/api\/v1\/(documents|search|workspaces\/\{id\}\/export)\b/.test(route)) {
          for (const answer of [byReader, byWriter]) expectProblem(answer, "insufficient_scope");
          account += 1;
          continue;
        }
        expect([
          "not_found",
          "invalid_request",
          "unsupported_media_type",
          "validation_failed",
          undefined,
        ]).toContain(byWriter.body?.error);
        if (method === "get" || route.endsWith("/integrity")) {
          expect({ ...byReader.body, request_id: "" }).toEqual({ ...byWriter.body, request_id: "" });
        } else {
          expectProblem(byReader, "insufficient_scope");
          expect(byReader.headers.get("www-authenticate")).toBe(
            'Bearer error="insufficient_scope", scope="documents:write"',
          );
        }
      }
    }
    expect(account).toBeGreaterThan(3);
    expectProblem(await api("POST", "/auth/logout", { token: writer.token }), "insufficient_scope");
    expect((await read(reader.token)).body).toMatchObject({ content: "text" });
  });

  it("AU-11: edit over sockets as programs, and read over sockets where they may only read", async () => {
    const [reader, writer] = [await newToken("documents:read"), await newToken("documents:write")];
    const [reading, writing] = [
      await openSocket(documentId, reader.token),
      await openSocket(documentId, writer.token),
    ];
    expect(await reading.ask({ type: "hello", client_id: "r" })).toMatchObject({ role: "viewer" });
    const hello = await writing.ask({ type: "hello", client_id: "w" });
    expect(hello).toMatchObject({ type: "welcome", role: "owner", text: "text" });
    const submit = { type: "submit", seq: 1, base: hello.version, op: ["more "] };
    expect(await writing.ask(submit)).toMatchObject({ type: "ack" });
    expect((await reading.drain()).map(({ type }) => type)).toEqual(["actors", "operations"]);
    expect(await reading.ask({ ...submit, base: hello.version + 1 })).toMatchObject({ code: "forbidden" });
    // Whatever role the person is given while the socket is open.
    await env.ROOMS.getByName(documentId).setRole(account.user.id, "editor", "");
    expect(await writing.next()).toMatchObject({ type: "role", role: "editor" });
    expect(await reading.ask({ ...submit, base: hello.version + 1 })).toMatchObject({ code: "forbidden" });
    const { items } = (await api("GET", `/documents/${documentId}/presence`, { token: reader.token })).body;
    expect(items).toMatchObject([{ user_id: account.user.id, kind: "program" }]);
    reading.close();
    writing.close();
  });

  it("AU-11: end at once where they are deleted, elsewhere within 2 s, and with them their sockets", async () => {
    const [one, two] = [await newToken("documents:write"), await newToken("documents:write")];
    const [ending, staying] = [
      await openSocket(documentId, one.token),
      await openSocket(documentId, two.token),
    ];
    await ending.ask({ type: "hello", client_id: "e" });
    await staying.ask({ type: "hello", client_id: "s" });
    expect((await remove(one.id)).status).toBe(204);
    expect(await ending.next()).toEqual({ closed: 4403 });
    expectProblem(await read(one.token), "invalid_token");
    expect((await read(two.token)).status).toBe(200);
    expect((await staying.drain()).length).toBe(0);
    expectProblem(await remove(one.id), "not_found");
    // As another isolate does it.
    await env.DB.prepare("DELETE FROM personal_tokens WHERE id = ?").bind(two.id).run();
    expect((await read(two.token)).status).toBe(200);
    pass(sessionMemory);
    expectProblem(await read(two.token), "invalid_token");
    await expect(openSocket(documentId, two.token)).rejects.toThrow("HTTP 401");
    staying.close();
  });

  it("AU-11: renew an open socket, and end when their time has come", async () => {
    const { token } = (await create({ name: "short", scopes: ["documents:read"], expires_in_days: 1 })).body;
    const socket = await openSocket(documentId, token);
    const seconds = () => Math.floor(Date.now() / 1000);
    const expires = async () => (await socket.ask({ type: "auth", token })).expires_at;
    await socket.ask({ type: "hello", client_id: "n" });
    expect(await expires()).toBe(seconds() + 600);
    pass(300_000);
    expect(await expires()).toBe(seconds() + 600);
    pass(day - 300_000 - 1_000);
    expect((await read(token)).status).toBe(200);
    pass(1_000);
    expectProblem(await read(token), "invalid_token");
    socket.close();
  });

  it("tell when they were last used, to the hour", async () => {
    const { id, token } = await newToken("documents:read");
    await read(token);
    const hour = 60 * 60 * 1000;
    const used = new Date(Math.floor(Date.now() / hour) * hour).toISOString();
    const shown = async () => (await list()).find((item: { id: string }) => item.id === id).last_used_at;
    await vi.waitFor(async () => expect(await shown()).toBe(used), behindTheAnswer);
  });

  it("are nobody else's to see or to delete", async () => {
    const stranger = (await newAccount()).access_token;
    const { id, token } = await newToken("documents:read");
    expect(await list(stranger)).toEqual([]);
    expectProblem(await remove(id, stranger), "not_found");
    expectProblem(await remove("x"), "invalid_request");
    expect((await read(token)).status).toBe(200);
  });

  it.each(["mat_", "mat_x", `mat_${"A".repeat(43)}`, "MAT_x", "mat_ x"])(
    "are not guessed: %s",
    async (token) => {
      const answer = await read(token);
      expectProblem(answer, token.includes(" ") ? "unauthenticated" : "invalid_token");
    },
  );
});
