import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { roomsBesides } from "../support/rooms.ts";

let account: TokensBody;
let id: string;
beforeAll(async () => {
  account = await newAccount();
  id = (await api("POST", "/documents", { token: account.access_token, json: { title: "T" } })).body.id;
});

const upgrade = (path: string, headers: Record<string, string> = {}) =>
  new Request(`https://materi.test${path}`, { headers: { upgrade: "websocket", ...headers } });

async function refused(request: Request): Promise<Answer> {
  const response = await exports.default.fetch(request);
  expect(response.webSocket ?? null).toBeNull();
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** The answer to an upgrade, and the request that reached the room, which is the real one. */
async function admitted(request: Request): Promise<{ response: Response; atRoom: Request }> {
  let atRoom: Request | undefined;
  const ROOMS = {
    getByName: (name: string) => ({
      fetch: (forwarded: Request) => {
        atRoom = forwarded;
        return env.ROOMS.getByName(name).fetch(forwarded);
      },
    }),
  };
  const response = await app.fetch(request, { ...env, ROOMS } as unknown as Env, createExecutionContext());
  if (!atRoom) throw new Error(`the room was not asked: ${response.status} ${await response.text()}`);
  response.webSocket?.accept();
  response.webSocket?.close();
  return { response, atRoom };
}

describe("GET /ws/documents/{id}", () => {
  it.each(["https://evil.example", "https://materi.test.evil.example", "http://materi.test", "null"])(
    "AU-4: refuses pages of %s, whose browser would send anything along",
    async (origin) => {
      const authorization = `Bearer ${account.access_token}`;
      expectProblem(
        await refused(upgrade(`/ws/documents/${id}`, { authorization, origin })),
        "origin_not_allowed",
      );
    },
  );

  it.each(["https://materi.test", "https://app.example"])("admits pages of %s", async (origin) => {
    const authorization = `Bearer ${account.access_token}`;
    const { response } = await admitted(upgrade(`/ws/documents/${id}`, { authorization, origin }));
    expect(response.status).toBe(101);
  });

  it("admits whoever bears a token in Authorization", async () => {
    const { response } = await admitted(
      upgrade(`/ws/documents/${id}`, { authorization: `Bearer ${account.access_token}` }),
    );
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBeNull();
  });

  it("admits a browser, which bears its token in a subprotocol, and selects materi.v1", async () => {
    const { response, atRoom } = await admitted(
      upgrade(`/ws/documents/${id}`, {
        "sec-websocket-protocol": `materi.v1, bearer.${account.access_token}`,
      }),
    );
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBe("materi.v1");
    expect(atRoom.headers.get("sec-websocket-protocol")).toBe("materi.v1");
  });

  it("tells the room what was verified, whatever the client says, and never the token", async () => {
    const forged = JSON.stringify({
      userId: "other",
      name: "Other",
      kind: "person",
      role: "owner",
      expiresAt: 9e9,
    });
    const { atRoom } = await admitted(
      upgrade(`/ws/documents/${id}?secret=1`, {
        authorization: `Bearer ${account.access_token}`,
        "sec-websocket-protocol": `bearer.${account.access_token}`,
        "x-materi-grant": forged,
        "x-request-id": "trace-0123456789",
        cookie: "a=b",
      }),
    );
    expect(JSON.parse(atRoom.headers.get("x-materi-grant") ?? "")).toEqual({
      userId: account.user.id,
      name: account.user.name,
      kind: "person",
      role: "owner",
      expiresAt: expect.any(Number),
      sessionId: expect.any(String),
      decidedAt: expect.any(Number),
    });
    expect(atRoom.headers.get("x-request-id")).toBe("trace-0123456789");
    expect(new URL(atRoom.url).search).toBe("");
    const everything = JSON.stringify([atRoom.url, ...atRoom.headers]);
    expect(everything).not.toContain(account.access_token);
    expect(atRoom.headers.has("cookie")).toBe(false);
    expect(atRoom.headers.has("sec-websocket-protocol")).toBe(false);
  });

  it("asks for an upgrade", async () => {
    const token = account.access_token;
    const request = new Request(`https://materi.test/ws/documents/${id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const answer = await refused(request);
    expectProblem(answer, "upgrade_required");
    expect(answer.headers.get("upgrade")).toBe("websocket");
  });

  it("refuses whoever bears no token, a bad one, or one in the URL (WR-4)", async () => {
    const path = `/ws/documents/${id}`;
    expectProblem(await refused(upgrade(path)), "unauthenticated");
    expectProblem(await refused(upgrade(path, { "sec-websocket-protocol": "materi.v1" })), "unauthenticated");
    for (const name of ["access_token", "token", "bearer"]) {
      expectProblem(await refused(upgrade(`${path}?${name}=${account.access_token}`)), "unauthenticated");
    }
    expectProblem(await refused(upgrade(path, { authorization: "Bearer x" })), "invalid_token");
    expectProblem(await refused(upgrade(path, { "sec-websocket-protocol": "bearer." })), "invalid_token");
    expectProblem(await refused(upgrade(path, { "sec-websocket-protocol": "bearer.x" })), "invalid_token");
  });

  it("AU-4: answers somebody else's document like one that does not exist, and wakes no room", async () => {
    const stranger = { authorization: `Bearer ${(await newAccount()).access_token}` };
    const before = await listDurableObjectIds(env.ROOMS);
    const foreign = await refused(upgrade(`/ws/documents/${id}`, stranger));
    const absent = await refused(upgrade(`/ws/documents/${crypto.randomUUID()}`, stranger));
    expectProblem(foreign, "not_found");
    expect({ ...foreign.body, request_id: "" }).toEqual({ ...absent.body, request_id: "" });
    expect(await roomsBesides(before)).toEqual([]);
  });

  it("AU-5: notes where a session has sockets, and of a document that it may not enter nothing", async () => {
    const noted = async (token: string, documentId: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await exports.default.fetch(upgrade(`/ws/documents/${documentId}`, headers));
      const { sid } = JSON.parse(atob(token.split(".")[1]!));
      const { results } = await env.DB.prepare(
        "SELECT document_id FROM session_documents WHERE session_id = ?",
      )
        .bind(sid)
        .all();
      return { status, results };
    };
    expect(await noted(account.access_token, id)).toEqual({ status: 101, results: [{ document_id: id }] });
    const stranger = await newAccount();
    expect(await noted(stranger.access_token, id)).toEqual({ status: 404, results: [] });
  });

  it.each(["x", "..", "%2e%2e", crypto.randomUUID().toUpperCase()])("refuses the id %s", async (bad) => {
    const answer = await refused(
      upgrade(`/ws/documents/${bad}`, { authorization: `Bearer ${account.access_token}` }),
    );
    if (bad === ".." || bad === "%2e%2e") expectProblem(answer, "not_found");
    else expectProblem(answer, "invalid_request");
  });

  it("refuses a document that was deleted", async () => {
    const token = account.access_token;
    const gone = (await api("POST", "/documents", { token, json: { title: "T" } })).body.id;
    await api("DELETE", `/documents/${gone}`, { token });
    expectProblem(
      await refused(upgrade(`/ws/documents/${gone}`, { authorization: `Bearer ${token}` })),
      "not_found",
    );
  });
});
