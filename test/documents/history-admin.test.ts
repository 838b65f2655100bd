import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { announced, openSocket } from "../support/socket.ts";

async function editedDocument() {
  const account = await newAccount();
  const { access_token: token } = account;
  const { body } = await api("POST", "/documents", { token, json: { title: "T", content: "a" } });
  const path = `/documents/${body.id}`;
  for (const content of ["ab", "abc", "abcd"]) await api("PATCH", path, { token, json: { content } });
  return { id: body.id as string, token, path };
}

it("a history is kept as far as its owner says, and compacted when they say", async () => {
  const { id, token, path } = await editedDocument();
  const before = await api("POST", `${path}/compaction`, { token });
  expect(before.body).toEqual({ horizon: 0, database_bytes: expect.any(Number) });
  const kept = { operations: 0, days: null };
  const set = await api("PUT", `${path}/retention`, { token, json: kept });
  expect(set.body).toMatchObject(kept);
  expect((await api("POST", `${path}/compaction`, { token })).body.horizon).toBe(4);
  expect((await api("GET", path, { token })).body).toMatchObject({ content: "abcd", version: 4 });
  const socket = await openSocket(id, token);
  const welcome = await socket.ask({ type: "hello", client_id: "away-for-long", since: 1 });
  expect(welcome).toMatchObject({ version: 4, text: "abcd", horizon: 4 });
  socket.close();
});

it("a history is kept whole unless something else is said, and of bad bounds nothing is taken", async () => {
  const { token, path } = await editedDocument();
  for (const json of [
    {},
    { operations: -1, days: null },
    { operations: 1.5, days: 1 },
    { operations: "1", days: 1 },
  ]) {
    expectProblem(await api("PUT", `${path}/retention`, { token, json }), "validation_failed");
  }
  const all = await api("PUT", `${path}/retention`, { token, json: { operations: null, days: null } });
  expect(all.body).toEqual({ operations: null, days: null, horizon: 0 });
  expect((await api("POST", `${path}/compaction`, { token })).body.horizon).toBe(0);
});

it("a history is kept for a hundred years at most: the room has an alarm for their end", async () => {
  const { id, token, path } = await editedDocument();
  const keep = (days: number) => api("PUT", `${path}/retention`, { token, json: { operations: null, days } });
  expectProblem(await keep(limits.retentionDays + 1), "validation_failed");
  expect((await keep(limits.retentionDays)).status).toBe(200);
  const end = Date.now() + limits.retentionDays * 86_400_000;
  await announced(env.ROOMS.getByName(id));
  await vi.waitFor(async () => {
    const at = await runInDurableObject(env.ROOMS.getByName(id), (_room, { storage }) => storage.getAlarm());
    expect(at).not.toBeNull();
    expect(Math.abs(at! - end)).toBeLessThan(3_600_000);
  }, behindTheAnswer);
});

it("nobody else sets or compacts it", async () => {
  const { path } = await editedDocument();
  const { access_token: token } = await newAccount();
  expectProblem(
    await api("PUT", `${path}/retention`, { token, json: { operations: 0, days: 0 } }),
    "not_found",
  );
  expectProblem(await api("POST", `${path}/compaction`, { token }), "not_found");
});
