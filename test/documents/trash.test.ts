import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { addMember, confirmAddresses } from "../support/members.ts";
import { openSocket } from "../support/socket.ts";

let owner: TokensBody;
let editor: TokensBody;
let token: string;
let workspaceId: string;
beforeAll(async () => {
  [owner, editor] = await Promise.all([newAccount(), newAccount()]);
  token = owner.access_token;
  workspaceId = (await api("POST", "/workspaces", { token, json: { name: "Team" } })).body.id;
  await addMember(workspaceId, editor, "editor");
  await confirmAddresses(editor);
});

async function newDocument(): Promise<string> {
  const json = { title: "T", content: "the text", workspace_id: workspaceId };
  return (await api("POST", "/documents", { token, json })).body.id;
}

const get = (id: string, as = owner) => api("GET", `/documents/${id}`, { token: as.access_token });
const remove = (id: string, query = "", as = owner) =>
  api("DELETE", `/documents/${id}${query}`, { token: as.access_token });
const restore = (id: string, as = owner) =>
  api("POST", `/documents/${id}/restore`, { token: as.access_token });

/** Makes the deletion of a row so many days older. */
const age = (table: "documents" | "workspaces", id: string, days: number) =>
  env.DB.prepare(`UPDATE ${table} SET deleted_at = deleted_at - ? WHERE id = ?`)
    .bind(days * 86_400_000, id)
    .run();

