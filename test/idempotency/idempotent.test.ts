import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { requests } from "../support/authorization-requests.ts";
import { Scene, type Thing } from "../support/authorization-scene.ts";
import { ringCron } from "../support/cron.ts";
import { description } from "../support/described.ts";
import { testSecrets } from "../support/secrets.ts";
import { newTarget } from "../support/webhooks.ts";

let scene: Scene;
let team: Thing;
let document: Thing;
let person: TokensBody;
let token: string;
beforeAll(async () => {
  scene = await Scene.make(newTarget().url);
  team = await scene.newTeam();
  document = await scene.newDocument(team.id);
  person = scene.people.owner;
  token = person.access_token;
}, 60_000);

const newKey = () => crypto.randomUUID();
const post = (path: string, json: object | undefined, key: string, who = token) =>
  api("POST", path, { token: who, ...(json && { json }), headers: { "idempotency-key": key } });
const newDocument = (key: string, json: object = {}, who = token) =>
  post("/documents", { title: "Once", content: "a text", ...json }, key, who);
const isReplay = ({ headers }: Answer) => headers.get("idempotency-replayed") === "true";
const run = (sql: string, ...values: (string | number)[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();
const rowsOf = async (userId: string) =>
  (await env.DB.prepare("SELECT * FROM idempotency_keys WHERE user_id = ?").bind(userId).all()).results;
/** As a crash leaves it, after all was made and before the answer was kept. */
const loseAnswers = () => run("UPDATE idempotency_keys SET answer = NULL, locked_until = 0");

/** Without a key: opening an account has nobody yet whose key it could be; to begin anew with a second factor replaces what was begun. */
const besides = ["/auth/register", "/auth/second-factor/enrolment", "/users/me/second-factor"];

/** Requests that make something, as /openapi.json tells them. */
const creating = Object.entries(description.paths).flatMap(([path, { post }]) => {
  const takesKey = post?.parameters?.some(({ name }) => name === "idempotency-key");
  const place = path.replace("/api/v1", "");
  return (takesKey || post?.responses[201]) && !besides.includes(place) ? [place] : [];
});

describe.each(creating)("ID-1: POST %s, sent again", (path) => {
  async function asked() {
    const route = `POST ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
    const thing = path.startsWith("/documents") ? document : team;
    const { json, body, query, headers } =
      (await requests[route]?.({ scene, who: "owner", thing, row: "own" })) ?? {};
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: "id" | "webhook_id") =>
      name === "id" ? thing.id : thing.parts[name],
    );
    return (key: string) =>
      api("POST", address + (query ?? ""), {
        token,
        ...(json && { json }),
        ...(body && { body }),
        headers: { ...headers, "idempotency-key": key },
      });
  }

  it("is answered as the first time, and makes nothing", async () => {
    const send = await asked();
    const [key, another] = [newKey(), newKey()];
    const first = await send(key);
    expect(first.status, first.text).toBeLessThan(300);
    expect(isReplay(first)).toBe(false);
    const second = await send(key);
    expect(isReplay(second)).toBe(true);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    for (const name of ["content-type", "location", "etag"])
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect((await send(another)).body.id).not.toBe(first.body.id);
  });

  it("after its answer was lost with whoever made it, is about what was made then", async () => {
    const send = await asked();
    const key = newKey();
    const first = await send(key);
    await loseAnswers();
    const second = await send(key);
    expect([second.status, second.body.id, isReplay(second)]).toEqual([first.status, first.body.id, false]);
    // What is told once and kept nowhere is told anew.
    if (first.body.token) expect(second.body.token).not.toBe(first.body.token);
  });
});

describe("ID-1: an Idempotency-Key", () => {
  it("is of one request: with another body or another address it is refused", async () => {
    const key = newKey();
    await newDocument(key);
    expectProblem(await newDocument(key, { title: "Another" }), "idempotency_key_reused");
    expectProblem(await post("/workspaces", { name: "Once" }, key), "idempotency_key_reused");
    expect(isReplay(await newDocument(key))).toBe(true);
  });

  it("of many at once has one document made; the others are told to come again", async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 8 }, () => newDocument(key)));
    const made = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status !== 201);
    expect(made.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(waiting.length).toBeGreaterThan(0);
    for (const answer of waiting) {
      expectProblem(answer, "idempotency_in_flight");
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await newDocument(key)).body).toEqual(made[0]!.body);
  });

  it("is its person's: another's is another", async () => {
    const key = newKey();
    const other = await newAccount();
    const [one, two] = [await newDocument(key), await newDocument(key, {}, other.access_token)];
    expect([two.status, isReplay(two)]).toEqual([201, false]);
    expect(two.body.id).not.toBe(one.body.id);
  });

  it("is free again after a refusal, which has made nothing", async () => {
    const key = newKey();
    expectProblem(await newDocument(key, { title: "" }), "validation_failed");
    expectProblem(await newDocument(key, { workspace_id: newKey() }), "not_found");
    expect((await newDocument(key)).status).toBe(201);
  });

  it("is forgotten after a day, swept or not", async () => {
    const [key, swept] = [newKey(), newKey()];
    const first = await newDocument(key);
    await newDocument(swept);
    await run("UPDATE idempotency_keys SET created_at = created_at - ?", limits.idempotencyHours * 3_600_000);
    const second = await newDocument(key);
    expect([second.status, isReplay(second)]).toEqual([201, false]);
    expect(second.body.id).not.toBe(first.body.id);
    await ringCron();
    expect(await rowsOf(person.user.id)).toHaveLength(1);
  });

  it.each(["", " ", "é", "x".repeat(limits.idempotencyKeyUnits + 1)])("is refused as %j", async (key) => {
    expectProblem(await newDocument(key), "invalid_request");
  });

  it("may be quoted, as the draft has it, or bare", async () => {
    const key = newKey();
    const first = await newDocument(`"${key}"`);
    expect((await newDocument(key)).body).toEqual(first.body);
  });

  it("of a request that failed here has it tried again, from where it was left", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const key = newKey();
    const broken = { getByName: () => ({ create: () => Promise.reject(new Error("the room is away")) }) };
    const request = new Request("https://materi.test/api/v1/documents", {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({ title: "Once", content: "a text" }),
    });
    const failed = await app.fetch(
      request,
      { ...env, ROOMS: broken } as unknown as Env,
      createExecutionContext(),
    );
    vi.restoreAllMocks();
    expect(failed.status).toBe(500);
    const made = await newDocument(key);
    expect([made.status, isReplay(made)]).toEqual([201, false]);
    expect((await api("GET", `/documents/${made.body.id}`, { token })).body.content).toBe("a text");
    await ringCron(Date.now() + 3_600_000);
    expect((await api("GET", `/documents/${made.body.id}`, { token })).status).toBe(200);
  });

  it("of a document that is too large to keep answers what the document is now", async () => {
    const key = newKey();
    const content = "x".repeat(limits.keptAnswerUnits);
    const first = await newDocument(key, { content });
    const second = await newDocument(key, { content });
    expect([second.status, isReplay(second)]).toEqual([201, false]);
    expect(second.body).toEqual(first.body);
  });
});

describe("ID-2: an answer that is kept", () => {
  it("is sealed: neither a text nor a token is in the database", async () => {
    const key = newKey();
    const secret = `secret-${newKey()}`;
    const made = await newDocument(key, { content: secret });
    const link = { name: "L", role: "viewer" };
    const shared = await post(`/documents/${made.body.id}/share-links`, link, newKey());
    const stored = JSON.stringify(await rowsOf(person.user.id));
    for (const told of [key, secret, shared.body.token, made.body.title]) expect(stored).not.toContain(told);
  });

  it("that the service cannot open any more, as its secret was replaced, is made anew", async () => {
    const key = newKey();
    const made = await newDocument(key);
    const json = { title: "Once", content: "a text" };
    const request = new Request("https://materi.test/api/v1/documents", {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify(json),
    });
    const replaced = { ...env, ...testSecrets, REFRESH_SECRET: "another-secret-than-the-one-before-it" };
    const again = await app.fetch(request, replaced as unknown as Env, createExecutionContext());
    expect(again.status).toBe(201);
    expect(again.headers.has("idempotency-replayed")).toBe(false);
    expect(((await again.json()) as { id: string }).id).toBe(made.body.id);
  });

  it("goes with the document for good", async () => {
    const other = await newAccount();
    const made = await newDocument(newKey(), {}, other.access_token);
    expect(await rowsOf(other.user.id)).toHaveLength(1);
    await api("DELETE", `/documents/${made.body.id}?permanent=true`, { token: other.access_token });
    expect(await rowsOf(other.user.id)).toEqual([]);
  });

  it("goes with the account", async () => {
    const other = await newAccount();
    await newDocument(newKey(), {}, other.access_token);
    await api("POST", "/users/me/deletion", { token: other.access_token, json: { documents: "delete" } });
    expect(await rowsOf(other.user.id)).toEqual([]);
  });
});
