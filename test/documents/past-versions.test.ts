import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember } from "../support/members.ts";
import { grantOf, openRoomSocket } from "../support/socket.ts";

let ann: TokensBody;
let token: string;
let stranger: string;
beforeAll(async () => {
  ann = await newAccount({ name: "Ann" });
  token = ann.access_token;
  stranger = (await newAccount()).access_token;
});

/** A document that has had these contents, one version each. */
async function documentOf(...contents: string[]): Promise<string> {
  const [content, ...later] = contents;
  const id: string = (await api("POST", "/documents", { token, json: { title: "Past", content } })).body.id;
  for (const next of later) await api("PATCH", `/documents/${id}`, { token, json: { content: next } });
  return id;
}

const get = (path: string, who = token) => api("GET", `/documents/${path}`, { token: who });

describe("a version", () => {
  it("has its text, who made it, and when", async () => {
    const id = await documentOf("one", "one two", "two");
    const answer = await get(`${id}/versions/2`);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        version: 2,
        content: "one two",
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
        author: { user_id: ann.user.id, name: "Ann", kind: expect.stringMatching(/^(person|program)$/) },
        trace_id: operationTraceId(id, 2),
      },
    ]);
    expect((await get(`${id}/versions/3`)).body.content).toBe("two");
    expect((await get(`${id}/versions/0`)).body).toEqual({
      version: 0,
      content: "",
      created_at: null,
      author: null,
      trace_id: null,
    });
  });

  it("of somebody who typed it is a person's", async () => {
    const id = await documentOf("one");
    const socket = await openRoomSocket(id, grantOf(ann.user.id));
    await socket.ask({ type: "hello", client_id: "c" });
    await socket.ask({ type: "submit", seq: 1, base: 1, op: [3, "!"] });
    expect((await get(`${id}/versions/2`)).body).toMatchObject({
      content: "one!",
      author: { name: "Ann", kind: "person" },
    });
  });

  it("that is not there yet, or no more, is refused in different words", async () => {
    const id = await documentOf("one", "two");
    expectProblem(await get(`${id}/versions/3`), "base_ahead");
    await env.ROOMS.getByName(id).retain({ operations: 0, ageMs: null });
    await env.ROOMS.getByName(id).compact();
    expectProblem(await get(`${id}/versions/1`), "too_old");
    expect((await get(`${id}/versions/2`)).body).toMatchObject({ content: "two", author: null });
    expect((await get(`${id}/history`)).body).toEqual({ items: [], next_cursor: null });
  });

  it("shows filler where the history was redacted", async () => {
    const id = await documentOf("my secret", "public");
    await api("POST", `/documents/${id}/redactions`, { token, json: { version: 1, from: 3, to: 9 } });
    expect((await get(`${id}/versions/1`)).body.content).toBe("my ██████");
  });

  it("refuses what is no version, and looks foreign as it looks absent", async () => {
    const id = await documentOf("one");
    for (const version of ["-1", "1.5", "x", "9".repeat(30)]) {
      expectProblem(await get(`${id}/versions/${version}`), "invalid_request");
    }
    for (const path of ["versions/1", "history"]) {
      expectProblem(await get(`${id}/${path}`, stranger), "not_found");
      expectProblem(await get(`${crypto.randomUUID()}/${path}`), "not_found");
      expectProblem(await api("GET", `/documents/${id}/${path}`), "unauthenticated");
    }
  });
});

describe("the list of changes", () => {
  it("has who wrote how much from which version to which, newest first", async () => {
    const id = await documentOf("one", "one two", "two");
    const { body } = await get(`${id}/history`);
    expect(body).toEqual({
      items: [
        {
          first_version: 1,
          last_version: 3,
          started_at: expect.any(String),
          ended_at: expect.any(String),
          authors: [
            {
              user_id: ann.user.id,
              name: "Ann",
              kind: expect.any(String),
              operations: 3,
              inserted: 7,
              deleted: 4,
            },
          ],
        },
      ],
      next_cursor: null,
    });
    expect((await get(`${await documentOf("")}/history`)).body).toEqual({ items: [], next_cursor: null });
  });

  it("refuses a forged cursor", async () => {
    const id = await documentOf("one");
    expectProblem(await get(`${id}/history?cursor=forged`), "invalid_request");
    expectProblem(await get(`${id}/history?limit=0`), "invalid_request");
  });
});

