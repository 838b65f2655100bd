import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { database } from "../../src/db/database.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { makeAttempt } from "../../src/webhooks/attempt.ts";
import { claimAttempt } from "../../src/webhooks/deliveries.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { addMember } from "../support/members.ts";
import type { Script } from "../support/webhook-receiver.ts";
import { arrived, newTarget, verified, workspaceWithWebhook } from "../support/webhooks.ts";

let owner: TokensBody;
let token: string;

beforeAll(async () => {
  owner = await newAccount();
  token = owner.access_token;
});

const deliveries = async (path: string, query = "") =>
  (await api("GET", `${path}/deliveries${query}`, { token })).body.items;

/** The newest delivery, as soon as it is written down to be like this: what has arrived may not be yet. */
const newest = (path: string, like: { status: string } | { answer: number }) =>
  vi.waitFor(
    async () => {
      const [first] = await deliveries(path);
      expect(first).toMatchObject(like);
      return first;
    },
    { timeout: 20_000, interval: 100 },
  );

/** Makes the attempts of a delivery that are not made yet, as if time had passed; nothing waits for the sweep. */
async function makeAttemptsOf(path: string, count: number, now = Date.now()) {
  for (let n = 0; n < count; n++) {
    const [{ id, attempts }] = await deliveries(path);
    await makeAttempt(env, { deliveryId: id, attempt: attempts }, { now });
  }
}

