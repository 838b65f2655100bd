import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";
import { openSocket } from "../support/socket.ts";
import { arrived, newTarget, type Target, verified, workspaceWithWebhook } from "../support/webhooks.ts";

let token: string;
let target: Target;
let workspace: Awaited<ReturnType<typeof workspaceWithWebhook>>;
beforeAll(async () => {
  token = (await newAccount()).access_token;
  target = newTarget();
  workspace = await workspaceWithWebhook(token, target, { events: ["documents.updated"] });
});

async function created(content = "one"): Promise<string> {
  const json = { title: "T", content, workspace_id: workspace.workspaceId };
  return (await api("POST", "/documents", { token, json })).body.id;
}

/** What the webhook was told of these documents until now, as soon as it was told of each so often. */
async function told(ids: string[], times = 1): Promise<Record<string, object[]>> {
  for (let count = 1; ; count++) {
    const messages = (await arrived(target, count)).map((message) => verified(workspace.secret, message));
    const of = (id: string) => messages.filter(({ data }) => data.document_id === id).map(({ data }) => data);
    if (ids.every((id) => of(id).length >= times)) return Object.fromEntries(ids.map((id) => [id, of(id)]));
  }
}

/** Through each door one change, with a pause for none of them. */
const doors: Record<string, (id: string) => Promise<unknown>> = {
  socket: async (id) => {
    const socket = await openSocket(id, token);
    await socket.ask({ type: "hello", client_id: "ann-1" });
    await socket.ask({ type: "submit", seq: 1, base: 1, op: ["zero "] });
    socket.close();
  },
  "the seed's frame": async (id) => {
    const socket = await openSocket(id, token);
    await socket.ask({ op_type: "insert", position: 0, content: "zero " });
    socket.close();
  },
  operations: (id) =>
    api("POST", `/documents/${id}/operations`, {
      token,
      json: { client_id: "ann-1", seq: 1, base: 1, op: ["zero "] },
    }),
  "PUT content": (id) =>
    api("PUT", `/documents/${id}/content`, {
      token,
      body: "zero one",
      headers: { "content-type": "text/plain", "if-match": '"v1"' },
    }),
  "PATCH content": (id) =>
    api("PATCH", `/documents/${id}/content`, {
      token,
      json: { edits: [{ type: "append", text: " two" }] },
    }),
};

describe("documents.updated", () => {
  it("EV-3: comes once of an edit through every door, and of none that was not made", async () => {
    const ids = await Promise.all(Object.values(doors).map(() => created()));
    const untouched = await created("untouched");
    await Promise.all(Object.values(doors).map((edit, index) => edit(ids[index]!)));
    const messages = await told(ids);
    for (const id of ids) {
      expect(messages[id]).toEqual([
        { workspace_id: workspace.workspaceId, document_id: id, first_version: 2, version: 2 },
      ]);
    }
    const { body } = await api("GET", `/documents?workspace_id=${workspace.workspaceId}`, { token });
    const times = new Map(
      body.items.map((item: { id: string; created_at: string; updated_at: string }) => [
        item.id,
        Date.parse(item.updated_at) - Date.parse(item.created_at),
      ]),
    );
    for (const id of ids) expect(times.get(id)).toBeGreaterThan(0);
    expect(times.get(untouched)).toBe(0);
    const rows = await env.DB.prepare(
      "SELECT 1 FROM outbox WHERE data ->> 'document_id' = ? AND type = 'documents.updated'",
    )
      .bind(untouched)
      .all();
    expect(rows.results).toEqual([]);
  });

  it("EV-3: of a change that is told at once, with its version, comes no second time", async () => {
    const id = await created();
    const titled = await api("PATCH", `/documents/${id}`, { token, json: { title: "New" } });
    const changed = await api("PATCH", `/documents/${id}`, { token, json: { content: "two" } });
    const restored = await api("POST", `/documents/${id}/restorations`, { token, json: { version: 1 } });
    const last = await created();
    await doors["PATCH content"]!(last);
    // When this one is told, the announcement of those before is made, too; their own messages may be slower.
    await told([last]);
    const messages = await told([id], 3);
    expect(messages[id]!.map((data) => (data as { version: number }).version).sort()).toEqual([
      titled.body.version,
      changed.body.version,
      restored.body.version,
    ]);
    expect(messages[id]![0]).toHaveProperty("user_id");
  });

  it("EV-3: comes of edits that a room made before it died, and nobody opened since", async () => {
    const id = await created();
    const socket = await openSocket(id, token);
    await socket.ask({ op_type: "insert", position: 0, content: "zero " });
    await evictDurableObject(env.ROOMS.getByName(id), { webSockets: "close" });
    const messages = await told([id]);
    expect(messages[id]).toEqual([
      { workspace_id: workspace.workspaceId, document_id: id, first_version: 2, version: 2 },
    ]);
  });
});