/** What D1 holds about a document, by table. */
async function rowsOf(id: string): Promise<Record<string, number>> {
  const tables = {
    documents: "id",
    document_grants: "document_id",
    share_links: "document_id",
    link_visitors: "document_id",
    room_erasures: "document_id",
  };
  const counts: Record<string, number> = {};
  for (const [table, column] of Object.entries(tables)) {
    const found = await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`)
      .bind(id)
      .first<{ n: number }>();
    if (found?.n) counts[table] = found.n;
  }
  return counts;
}

/** Tables in the storage of a document's room. */
const roomTables = (id: string) =>
  runInDurableObject(env.ROOMS.getByName(id), (_, { storage: { sql } }) =>
    sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray()
      .map(({ name }) => name),
  );

describe("the trash", () => {
  it("keeps a document with its text, history and grants, unseen, until it is restored", async () => {
    const id = await newDocument();
    const friend = await newAccount();
    await confirmAddresses(friend);
    await api("PUT", `/documents/${id}/grants`, {
      token,
      json: { email: friend.user.email, role: "viewer" },
    });
    const before = (await get(id)).body;
    const socket = await openSocket(id, friend.access_token);
    await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    expect((await remove(id)).status).toBe(204);
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await get(id), "not_found");
    expectProblem(await get(id, friend), "not_found");
    expectProblem(await remove(id), "not_found");
    await ringCron();
    const back = await restore(id);
    expect(back.status, back.text).toBe(200);
    expect(back.body).toMatchObject({ id, title: "T" });
    expect((await get(id)).body).toEqual(before);
    expect((await get(id, friend)).status).toBe(200);
    expect((await restore(id)).status).toBe(200);
  });

  it("is the owners': others cannot delete, and see of what was deleted nothing", async () => {
    const id = await newDocument();
    for (const query of ["", "?permanent=true"]) expectProblem(await remove(id, query, editor), "forbidden");
    expectProblem(await restore(id, editor), "forbidden");
    await remove(id);
    for (const answer of [
      await restore(id, editor),
      await remove(id, "?permanent=true", editor),
      await restore(crypto.randomUUID()),
    ]) {
      expectProblem(answer, "not_found");
    }
    expectProblem(await remove(id, "?permanent=perhaps"), "invalid_request");
  });

  it("is emptied by the cron when the grace period has ended: rows, room and history", async () => {
    const [young, old, live] = [await newDocument(), await newDocument(), await newDocument()];
    await api("PUT", `/documents/${old}/grants`, {
      token,
      json: { email: editor.user.email, role: "viewer" },
    });
    const link = { name: "L", role: "viewer", guests: true };
    const made = await api("POST", `/documents/${old}/share-links`, { token, json: link });
    await api("POST", "/share-links/open", { json: { token: made.body.token, name: "Guest" } });
    for (const id of [young, old]) await remove(id);
    await age("documents", young, limits.graceDays - 1);
    await age("documents", old, limits.graceDays + 1);
    expectProblem(await restore(old), "not_found");
    await ringCron();
    expect(await rowsOf(old)).toEqual({});
    expect(await roomTables(old)).toEqual([]);
    expect(await rowsOf(young)).toEqual({ documents: 1 });
    expect((await restore(young)).status).toBe(200);
    expect((await get(live)).body.content).toBe("the text");
  });

  it("is passed by with ?permanent=true, from it, too", async () => {
    for (const first of ["", undefined]) {
      const id = await newDocument();
      if (first !== undefined) await remove(id, first);
      expect((await remove(id, "?permanent=true")).status).toBe(204);
      expect(await rowsOf(id)).toEqual({});
      expect(await roomTables(id)).toEqual([]);
      expectProblem(await remove(id, "?permanent=true"), "not_found");
    }
  });

  it("takes a workspace with all that is in it, when its grace period has ended", async () => {
    const doomed = (await api("POST", "/workspaces", { token, json: { name: "Doomed" } })).body.id;
    await addMember(doomed, editor, "editor");
    const json = { email: "x@example.com", role: "viewer" };
    await api("POST", `/workspaces/${doomed}/invitations`, { token, json });
    const made = await api("POST", "/documents", {
      token,
      json: { title: "T", content: "c", workspace_id: doomed },
    });
    await api("DELETE", `/workspaces/${doomed}`, { token });
    await ringCron();
    expect((await api("GET", `/workspaces/${doomed}`, { token })).status).toBe(200);
    await age("workspaces", doomed, limits.graceDays + 1);
    // One run erases one workspace, which may be another's.
    await vi.waitFor(async () => {
      await ringCron();
      expectProblem(await api("GET", `/workspaces/${doomed}`, { token }), "not_found");
    }, behindTheAnswer);
    expect(await rowsOf(made.body.id)).toEqual({});
    expect(await roomTables(made.body.id)).toEqual([]);
    const left = await env.DB.prepare(
      "SELECT (SELECT count(*) FROM memberships WHERE workspace_id = ?1) + (SELECT count(*) FROM invitations WHERE workspace_id = ?1) AS n",
    )
      .bind(doomed)
      .first<{ n: number }>();
    expect(left?.n).toBe(0);
  });
});

describe("a crash in between", () => {
  /** Creates a document by a database of its own: what is prepared once for another was prepared before. */
  async function createBy(
    prepare: D1Database["prepare"],
    json: object,
  ): Promise<{ answer: Answer; room: string }> {
    const DB = { prepare, batch: env.DB.batch.bind(env.DB) };
    let room = "";
    const ROOMS = {
      getByName(name: string) {
        room = name;
        return env.ROOMS.getByName(name);
      },
    };
    const request = new Request("https://materi.test/api/v1/documents", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(json),
    });
    const bindings = { ...env, DB, ROOMS } as unknown as Env;
    const response = await app.fetch(request, bindings, createExecutionContext());
    const { status, headers } = response;
    const text = await response.text();
    return { answer: { status, headers, text, body: JSON.parse(text) }, room };
  }

  /** Has a statement that is like this fail, as D1 fails. */
  const failing = (pattern: RegExp) => {
    const prepare = env.DB.prepare.bind(env.DB);
    return (sql: string) => {
      if (pattern.test(sql)) throw new Error("injected");
      return prepare(sql);
    };
  };

  const due = (id: string) =>
    env.DB.prepare("UPDATE room_erasures SET due_at = 1 WHERE document_id = ?").bind(id).run();

  it("of creating leaves no row, and a room that the cron erases", async () => {
    const json = { title: "T", content: "half", workspace_id: workspaceId };
    const { answer, room: id } = await createBy(failing(/insert into "documents"/i), json);
    expect(answer.status).toBe(500);
    expect(await rowsOf(id)).toEqual({ room_erasures: 1 });
    expect(await env.ROOMS.getByName(id).read()).toMatchObject({ content: "half" });
    await ringCron();
    expect(await env.ROOMS.getByName(id).read()).toMatchObject({ content: "half" });
    await due(id);
    await ringCron();
    expect(await rowsOf(id)).toEqual({});
    expect(await roomTables(id)).toEqual([]);
  });

  it("of erasing leaves no row, and a room that the cron erases", async () => {
    const id = await newDocument();
    const prepare = failing(/delete from "room_erasures"/i);
    const spy = vi.spyOn(env.DB, "prepare").mockImplementation(prepare);
    expect((await remove(id, "?permanent=true")).status).toBe(500);
    spy.mockRestore();
    expect(await rowsOf(id)).toEqual({ room_erasures: 1 });
    expectProblem(await get(id), "not_found");
    await due(id);
    await ringCron();
    expect(await rowsOf(id)).toEqual({});
    expect(await roomTables(id)).toEqual([]);
  });

  it("does not let a document come to be whose room the cron has taken", async () => {
    // As if ten minutes had passed between the room and the row.
    const late = (sql: string) =>
      env.DB.prepare(/insert into "documents"/i.test(sql) ? sql.replace("due_at =", "due_at - 1 =") : sql);
    const { answer } = await createBy(late, { title: "Too late", content: "c" });
    expectProblem(answer, "unavailable");
    const { items } = (await api("GET", "/documents?limit=100", { token })).body;
    expect(items.some(({ title }: { title: string }) => title === "Too late")).toBe(false);
  });
});
