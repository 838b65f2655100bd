import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { DocumentBody } from "../../src/protocol/rest/documents.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { faultyEnv } from "../support/faulty-env.ts";
import { roomsBesides } from "../support/rooms.ts";

let token: string;
let userId: string;
let stranger: string;
beforeAll(async () => {
  const account = await newAccount();
  token = account.access_token;
  userId = account.user.id;
  stranger = (await newAccount()).access_token;
});

const create = (json: object) => api("POST", "/documents", { token, json });
const get = (id: string) => api("GET", `/documents/${id}`, { token });
const patch = (id: string, json: object, ifMatch?: string) =>
  api("PATCH", `/documents/${id}`, {
    token,
    json,
    headers: ifMatch === undefined ? {} : { "if-match": ifMatch },
  });

async function created(json: object): Promise<DocumentBody> {
  const answer = await create(json);
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

/** What the answer says beside the id of its request. */
const withoutId = ({ status, body: { request_id: _, ...body } }: Answer) => ({ status, body });

describe("create", () => {
  it("answers the whole document, and where it is", async () => {
    const answer = await create({ title: "  A title  ", content: "first text" });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      title: "A title",
      content: "first text",
      version: 1,
      workspace_id: expect.any(String),
      owner_id: userId,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: answer.body.created_at,
    });
    expect(answer.headers.get("location")).toBe(`/api/v1/documents/${answer.body.id}`);
    expect(answer.headers.get("etag")).toBe('"v1"');
    const read = await get(answer.body.id);
    expect(read.body).toEqual(answer.body);
    expect(read.headers.get("etag")).toBe('"v1"');
  });

  it("starts an empty document at version 0", async () => {
    expect(await created({ title: "Empty" })).toMatchObject({ content: "", version: 0 });
  });

  it("goes to the personal workspace, named or not, and to nobody else's", async () => {
    const { workspace_id } = await created({ title: "Mine" });
    expect((await created({ title: "Mine too", workspace_id })).workspace_id).toBe(workspace_id);
    const theirs = await api("POST", "/documents", { token: stranger, json: { title: "Theirs" } });
    const foreign = await create({ title: "x", workspace_id: theirs.body.workspace_id });
    const absent = await create({ title: "x", workspace_id: crypto.randomUUID() });
    expectProblem(foreign, "not_found");
    expect(withoutId(foreign)).toEqual(withoutId(absent));
  });

  it("keeps every text as it is", async () => {
    for (const content of [
      "😀e\u0301\u202e\ufeff",
      "a\r\nb\rc\n",
      "\u0000\u0001",
      "</script>'; DROP TABLE documents; --",
    ]) {
      const { id } = await created({ title: "x", content });
      expect((await get(id)).body.content).toBe(content);
    }
  });

  it("takes a text and a title of the largest size, and none larger", async () => {
    const content = "ü".repeat(limits.textUnits);
    const { id } = await created({ title: "x".repeat(limits.titleUnits), content });
    expect((await get(id)).body.content === content).toBe(true);
    expectProblem(await create({ title: "x", content: `${content}.` }), "validation_failed");
  });

  it("fills a workspace, and leaves no room behind where it is full", async () => {
    const workspace = (await api("POST", "/workspaces", { token, json: { name: "Full" } })).body.id;
    const filler = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
      INSERT INTO documents SELECT ?1 || i, ?1, ?2, 'filler', 0, 0, NULL, 0 FROM n`;
    await env.DB.prepare(filler)
      .bind(workspace, userId, limits.documentsPerWorkspace - 1)
      .run();
    await created({ title: "The last", workspace_id: workspace });
    // Of the notes and rooms that there are, those of this request: others erase theirs behind their answers.
    const { env: watched, rooms } = faultyEnv(0, "before");
    const request = new Request("https://materi.test/api/v1/documents", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ title: "x", workspace_id: workspace }),
    });
    const refused = await app.fetch(request, watched, createExecutionContext());
    expect(await refused.json()).toMatchObject({ error: "quota_exceeded" });
    expect(rooms.size).toBe(1);
    for (const id of rooms) {
      const notes = env.DB.prepare("SELECT count(*) AS n FROM room_erasures WHERE document_id = ?").bind(id);
      expect(await notes.first("n")).toBe(0);
      expect(await env.ROOMS.getByName(id).read()).toMatchObject({ ok: false, code: "not_found" });
    }
    await env.DB.prepare("DELETE FROM documents WHERE workspace_id = ?").bind(workspace).run();
  });

  it("leaves the fields that are the service's own to the service", async () => {
    const id = crypto.randomUUID();
    const given = {
      id,
      owner_id: id,
      version: 9,
      created_at: "1970-01-01T00:00:00Z",
      deleted_at: 1,
      userId: id,
    };
    const body = await created({ title: "x", ...given });
    expect(body).toMatchObject({ owner_id: userId, version: 0 });
    expect(body.id).not.toBe(id);
    expect(body.created_at).not.toMatch(/^1970/);
  });

  it.each<[string, object, string]>([
    ["no title", {}, "title is required"],
    ["an empty title", { title: "" }, "title is required"],
    ["a blank title", { title: " \n\t " }, "title is required"],
    ["a title that is null", { title: null }, "title must be a string"],
    ["a title that is a number", { title: 1 }, "title must be a string"],
    ["an over-long title", { title: "x".repeat(limits.titleUnits + 1) }, "at most 200"],
    ["a title of two lines", { title: "a\nb" }, "control characters"],
    ["a title with a lone surrogate", { title: "a\ud83d" }, "well-formed"],
    ["content that is null", { title: "x", content: null }, "content must be a string"],
    ["content that is an object", { title: "x", content: { ops: [] } }, "content must be a string"],
    ["content with a lone surrogate", { title: "x", content: "a\ude00b" }, "well-formed"],
    ["a workspace that is no id", { title: "x", workspace_id: "mine" }, "UUID"],
    ["a workspace in upper case", { title: "x", workspace_id: crypto.randomUUID().toUpperCase() }, "UUID"],
    ["a list", [{ title: "x" }], "JSON object"],
  ])("refuses %s", async (_, json, message) => {
    const answer = await create(json);
    expectProblem(answer, "validation_failed");
    expect(answer.body.detail).toContain(message);
  });
});

describe("list", () => {
  it("pages through one's own documents, newest first, each once", async () => {
    const { access_token: token } = await newAccount();
    const list = (query: string) => api("GET", `/documents${query}`, { token });
    expect((await list("")).body).toEqual({ items: [], next_cursor: null });
    // Three are made in one millisecond: then the order is some order, and still the same on every page.
    vi.useFakeTimers({ toFake: ["Date"] });
    const made: string[] = [];
    for (const title of ["1", "2", "3", "4", "5", "6", "7"]) {
      made.push((await api("POST", "/documents", { token, json: { title, content: "secret" } })).body.id);
      if (title > "3") vi.setSystemTime(Date.now() + 1);
    }
    vi.useRealTimers();
    const all = await list("");
    expect(all.body.next_cursor).toBeNull();
    expect(all.body.items.map(({ title }: { title: string }) => title).slice(0, 3)).toEqual(["7", "6", "5"]);
    expect(Object.keys(all.body.items[0]).sort()).toEqual([
      "created_at",
      "id",
      "owner_id",
      "title",
      "updated_at",
      "workspace_id",
    ]);
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = [];
      let query = `?limit=${limit}`;
      for (;;) {
        const { body } = await list(query);
        expect(body.items.length).toBeLessThanOrEqual(limit);
        seen.push(...body.items.map(({ id }: { id: string }) => id));
        if (body.next_cursor === null) break;
        query = `?limit=${limit}&cursor=${body.next_cursor}`;
      }
      expect(seen).toEqual(all.body.items.map(({ id }: { id: string }) => id));
    }
    expect(new Set(all.body.items.map(({ id }: { id: string }) => id))).toEqual(new Set(made));
  });

  it.each([
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1.5",
    "limit=many",
    "limit=",
    "limit=1&limit=2",
    "cursor=",
    "cursor=x",
    "cursor=MTI",
    `cursor=${btoa("1.' OR 1=1 --")}`,
    "cursor=a&cursor=b",
  ])("refuses ?%s", async (query) => {
    const answer = await api("GET", `/documents?${query}`, { token });
    expectProblem(answer, "invalid_request");
    expect(answer.body.errors[0].path).toEqual([query.split("=")[0]]);
  });
});

describe("change", () => {
  it("RM-1: gives a change of the text the next version, and a change of the title none", async () => {
    const { id, created_at } = await created({ title: "Before", content: "one two three" });
    const renamed = await patch(id, { title: "After" });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toMatchObject({
      id,
      title: "After",
      content: "one two three",
      version: 1,
      created_at,
    });
    const edited = await patch(id, { content: "one 2 three" });
    expect(edited.body).toMatchObject({ title: "After", content: "one 2 three", version: 2 });
    expect(edited.headers.get("etag")).toBe('"v2"');
    const both = await patch(id, { title: "Last", content: "" });
    expect(both.body).toMatchObject({ title: "Last", content: "", version: 3 });
    expect((await get(id)).body).toEqual(both.body);
  });

  it("goes through at the version that If-Match names, and at no other", async () => {
    const { id } = await created({ title: "T", content: "a" });
    for (const stale of ['"v0"', '"v2"', 'W/"v1"', '"1"', '"v01"', '""']) {
      expectProblem(await patch(id, { title: "U", content: "b" }, stale), "precondition_failed");
      expectProblem(await patch(id, { title: "U" }, stale), "precondition_failed");
    }
    expect((await get(id)).body).toMatchObject({ title: "T", content: "a", version: 1 });
    expect((await patch(id, { content: "b" }, '"v1"')).body).toMatchObject({ content: "b", version: 2 });
    expectProblem(await patch(id, { content: "c" }, '"v1"'), "precondition_failed");
    expect((await patch(id, { title: "U" }, '"v2"')).body).toMatchObject({ title: "U", version: 2 });
    expect((await patch(id, { content: "c" }, "*")).body).toMatchObject({ content: "c", version: 3 });
  });

  it("lets one of many writers upon one version through", async () => {
    const { id } = await created({ title: "T", content: "start" });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => patch(id, { content: `writer ${i}` }, '"v1"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    const won = answers.find(({ status }) => status === 200);
    expect((await get(id)).body).toMatchObject({ content: won?.body.content, version: 2 });
  });

  it.each(["v1", '"v1', '"v1", "v2"', "1"])("refuses If-Match: %s", async (ifMatch) => {
    const { id } = await created({ title: "T" });
    expectProblem(await patch(id, { title: "U" }, ifMatch), "invalid_request");
  });

  it.each<[string, object]>([
    ["nothing", {}],
    ["only what it does not know", { titel: "x" }],
    ["an empty title", { title: "" }],
    ["a title that is null", { title: null }],
    ["content that is a number", { content: 1 }],
    ["content that is too long", { content: "x".repeat(limits.textUnits + 1) }],
    ["content with a lone surrogate", { content: "\ud800" }],
    ["a list", []],
  ])("refuses %s, and changes nothing", async (_, json) => {
    const before = await created({ title: "T", content: "a" });
    expectProblem(await patch(before.id, json), "validation_failed");
    expect((await get(before.id)).body).toEqual(before);
  });
});

describe("AU-4: somebody else's document", () => {
  it.each<[string, string, object?]>([
    ["GET", ""],
    ["PATCH", "", { title: "mine now" }],
    ["PATCH", "", { content: "mine now" }],
    ["DELETE", ""],
  ])("looks to %s like one that does not exist", async (method, _, json) => {
    const document = await created({ title: "T", content: "private" });
    const options = { token: stranger, ...(json && { json }) };
    const foreign = await api(method, `/documents/${document.id}`, options);
    const absent = await api(method, `/documents/${crypto.randomUUID()}`, options);
    expectProblem(foreign, "not_found");
    expect(withoutId(foreign)).toEqual(withoutId(absent));
    expect((await get(document.id)).body).toEqual(document);
  });

  it("is in nobody else's list", async () => {
    await created({ title: "T" });
    const { body } = await api("GET", "/documents?limit=100", { token: stranger });
    expect(body.items.every(({ owner_id }: { owner_id: string }) => owner_id !== userId)).toBe(true);
  });

  it("wakes no room, and neither does a request that is refused", async () => {
    const before = await listDurableObjectIds(env.ROOMS);
    const absent = `/documents/${crypto.randomUUID()}`;
    await api("GET", absent, { token });
    await api("PATCH", absent, { token, json: { content: "x" } });
    await api("DELETE", absent, { token });
    await create({ title: "x", workspace_id: crypto.randomUUID() });
    await create({ title: "", content: "x" });
    await api("POST", "/documents", { json: { title: "x" } });
    expect(await roomsBesides(before)).toEqual([]);
  });
});

describe("every document route", () => {
  const routes = [
    ["POST", ""],
    ["GET", ""],
    ["GET", "/ID"],
    ["PATCH", "/ID"],
    ["DELETE", "/ID"],
  ] as const;

  it.each(routes)("asks %s /documents%s for a token before anything else", async (method, path) => {
    const body = method === "POST" || method === "PATCH" ? "{not json" : undefined;
    const address = `/documents${path.replace("ID", "not-an-id")}`;
    const options = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
    expectProblem(await api(method, address, options), "unauthenticated");
    expectProblem(await api(method, address, { ...options, token: "forged" }), "invalid_token");
  });

  it.each([
    "not-an-id",
    "0",
    "..%2f..%2fusers",
    crypto.randomUUID().toUpperCase(),
    `${crypto.randomUUID()}0`,
    "%00",
    "__proto__",
  ])("refuses the id %s", async (id) => {
    for (const [method] of routes.slice(2)) {
      const json = method === "PATCH" ? { title: "x" } : undefined;
      const answer = await api(method, `/documents/${id}`, { token, ...(json && { json }) });
      expectProblem(answer, "invalid_request");
      expect(answer.body.errors[0].path).toEqual(["id"]);
    }
  });
});