describe("a webhook", () => {
  it("is sent what happens in its workspace, signed after the Standard Webhooks specification", async () => {
    const target = newTarget();
    const { workspaceId, path, secret } = await workspaceWithWebhook(token, target);
    const renamed = await api("PATCH", `/workspaces/${workspaceId}`, { token, json: { name: "Other" } });
    expect(renamed.status).toBe(200);
    const [message] = await vi.waitFor(
      async () => {
        const all = (await target.received()).filter(({ body }) => body.includes("workspaces.updated"));
        expect(all).toHaveLength(1);
        return all;
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(verified(secret, message!)).toEqual({
      type: "workspaces.updated",
      timestamp: expect.stringMatching(/Z$/),
      trace_id: renamed.headers.get("traceparent")?.split("-")[1],
      data: { workspace_id: workspaceId, user_id: owner.user.id },
    });
    const delivered = await newest(path, { status: "delivered" });
    expect(delivered).toMatchObject({ attempts: 1, answer: 200, failure: null, next_attempt_at: null });
    expect(message!.headers["webhook-id"]).toBe(delivered.event_id);
    const read = await api("GET", `${path}/deliveries/${delivered.id}`, { token });
    expect(read.body.message).toEqual(JSON.parse(message!.body));
    // What is not its secret does not verify it.
    expect(() => verified(`whsec_${btoa("another secret")}`, message!)).toThrow();
  });

  it("hears of the types that it asked for alone", async () => {
    const target = newTarget();
    const { workspaceId } = await workspaceWithWebhook(token, target, { events: ["members.invited"] });
    await api("PATCH", `/workspaces/${workspaceId}`, { token, json: { name: "Other" } });
    const json = { email: "somebody@example.com", role: "viewer" };
    await api("POST", `/workspaces/${workspaceId}/invitations`, { token, json });
    const received = await arrived(target);
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual(["members.invited"]);
    expect(received[0]!.body).not.toContain("somebody@example.com");
  });

  it("is pinged, read, listed, changed and deleted", async () => {
    const target = newTarget();
    const { path, id, secret } = await workspaceWithWebhook(token, target, { name: "CI" });
    const read = await api("GET", path, { token });
    expect(read.body).toMatchObject({ id, name: "CI", url: target.url, events: null, enabled: true });
    expect(read.text).not.toContain("whsec_");
    const list = await api("GET", path.slice(0, -id.length - 1), { token });
    expect(list.body.items).toEqual([read.body]);
    expect((await api("POST", `${path}/ping`, { token })).status).toBe(202);
    const [message] = await arrived(target);
    expect(verified(secret, message!)).toMatchObject({ type: "webhooks.ping", data: { webhook_id: id } });
    const json = { name: "CI 2", events: ["documents.created"] };
    expect((await api("PATCH", path, { token, json })).body).toEqual({ ...read.body, ...json });
    expect((await api("DELETE", path, { token })).status).toBe(204);
    expectProblem(await api("GET", path, { token }), "not_found");
  });

  it("that is disabled is sent nothing, and what was pending is dead; enabled again it is", async () => {
    const target = newTarget();
    await target.script([500]);
    const { path, workspaceId } = await workspaceWithWebhook(token, target);
    await api("PATCH", `/workspaces/${workspaceId}`, { token, json: { name: "A" } });
    await arrived(target);
    const off = await api("PATCH", path, { token, json: { enabled: false } });
    expect(off.body).toMatchObject({ enabled: false, disabled_reason: "asked" });
    expect(await newest(path, { status: "dead" })).toMatchObject({ failure: "disabled" });
    expectProblem(await api("POST", `${path}/ping`, { token }), "webhook_disabled");
    const [{ id }] = await deliveries(path);
    expectProblem(await api("POST", `${path}/deliveries/${id}/redeliver`, { token }), "webhook_disabled");
    const on = await api("PATCH", path, { token, json: { enabled: true } });
    expect(on.body).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null });
    expect((await api("POST", `${path}/deliveries/${id}/redeliver`, { token })).status).toBe(202);
    expect(await newest(path, { status: "delivered" })).toMatchObject({ id });
  });

  it("signs by its old secret, too, for a day after it got a new one", async () => {
    const target = newTarget();
    const { path, secret: old } = await workspaceWithWebhook(token, target);
    const rotated = await api("POST", `${path}/secret`, { token });
    expect(rotated.body.secret).not.toBe(old);
    await api("POST", `${path}/ping`, { token });
    const [both] = await arrived(target);
    for (const secret of [old, rotated.body.secret]) expect(verified(secret, both!)).toBeTruthy();
    await env.DB.prepare("UPDATE webhooks SET old_secret_until = ? WHERE id = ?")
      .bind(Date.now() - 1, rotated.body.id)
      .run();
    await api("POST", `${path}/ping`, { token });
    const [, one] = await arrived(target, 2);
    expect(verified(rotated.body.secret, one!)).toBeTruthy();
    expect(() => verified(old, one!)).toThrow("No matching signature");
  });

  it("belongs to those who manage the workspace", async () => {
    const { path, workspaceId, id } = await workspaceWithWebhook(token, newTarget());
    const [stranger, editor, admin] = await Promise.all([newAccount(), newAccount(), newAccount()]);
    await addMember(workspaceId, editor, "editor");
    await addMember(workspaceId, admin, "admin");
    const absent = crypto.randomUUID();
    const list = path.slice(0, -id.length - 1);
    const json = { url: "https://hooks.example.net/" };
    for (const [method, where, body] of [
      ["GET", list],
      ["POST", list, json],
      ["GET", path],
      ["PATCH", path, json],
      ["POST", `${path}/secret`],
      ["POST", `${path}/ping`],
      ["GET", `${path}/deliveries`],
      ["GET", `${path}/deliveries/${absent}`],
      ["POST", `${path}/deliveries/${absent}/redeliver`],
      ["DELETE", path],
    ] as const) {
      const as = ({ access_token }: TokensBody) =>
        api(method, where, { token: access_token, ...(body && { json: body }) });
      expectProblem(await as(stranger), "not_found");
      expectProblem(await as(editor), "forbidden");
      const answer = await as(admin);
      if (where.includes(absent)) expectProblem(answer, "not_found");
      else expect(answer.status, `${method} ${where}`).toBeLessThan(300);
    }
    // One of another workspace is not to be had by way of one's own.
    const other = await workspaceWithWebhook(stranger.access_token, newTarget());
    const crossed = await api("GET", `${list}/${other.id}`, { token });
    expectProblem(crossed, "not_found");
  });

  it("is one of so many", async () => {
    const { workspaceId } = await workspaceWithWebhook(token, newTarget());
    const path = `/workspaces/${workspaceId}/webhooks`;
    const json = { url: "https://hooks.example.net/" };
    for (let n = 1; n < 20; n++) expect((await api("POST", path, { token, json })).status).toBe(201);
    expectProblem(await api("POST", path, { token, json }), "quota_exceeded");
  });
});