describe("a difference over REST", () => {
  it("has what was taken out and put in, and where", async () => {
    const id = await documentOf("one two three", "one 2 three!");
    expect((await get(`${id}/diff?from=1&to=2`)).body).toEqual({
      from: 1,
      to: 2,
      edits: [
        { at: 4, deleted: "two", inserted: "2" },
        { at: 13, deleted: "", inserted: "!" },
      ],
    });
    expect((await get(`${id}/diff?from=2&to=0`)).body.edits).toEqual([
      { at: 0, deleted: "one 2 three!", inserted: "" },
    ]);
    expectProblem(await get(`${id}/diff?from=1`), "invalid_request");
    expectProblem(await get(`${id}/diff?from=1&to=3`), "base_ahead");
    expectProblem(await get(`${id}/diff?from=1&to=2`, stranger), "not_found");
  });
});

describe("restoring over REST", () => {
  const restore = (id: string, version: unknown, who = token) =>
    api("POST", `/documents/${id}/restorations`, { token: who, json: { version } });

  it("puts the text back while somebody types, and kicks nobody out", async () => {
    const id = await documentOf("one two", "1 2");
    const socket = await openRoomSocket(id, grantOf(ann.user.id));
    await socket.ask({ type: "hello", client_id: "c" });
    const answer = await restore(id, 1);
    expect([answer.status, answer.body]).toEqual([200, { version: 3, trace_id: operationTraceId(id, 3) }]);
    expect(await socket.next()).toMatchObject({ type: "operations", from: 3 });
    expect(await socket.ask({ type: "submit", seq: 1, base: 2, op: [3, "!"] })).toMatchObject({ version: 4 });
    expect((await get(id)).body).toMatchObject({ content: "one two!", version: 4 });
    // It can be taken back as any other change.
    expect((await restore(id, 2)).body).toEqual({ version: 5, trace_id: operationTraceId(id, 5) });
    expect((await get(id)).body.content).toBe("1 2");
  });

  it("goes through only at the version of If-Match", async () => {
    const id = await documentOf("one", "two", "three");
    const at = (tag: string) =>
      api("POST", `/documents/${id}/restorations`, {
        token,
        json: { version: 1 },
        headers: { "if-match": tag },
      });
    expectProblem(await at('"v2"'), "precondition_failed");
    expectProblem(await at("v3"), "invalid_request");
    const restored = await at('"v3"');
    expect([restored.status, restored.body, restored.headers.get("etag")]).toEqual([
      200,
      { version: 4, trace_id: operationTraceId(id, 4) },
      '"v4"',
    ]);
    expect((await at("*")).body).toEqual({ version: 4, trace_id: operationTraceId(id, 4) });
  });

  it("is refused to who may not write, and to versions that are not there", async () => {
    const id = await documentOf("one");
    expectProblem(await restore(id, 2), "base_ahead");
    expectProblem(await restore(id, -1), "validation_failed");
    expectProblem(await restore(id, "1"), "validation_failed");
    expectProblem(await restore(id, 1, stranger), "not_found");
    const viewer = await newAccount();
    const { workspace_id } = (await get(id)).body;
    await addMember(workspace_id, viewer, "viewer");
    expectProblem(await restore(id, 1, viewer.access_token), "forbidden");
    expect((await get(`${id}/versions/1`, viewer.access_token)).status).toBe(200);
  });
});

