import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
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
      },
    ]);
    expect((await get(`${id}/versions/3`)).body.content).toBe("two");
    expect((await get(`${id}/versions/0`)).body).toEqual({
      version: 0,
      content: "",
      created_at: null,
      author: null,
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
