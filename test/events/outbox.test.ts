import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { database } from "../../src/db/database.ts";
import { consumeEvents } from "../../src/events/consume.ts";
import type { RecordedEvent } from "../../src/events/event.ts";
import { handOn } from "../../src/events/hand-on.ts";
import { recording } from "../../src/events/outbox.ts";
import { createWorkspace } from "../../src/workspaces/workspaces.ts";
import { api, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";

interface Row {
  id: string;
  type: string;
  due_at: number | null;
  attempts: number;
}

const rowsAbout = async (id: string): Promise<Row[]> =>
  (
    await env.DB.prepare(
      "SELECT id, type, due_at, attempts FROM outbox WHERE workspace_id = ?1 OR data ->> 'user_id' = ?1 ORDER BY created_at, rowid",
    )
      .bind(id)
      .all<Row>()
  ).results;

const soon = { timeout: 15_000, interval: 50 };

/** A workspace made without a request, and ahead of time (`at`), so that nothing hands its event on by itself. */
async function unnoticedWorkspace() {
  const { user } = await newAccount();
  const at = Date.now() + 600_000;
  const making = { id: crypto.randomUUID(), again: false };
  const { id } = await createWorkspace(database(env.DB), user.id, { making, name: "Team" }, at);
  return { id, at };
}

it("hands an event to every consumer behind the answer, by way of the queue", async () => {
  const { access_token: token } = await newAccount();
  const { body } = await api("POST", "/workspaces", { token, json: { name: "Team" } });
  await vi.waitFor(async () => {
    expect(await rowsAbout(body.id)).toMatchObject([{ type: "workspaces.created", due_at: null }]);
  }, soon);
});

it.each([
  ["takes it", () => Promise.resolve(), []],
  ["refuses it", () => Promise.reject(new Error("the queue is down")), ["events_not_handed_on"]],
])(
  "EV-1: an event that a request hands on is due again in a minute, when the queue %s",
  async (_, queue, lines) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { access_token: token } = await newAccount();
    const handed: string[] = [];
    const statements: string[] = [];
    const DB = new Proxy(env.DB, {
      get(target, name) {
        if (name !== "prepare") return Reflect.get(target, name).bind(target);
        return (sql: string) => {
          statements.push(sql);
          return target.prepare(sql);
        };
      },
    });
    const EVENTS = {
      sendBatch(messages: { body: { eventId: string } }[]) {
        handed.push(...messages.map(({ body }) => body.eventId));
        return queue();
      },
    };
    const context = createExecutionContext();
    const began = Date.now();
    const request = new Request("https://materi.test/api/v1/workspaces", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Team" }),
    });
    const answer = await app.fetch(request, { ...env, DB, EVENTS } as unknown as Env, context);
    const ended = Date.now();
    expect(answer.status).toBe(201);
    const { id } = await answer.json<{ id: string }>();
    await waitOnExecutionContext(context);
    await vi.waitFor(() => expect(handed).toHaveLength(1), soon);
    const [row] = await rowsAbout(id);
    expect(row).toMatchObject({ id: handed[0], type: "workspaces.created", attempts: 1 });
    expect(row!.due_at! - began).toBeGreaterThanOrEqual(60_000);
    expect(row!.due_at! - ended).toBeLessThanOrEqual(60_000);
    // The request knows what it has recorded: to hand it on takes no call of D1.
    expect(statements.filter((sql) => /^\s*update "outbox"/i.test(sql))).toEqual([]);
    const told = () =>
      warn.mock.calls
        .map(([line]) => JSON.parse(String(line)).event)
        .filter((event) => /^events_/.test(event));
    await vi.waitFor(() => expect(told()).toEqual(lines), soon);
    warn.mockRestore();
  },
);

