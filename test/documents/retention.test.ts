import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { api, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";
import { behindTheAnswer } from "../support/mailbox.ts";

// Deleted is gone. The tables are the database's own: a new one that names a document, a workspace or a person gets a row
// here, and the test fails until something deletes it.

const day = 86_400_000;

/** Tables of D1 with this column. */
async function tablesWith(column: string): Promise<string[]> {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const found: string[] = [];
  for (const { name } of tables.results) {
    if ((await columnsOf(name)).some((one) => one.name === column)) found.push(name);
  }
  return found;
}

async function columnsOf(table: string) {
  const answer = await env.DB.prepare(`PRAGMA table_info(${table})`).all<{
    name: string;
    type: string;
    notnull: number;
    pk: number;
  }>();
  return answer.results;
}

/** Inserts a row that has these values where it has such columns or references, and in the others what no test looks at. */
async function insertRow(
  table: string,
  values: Record<string, string | number>,
  referred: Record<string, string>,
): Promise<void> {
  const references = await env.DB.prepare(`PRAGMA foreign_key_list(${table})`).all<{
    from: string;
    table: string;
  }>();
  const columns = await columnsOf(table);
  const row = columns.map(({ name, type, notnull, pk }) => {
    const reference = references.results.find(({ from }) => from === name);
    if (values[name] !== undefined) return values[name];
    if (reference) return notnull || pk ? referred[reference.table]! : null;
    if (!notnull && !pk) return null;
    // Not one that is over by itself.
    return /INT/i.test(type) ? Date.now() + 365 * day + Math.floor(Math.random() * 1e9) : crypto.randomUUID();
  });
  await env.DB.prepare(
    `INSERT INTO ${table} (${columns.map(({ name }) => name).join(", ")}) VALUES (${row.map(() => "?").join(", ")})`,
  )
    .bind(...row)
    .run();
}

const count = (table: string, column: string, id: string) =>
  env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`).bind(id).first<number>("n");

/** How many rows there are of something, by table. */
async function rowsOf(tables: string[], column: string, id: string): Promise<Record<string, number | null>> {
  const rows = tables.map(async (table) => [table, await count(table, column, id)] as const);
  return Object.fromEntries(await Promise.all(rows));
}

const none = (tables: string[]) => Object.fromEntries(tables.map((table) => [table, 0]));

async function somebodyWithADocument() {
  const { access_token: token, user } = await newAccount();
  const workspace = await api("POST", "/workspaces", { token, json: { name: "Team" } });
  const word = `word${crypto.randomUUID().replaceAll("-", "")}`;
  const json = { title: "T", content: word, workspace_id: workspace.body.id };
  const { id } = (await api("POST", "/documents", { token, json, headers: { "idempotency-key": word } }))
    .body;
  const link = await api("POST", `/documents/${id}/share-links`, {
    token,
    json: { name: "L", role: "viewer" },
  });
  const referred = {
    users: user.id,
    workspaces: workspace.body.id,
    documents: id,
    share_links: link.body.id,
  };
  return { token, userId: user.id, id, word, workspaceId: workspace.body.id as string, referred };
}

const minute = 60_000;
const hour = 60 * minute;
/** A moment after the grace; not at a full hour, when sign-ins that have run out by then go, also other tests'. */
const afterTheGrace = () => Math.ceil((Date.now() + (limits.graceDays + 1) * day) / hour) * hour + minute;
const fullHour = () => Math.ceil(Date.now() / hour) * hour;

async function expectRoomErased(id: string): Promise<void> {
  const left = await runInDurableObject(env.ROOMS.getByName(id), async (_room, { storage }) => ({
    tables: storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray(),
    pairs: [...storage.kv.list()],
    alarm: await storage.getAlarm(),
  }));
  expect(left).toEqual({ tables: [], pairs: [], alarm: null });
}

describe("deleted is gone after the grace:", () => {
  it("a document, from every table that names one, from its room and from the search", async () => {
    const { token, id, word, referred } = await somebodyWithADocument();
    const tables = await tablesWith("document_id");
    expect(tables).toContain("share_links");
    // The note that a room is to be erased is no trace of a document, but the end of it.
    for (const table of tables.filter((name) => name !== "room_erasures")) {
      await insertRow(table, { document_id: id, admitted_at: Date.now() }, referred).catch((error) => {
        // The document's own: it is there already, once.
        if (!/UNIQUE/.test(String(error))) throw error;
      });
      expect(await count(table, "document_id", id), table).toBeGreaterThan(0);
    }
    expect(await count("idempotency_keys", "made_id", id)).toBe(1);
    await api("DELETE", `/documents/${id}`, { token });
    await vi.waitFor(async () => {
      await ringCron(afterTheGrace());
      expect(await count("documents", "id", id)).toBe(0);
    }, behindTheAnswer);
    expect(await rowsOf(tables, "document_id", id)).toEqual(none(tables));
    expect(await count("idempotency_keys", "made_id", id)).toBe(0);
    const found = await env.DB.prepare(
      "SELECT count(*) AS n FROM document_search WHERE document_search MATCH ?",
    )
      .bind(word)
      .first("n");
    expect(found).toBe(0);
    await expectRoomErased(id);
  });

  it("a workspace, from every table that names one, with its documents", async () => {
    const { token, id, workspaceId, referred } = await somebodyWithADocument();
    // Events are kept for a month, for what was not delivered of them; they hold ids, names and roles.
    const tables = (await tablesWith("workspace_id")).filter((name) => name !== "outbox");
    for (const table of tables) {
      await insertRow(table, { workspace_id: workspaceId }, referred).catch((error) => {
        if (!/UNIQUE/.test(String(error))) throw error;
      });
      expect(await count(table, "workspace_id", workspaceId), table).toBeGreaterThan(0);
    }
    await api("DELETE", `/workspaces/${workspaceId}`, { token });
    await vi.waitFor(async () => {
      await ringCron(afterTheGrace());
      expect(await count("workspaces", "id", workspaceId)).toBe(0);
    }, behindTheAnswer);
    await ringCron(fullHour());
    expect(await rowsOf(tables, "workspace_id", workspaceId)).toEqual(none(tables));
    expect(await count("documents", "id", id)).toBe(0);
    await expectRoomErased(id);
  });

  it("a person, at once, from every table that names one", async () => {
    const other = await somebodyWithADocument();
    const { access_token: token, user } = await newAccount();
    const tables = await tablesWith("user_id");
    for (const table of tables) {
      await insertRow(table, { user_id: user.id }, { ...other.referred, users: user.id }).catch((error) => {
        if (!/UNIQUE/.test(String(error))) throw error;
      });
      expect(await count(table, "user_id", user.id), table).toBeGreaterThan(0);
    }
    const gone = await api("POST", "/users/me/deletion", { token, json: { documents: "delete" } });
    expect(gone.status, gone.text).toBe(204);
    await vi.waitFor(
      async () => expect(await rowsOf(tables, "user_id", user.id)).toEqual(none(tables)),
      behindTheAnswer,
    );
  });
});