describe("a delivery that fails", () => {
  it("is tried again when its overloaded target asks for it, within bounds, and not before its turn", async () => {
    const target = newTarget();
    const hours = (n: number) => n * 3_600_000;
    const now = Date.now();
    const asked: [Script[number], number][] = [
      [{ status: 503, retryAfter: "3600" }, hours(1)],
      [{ status: 429, retryAfter: new Date(now + hours(2)).toUTCString() }, hours(2)],
      [{ status: 503, retryAfter: "31536000" }, hours(10)],
      // Sooner than its turn, in the past, no time at all, and with a status that asks for nothing.
      [{ status: 503, retryAfter: "1" }, hours(2)],
      [{ status: 429, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT" }, hours(5)],
      [{ status: 503, retryAfter: "soon" }, hours(10)],
      [{ status: 500, retryAfter: "36000000" }, hours(10)],
    ];
    const { path } = await workspaceWithWebhook(token, target);
    // The first by the queue, the others here, as if time had passed.
    await target.script(asked.map(([answer]) => answer));
    await api("POST", `${path}/ping`, { token });
    const waits: number[] = [];
    const first = await newest(path, { answer: 503 });
    waits.push(Date.parse(first.next_attempt_at) - Date.parse(first.attempted_at));
    for (let attempt = 1; attempt < asked.length; attempt++) {
      await makeAttempt(env, { deliveryId: first.id, attempt }, { now });
      waits.push(Date.parse((await deliveries(path))[0].next_attempt_at) - now);
    }
    for (const [index, wait] of waits.entries()) {
      expect(wait, `attempt ${index + 1}`).toBeGreaterThan(asked[index]![1] - 5_000);
      expect(wait, `attempt ${index + 1}`).toBeLessThan(asked[index]![1] * 1.11);
    }
  });

  it("tells every attempt, also one that the service died with, and forgets the oldest", async () => {
    const target = newTarget();
    await target.script([500, 302]);
    const { path } = await workspaceWithWebhook(token, target);
    await api("POST", `${path}/ping`, { token });
    const pending = await newest(path, { answer: 500 });
    // Where this took five seconds, the queue has come first.
    await makeAttempt(env, { deliveryId: pending.id, attempt: 1 });
    await newest(path, { answer: 302 });
    // It is taken up, and nothing more is heard of it.
    const died = Date.now() + 1;
    await claimAttempt(database(env.DB), { deliveryId: pending.id, attempt: 2 }, died);
    await makeAttempt(env, { deliveryId: pending.id, attempt: 3 }, { now: died + 1 });
    const log = async () => (await api("GET", `${path}/deliveries/${pending.id}`, { token })).body.log;
    expect(await log()).toMatchObject([
      { attempt: 4, answer: 200, failure: null, took_ms: expect.any(Number) },
      { attempt: 3, answer: null, failure: null, took_ms: null },
      { attempt: 2, answer: 302, failure: "redirect" },
      { attempt: 1, answer: 500, failure: "status" },
    ]);
    for (let n = 0; n < limits.keptAttempts; n++) {
      await env.DB.prepare("UPDATE webhook_deliveries SET status = 'pending', attempts = 0 WHERE id = ?")
        .bind(pending.id)
        .run();
      await makeAttempt(env, { deliveryId: pending.id, attempt: 0 }, { now: died + 2 + n });
    }
    expect(await log()).toHaveLength(limits.keptAttempts);
    const stored = () =>
      env.DB.prepare("SELECT count(*) AS n FROM webhook_attempts WHERE delivery_id = ?")
        .bind(pending.id)
        .first("n");
    expect(await stored()).toBe(limits.keptAttempts);
    await api("DELETE", path, { token });
    expect(await stored()).toBe(0);
  });

  it("is tried eight times within 28 hours, with the same body and id, then is dead; and can be had again", async () => {
    const target = newTarget();
    await target.script(Array(8).fill(503));
    const { path, secret } = await workspaceWithWebhook(token, target);
    await api("POST", `${path}/ping`, { token });
    await newest(path, { answer: 503 });
    let waited = 0;
    for (let turn = 0; turn < 7; turn++) {
      const [{ id, next_attempt_at, attempts }] = await deliveries(path);
      // After five seconds the queue makes the second; the others are hours away.
      if (attempts === 8) break;
      const now = Date.now();
      waited += Date.parse(next_attempt_at) - now;
      await makeAttempt(env, { deliveryId: id, attempt: attempts }, { now });
    }
    expect(waited / 3_600_000).toBeGreaterThan(27);
    expect(waited / 3_600_000).toBeLessThan(31);
    const dead = await deliveries(path, "?status=dead");
    expect(dead).toMatchObject([{ attempts: 8, answer: 503, failure: "status", next_attempt_at: null }]);
    const received = await target.received();
    expect(received).toHaveLength(8);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect((await api("GET", path, { token })).body.failing_since).not.toBeNull();
    await api("POST", `${path}/deliveries/${dead[0].id}/redeliver`, { token });
    expect(await newest(path, { status: "delivered" })).toMatchObject({ id: dead[0].id, attempts: 1 });
    expect(verified(secret, (await arrived(target, 9))[8]!)).toBeTruthy();
    expect((await api("GET", path, { token })).body.failing_since).toBeNull();
  });

  it("is not made twice by a message that came twice", async () => {
    const target = newTarget();
    const { path } = await workspaceWithWebhook(token, target);
    await api("POST", `${path}/ping`, { token });
    const { id } = await newest(path, { status: "delivered" });
    await Promise.all([0, 1, 2].map(() => makeAttempt(env, { deliveryId: id, attempt: 0 })));
    await target.script([500]);
    await api("POST", `${path}/deliveries/${id}/redeliver`, { token });
    await arrived(target, 2);
    await newest(path, { status: "pending" });
    await Promise.all([1, 2, 3].map(() => makeAttempt(env, { deliveryId: id, attempt: 1 })));
    expect(await target.received()).toHaveLength(3);
  });

  it("follows no redirect, and names what was wrong", async () => {
    const target = newTarget();
    await target.script([302]);
    const { path } = await workspaceWithWebhook(token, target);
    await api("POST", `${path}/ping`, { token });
    await vi.waitFor(async () => expect((await deliveries(path))[0].failure).toBe("redirect"), {
      timeout: 20_000,
    });
    expect(await target.received("elsewhere")).toEqual([]);
    const nobody = { ...newTarget(), url: "http://127.0.0.1:1/" };
    const { path: unheard } = await workspaceWithWebhook(token, nobody);
    await api("POST", `${unheard}/ping`, { token });
    await vi.waitFor(
      async () =>
        expect((await deliveries(unheard))[0]).toMatchObject({ failure: "unreachable", answer: null }),
      { timeout: 20_000 },
    );
  });

  it("ends the webhook where the target says that it is gone, or has been silent for five days", async () => {
    const gone = newTarget();
    await gone.script([410]);
    const { path } = await workspaceWithWebhook(token, gone);
    await api("POST", `${path}/ping`, { token });
    await newest(path, { status: "dead" });
    expect((await api("GET", path, { token })).body).toMatchObject({
      enabled: false,
      disabled_reason: "gone",
    });

    const silent = newTarget();
    await silent.script(Array(8).fill(500));
    const failing = await workspaceWithWebhook(token, silent);
    await api("POST", `${failing.path}/ping`, { token });
    await newest(failing.path, { answer: 500 });
    await makeAttemptsOf(failing.path, 1, Date.now() + 5.1 * 86_400_000);
    expect((await api("GET", failing.path, { token })).body).toMatchObject({ disabled_reason: "failing" });
  });
});

it("what is old, or belongs to nothing any more, is deleted", async () => {
  const target = newTarget();
  const { path, workspaceId, id } = await workspaceWithWebhook(token, target);
  await api("POST", `${path}/ping`, { token });
  await newest(path, { status: "delivered" });
  const rows = async () =>
    (
      await env.DB.prepare(
        `SELECT (SELECT count(*) FROM webhook_deliveries WHERE webhook_id = ?1) AS deliveries,
                (SELECT count(*) FROM outbox WHERE workspace_id = ?2) AS events,
                (SELECT count(*) FROM webhooks WHERE id = ?1) AS webhooks`,
      )
        .bind(id, workspaceId)
        .all()
    ).results[0];
  expect(await rows()).toMatchObject({ deliveries: 1, webhooks: 1 });
  const hour = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  await env.DB.prepare("UPDATE outbox SET created_at = created_at - 2700000000 WHERE workspace_id = ?")
    .bind(workspaceId)
    .run();
  await env.DB.prepare(
    "UPDATE webhook_deliveries SET created_at = created_at - 2700000000 WHERE webhook_id = ?",
  )
    .bind(id)
    .run();
  await vi.waitFor(async () => {
    await ringCron(hour);
    expect(await rows()).toEqual({ deliveries: 0, events: 0, webhooks: 1 });
  }, behindTheAnswer);
  await env.DB.batch([
    env.DB.prepare("DELETE FROM memberships WHERE workspace_id = ?").bind(workspaceId),
    env.DB.prepare("DELETE FROM workspaces WHERE id = ?").bind(workspaceId),
  ]);
  await ringCron(hour);
  expect(await rows()).toMatchObject({ webhooks: 0 });
});