it("EV-1: what a request records behind its answer is due at once: nobody hands it on", async () => {
  const made = Promise.withResolvers<{ id: string; at: number }>();
  const { ids } = await recording(async () => {
    setTimeout(() => made.resolve(unnoticedWorkspace()), 0);
  });
  const { id, at } = await made.promise;
  expect(ids).toEqual([]);
  expect(await rowsAbout(id)).toMatchObject([{ due_at: at, attempts: 0 }]);
});

it("EV-1: takes up, by the cron, what a crash has left in the outbox", async () => {
  const { id, at } = await unnoticedWorkspace();
  expect(await rowsAbout(id)).toMatchObject([{ due_at: at, attempts: 0 }]);
  await ringCron(at);
  await vi.waitFor(async () => expect(await rowsAbout(id)).toMatchObject([{ due_at: null }]), soon);
});

it("hands an event on again, later each time, until it is done with", async () => {
  const { id, at } = await unnoticedWorkspace();
  const handed: string[] = [];
  const lossy = {
    ...env,
    EVENTS: {
      sendBatch: async (messages: Iterable<MessageSendRequest<{ eventId: string }>>) => {
        handed.push(...[...messages].map(({ body }) => body.eventId));
      },
    },
  } as unknown as Env;
  let now = at;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    while (await handOn(lossy, now));
    const [row] = await rowsAbout(id);
    expect(handed.filter((eventId) => eventId === row!.id)).toHaveLength(attempt + 1);
    waits.push((row!.due_at! - now) / 60_000);
    while (await handOn(lossy, row!.due_at! - 1));
    expect(await rowsAbout(id)).toEqual([row]);
    now = row!.due_at!;
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
});

it("keeps an event that a consumer fails on, and lets no other wait for it", async () => {
  const made = await Promise.all([unnoticedWorkspace(), unnoticedWorkspace()]);
  const [bad, good] = await Promise.all(made.map(async ({ id }) => (await rowsAbout(id))[0]!.id));
  const messages = [bad, good, crypto.randomUUID()].map((eventId) => ({
    id: crypto.randomUUID(),
    timestamp: new Date(),
    attempts: 1,
    body: { eventId: eventId! },
  }));
  const batch = createMessageBatch<{ eventId: string }>("materi-events", messages);
  const heard: string[] = [];
  const failsOnBad = async (_env: Env, events: readonly RecordedEvent[]) => {
    if (events.some(({ id }) => id === bad)) throw new Error("no");
  };
  const hears = async (_env: Env, events: readonly RecordedEvent[]) =>
    void heard.push(...events.map(({ id }) => id));
  await consumeEvents(env, batch.messages, [failsOnBad, hears]);
  expect(heard.sort()).toEqual([bad, good].sort());
  expect(await rowsAbout(made[0]!.id)).toMatchObject([{ due_at: expect.any(Number) }]);
  expect(await rowsAbout(made[1]!.id)).toMatchObject([{ due_at: null }]);
  // A message that the queue doubled finds nothing to do.
  await consumeEvents(env, batch.messages.slice(1), [hears]);
  expect(heard).toHaveLength(2);
});

it("tells of accounts, and of everybody whom the end of one takes out of a workspace", async () => {
  const { access_token: token, user } = await newAccount();
  const owner = await newAccount();
  const team = await api("POST", "/workspaces", { token: owner.access_token, json: { name: "Team" } });
  await env.DB.prepare(
    "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES (?, ?, 'editor', 0)",
  )
    .bind(team.body.id, user.id)
    .run();
  await api("PATCH", "/users/me", { token, json: { name: "Another" } });
  const gone = await api("POST", "/users/me/deletion", { token, json: { documents: "delete" } });
  expect(gone.status, gone.text).toBe(204);
  expect((await rowsAbout(user.id)).map(({ type }) => type)).toEqual([
    "users.created",
    "users.updated",
    "members.removed",
    "members.removed",
    "users.deleted",
  ]);
  const [, removed] = await rowsAbout(team.body.id);
  expect(removed).toMatchObject({ type: "members.removed" });
  expect(removed!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