describe("blame over REST", () => {
  it("tells people from programs, character by character", async () => {
    const id = await documentOf("one");
    const ben = await newAccount({ name: "Ben" });
    const socket = await openRoomSocket(id, grantOf(ben.user.id));
    await socket.ask({ type: "hello", client_id: "c" });
    await socket.ask({ type: "submit", seq: 1, base: 1, op: [1, "BEN"] });
    const { body } = await get(`${id}/blame`);
    expect(body).toMatchObject({
      version: 2,
      spans: [
        { from: 0, to: 1, author: { name: "Ann" } },
        { from: 1, to: 4, author: { name: "Ben", kind: "person" } },
        { from: 4, to: 6, author: { name: "Ann" } },
      ],
      next_from: null,
    });
    expect((await get(`${id}/blame?version=1`)).body.spans).toHaveLength(1);
    expect((await get(`${id}/blame?from=5`)).body.spans).toMatchObject([{ from: 5, to: 6 }]);
    expectProblem(await get(`${id}/blame?version=3`), "base_ahead");
    expectProblem(await get(`${id}/blame?from=-1`), "invalid_request");
    expectProblem(await get(`${id}/blame`, stranger), "not_found");
  });
});

describe("named versions", () => {
  const name = (id: string, version: number | string, json: object, who = token) =>
    api("PUT", `/documents/${id}/versions/${version}/name`, { token: who, json });

  it("are listed newest first, in pages, with who named them; a name can be changed and taken away", async () => {
    const id = await documentOf("one", "two", "three");
    expect((await get(`${id}/versions`)).body).toEqual({ items: [], next_cursor: null });
    const named = await name(id, 1, { name: " Draft " });
    expect([named.status, named.body]).toEqual([
      200,
      {
        version: 1,
        name: "Draft",
        named_at: expect.any(String),
        named_by: { user_id: ann.user.id, name: "Ann", kind: expect.any(String) },
      },
    ]);
    await name(id, 3, { name: "Sent" });
    await name(id, 1, { name: "First draft" });
    const first = (await get(`${id}/versions?limit=1`)).body;
    expect(first.items).toMatchObject([{ version: 3, name: "Sent" }]);
    const second = (await get(`${id}/versions?limit=1&cursor=${first.next_cursor}`)).body;
    expect(second).toMatchObject({ items: [{ version: 1, name: "First draft" }], next_cursor: null });
    for (let times = 0; times < 2; times++)
      expect((await api("DELETE", `/documents/${id}/versions/3/name`, { token })).status).toBe(204);
    expect((await get(`${id}/versions`)).body.items).toMatchObject([{ version: 1 }]);
  });

  it("go with their version when it is trimmed", async () => {
    const id = await documentOf("one", "two");
    await name(id, 1, { name: "Draft" });
    await name(id, 2, { name: "Sent" });
    await env.ROOMS.getByName(id).retain({ operations: 0, ageMs: null });
    await env.ROOMS.getByName(id).compact();
    expect((await get(`${id}/versions`)).body.items).toMatchObject([{ version: 2 }]);
    expectProblem(await name(id, 1, { name: "Draft" }), "too_old");
  });

  it("refuse what is not there, no name, and who may not write", async () => {
    const id = await documentOf("one");
    expectProblem(await name(id, 2, { name: "x" }), "base_ahead");
    expectProblem(await name(id, 1, { name: " " }), "validation_failed");
    expectProblem(await name(id, "x", { name: "x" }), "invalid_request");
    expectProblem(await name(id, 1, { name: "x" }, stranger), "not_found");
    expectProblem(await get(`${id}/versions`, stranger), "not_found");
    const viewer = await newAccount();
    await addMember((await get(id)).body.workspace_id, viewer, "viewer");
    expectProblem(await name(id, 1, { name: "x" }, viewer.access_token), "forbidden");
    expectProblem(
      await api("DELETE", `/documents/${id}/versions/1/name`, { token: viewer.access_token }),
      "forbidden",
    );
    expect((await get(`${id}/versions`, viewer.access_token)).status).toBe(200);
  });

  it("are so many at most; one that has a name can get another", async () => {
    const id = await documentOf("one");
    await name(id, 1, { name: "x" });
    await runInDurableObject(env.ROOMS.getByName(id), (_room, { storage: { kv } }) => {
      const [[, named] = []] = kv.list<object>({ prefix: "version:" });
      for (let version = 2; version <= limits.namedVersions; version++)
        kv.put(`version:${String(version).padStart(16, "0")}`, { ...named, version });
    });
    expectProblem(await name(id, 0, { name: "x" }), "quota_exceeded");
    expect((await name(id, 1, { name: "y" })).status).toBe(200);
  });
});
