import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember } from "../support/members.ts";
import { openSocket } from "../support/socket.ts";

let owner: TokensBody;
let editor: TokensBody;
let token: string;
let here: string;
let there: string;
beforeAll(async () => {
  [owner, editor] = await Promise.all([newAccount(), newAccount()]);
  token = owner.access_token;
  const [a, b] = await Promise.all(
    ["Here", "There"].map((name) => api("POST", "/workspaces", { token, json: { name } })),
  );
  here = a!.body.id;
  there = b!.body.id;
  await addMember(here, editor, "editor");
});

const create = async (title = "Plan", as = owner) =>
  (
    await api("POST", "/documents", {
      token: as.access_token,
      json: { title, content: "text", workspace_id: here },
    })
  ).body.id;
const duplicate = (id: string, json: object, as = owner) =>
  api("POST", `/documents/${id}/duplicate`, { token: as.access_token, json });
const move = (id: string, workspace_id: string, as = owner) =>
  api("POST", `/documents/${id}/move`, { token: as.access_token, json: { workspace_id } });

describe("duplicate", () => {
  it("makes a document of one's own of what one may read, with its text alone", async () => {
    const id = await create();
    const copy = await duplicate(id, {}, editor);
    expect(copy.status, copy.text).toBe(201);
    expect(copy.body).toMatchObject({
      title: "Copy of Plan",
      content: "text",
      version: 1,
      owner_id: editor.user.id,
    });
    expect(copy.body.id).not.toBe(id);
    expectProblem(await api("GET", `/documents/${copy.body.id}`, { token }), "not_found");
    const named = await duplicate(id, { title: "Plan B", workspace_id: there });
    expect(named.body).toMatchObject({ title: "Plan B", workspace_id: there });
    expectProblem(await duplicate(id, { workspace_id: there }, editor), "not_found");
    expectProblem(await duplicate(named.body.id, {}, editor), "not_found");
  });

  it("cuts no character of a long title", async () => {
    const id = await create(`a${"😀".repeat(limits.titleUnits / 2 - 1)}`);
    const { title } = (await duplicate(id, {})).body;
    expect(title).toMatch(/^Copy of a😀/u);
    expect(title.isWellFormed()).toBe(true);
    expect(title.length).toBeGreaterThanOrEqual(limits.titleUnits - 1);
  });
});

describe("move", () => {
  it("takes a document to another workspace, and its access with it", async () => {
    const id = await create("Moved", editor);
    const socket = await openSocket(id, editor.access_token);
    await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    expectProblem(await move(id, there, editor), "not_found");
    const moved = await move(id, there);
    expect(moved.status, moved.text).toBe(200);
    // Who made it is not in that workspace.
    expect(moved.body).toMatchObject({ id, workspace_id: there, owner_id: owner.user.id });
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await api("GET", `/documents/${id}`, { token: editor.access_token }), "not_found");
    expect((await api("GET", `/documents/${id}`, { token })).body.content).toBe("text");
    const { results } = await env.DB.prepare(
      "SELECT workspace_id AS id FROM outbox WHERE type = 'documents.moved' AND data LIKE ?",
    )
      .bind(`%${id}%`)
      .all();
    expect(new Set(results.map((row) => row.id))).toEqual(new Set([here, there]));
    await addMember(there, editor, "viewer");
    expect((await api("GET", `/documents/${id}`, { token: editor.access_token })).status).toBe(200);
    expect((await move(id, here)).body.owner_id).toBe(owner.user.id);
    expect((await move(id, here)).status).toBe(200);
  });

  it("is for owners, into a workspace where they write and that has room", async () => {
    const id = await create();
    expectProblem(await move(id, there, editor), "forbidden");
    expectProblem(await move(id, crypto.randomUUID()), "not_found");
    const full = (await api("POST", "/workspaces", { token, json: { name: "Full" } })).body.id;
    const filler = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
      INSERT INTO documents SELECT ?1 || i, ?1, ?2, 'filler', 0, 0, NULL, 0 FROM n`;
    await env.DB.prepare(filler).bind(full, owner.user.id, limits.documentsPerWorkspace).run();
    expectProblem(await move(id, full), "quota_exceeded");
    await env.DB.prepare("DELETE FROM documents WHERE workspace_id = ?").bind(full).run();
    expect((await api("GET", `/documents/${id}`, { token })).body.workspace_id).toBe(here);
  });
});
