import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { confirmAddresses } from "../support/members.ts";
import { openSocket } from "../support/socket.ts";

let owner: TokensBody;
let friend: TokensBody;
let id: string;
beforeAll(async () => {
  [owner, friend] = await Promise.all([newAccount({ name: "Ann" }), newAccount({ name: "Ben" })]);
  await confirmAddresses(friend);
  const made = await api("POST", "/documents", {
    token: owner.access_token,
    json: { title: "Plan", content: "text" },
  });
  id = made.body.id;
});

const put = (json: object, token = owner.access_token) =>
  api("PUT", `/documents/${id}/grants`, { token, json });
const list = (query = "", token = owner.access_token) =>
  api("GET", `/documents/${id}/grants${query}`, { token });
const revoke = (userId: string, token = owner.access_token) =>
  api("DELETE", `/documents/${id}/grants/${userId}`, { token });
const read = ({ access_token: token }: TokensBody) => api("GET", `/documents/${id}`, { token });
const eventsOf = async (type: string) => {
  const { results } = await env.DB.prepare("SELECT data FROM outbox WHERE type = ? AND data LIKE ?")
    .bind(type, `%${id}%`)
    .all<{ data: string }>();
  return results.map(({ data }) => JSON.parse(data));
};

describe("grants", () => {
  it("give a role in one document, change it, and take it away, each told as an event", async () => {
    expectProblem(await read(friend), "not_found");
    const given = await put({ email: friend.user.email.toUpperCase(), role: "viewer" });
    expect(given.status, given.text).toBe(200);
    expect(given.body).toEqual({
      user_id: friend.user.id,
      name: "Ben",
      email: friend.user.email,
      role: "viewer",
      granted_by: owner.user.id,
      created_at: expect.any(String),
    });
    expect((await list()).body).toEqual({ items: [given.body], next_cursor: null });
    expect((await read(friend)).status).toBe(200);
    const json = { title: "X" };
    expectProblem(await api("PATCH", `/documents/${id}`, { token: friend.access_token, json }), "forbidden");
    const raised = await put({ email: friend.user.email, role: "editor" });
    expect(raised.body).toEqual({ ...given.body, role: "editor" });
    expect((await api("PATCH", `/documents/${id}`, { token: friend.access_token, json })).status).toBe(200);
    expect((await revoke(friend.user.id)).status).toBe(204);
    expectProblem(await read(friend), "not_found");
    expectProblem(await revoke(friend.user.id), "not_found");
    const shared = { document_id: id, user_id: friend.user.id, by: owner.user.id };
    expect(await eventsOf("documents.shared")).toEqual([
      { ...shared, role: "viewer" },
      { ...shared, role: "editor" },
      { ...shared, role: null },
    ]);
  });

  it("AC-1: reach open sockets at once, in both directions", async () => {
    await put({ email: friend.user.email, role: "viewer" });
    const socket = await openSocket(id, friend.access_token);
    expect(await socket.ask({ type: "hello", client_id: crypto.randomUUID() })).toMatchObject({
      role: "viewer",
    });
    await put({ email: friend.user.email, role: "editor" });
    expect(await socket.next()).toMatchObject({ type: "role", role: "editor" });
    await revoke(friend.user.id);
    expect(await socket.next()).toEqual({ closed: 4403 });
  });

  it("are given up by who has them, and seen and made by owners alone", async () => {
    const token = friend.access_token;
    const json = { email: owner.user.email, role: "viewer" };
    for (const answer of [
      await list("", token),
      await put(json, token),
      await revoke(owner.user.id, token),
    ]) {
      expectProblem(answer, "not_found");
    }
    await put({ email: friend.user.email, role: "editor" });
    for (const answer of [
      await list("", token),
      await put(json, token),
      await revoke(owner.user.id, token),
    ]) {
      expectProblem(answer, "forbidden");
    }
    expect((await revoke(friend.user.id, token)).status).toBe(204);
    expectProblem(await read(friend), "not_found");
  });

  it("need an address that somebody has confirmed", async () => {
    const unconfirmed = await newAccount();
    expectProblem(await put({ email: unconfirmed.user.email, role: "viewer" }), "not_found");
    expectProblem(await put({ email: "nobody@example.com", role: "viewer" }), "not_found");
    expectProblem(await put({ email: "nobody", role: "viewer" }), "validation_failed");
    expectProblem(await put({ email: friend.user.email, role: "owner" }), "validation_failed");
    expect((await list()).body.items).toEqual([]);
  });

  it("are listed by pages, and are no more than so many", async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => newAccount()));
    await confirmAddresses(...people);
    for (const { user } of people) await put({ email: user.email, role: "viewer" });
    const seen: string[] = [];
    for (let query = "?limit=2"; ; ) {
      const { body } = await list(query);
      seen.push(...body.items.map(({ user_id }: { user_id: string }) => user_id));
      if (body.next_cursor === null) break;
      query = `?limit=2&cursor=${body.next_cursor}`;
    }
    expect(new Set(seen)).toEqual(new Set(people.map(({ user }) => user.id)));
    expect(seen).toHaveLength(5);
    const filler = Array.from({ length: limits.grantsPerDocument - 5 }, () => crypto.randomUUID());
    await env.DB.batch(
      filler.flatMap((filled) => [
        env.DB.prepare(
          "INSERT INTO users (id, email, email_normalized, name, created_at) VALUES (?1, ?1, ?1, '', 0)",
        ).bind(filled),
        env.DB.prepare("INSERT INTO document_grants VALUES (?, ?, 'viewer', ?, 0)").bind(id, filled, filled),
      ]),
    );
    expectProblem(await put({ email: friend.user.email, role: "viewer" }), "quota_exceeded");
    // Who has one already may have another.
    expect((await put({ email: people[0]!.user.email, role: "editor" })).status).toBe(200);
  });
});
