import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { type EventReader, openEvents } from "../support/event-source.ts";
import { addMember } from "../support/members.ts";
import { openSocket } from "../support/socket.ts";

let ann: TokensBody;
let token: string;
let stranger: string;
beforeAll(async () => {
  ann = await newAccount({ name: "Ann Ünicode" });
  token = ann.access_token;
  stranger = (await newAccount()).access_token;
});

async function created(content = ""): Promise<string> {
  return (await api("POST", "/documents", { token, json: { title: "T", content } })).body.id;
}

const post = (id: string, json: object) => api("POST", `/documents/${id}/operations`, { token, json });
const list = (id: string, query: string) => api("GET", `/documents/${id}/operations?${query}`, { token });
const textOf = async (id: string) => (await api("GET", `/documents/${id}/content`, { token })).text;

describe("submitting an operation", () => {
  it("RM-3: counts once, by whichever way it is sent again", async () => {
    const id = await created();
    const submission = { client_id: "ann-1", seq: 1, base: 0, op: ["Hello"] };
    const answer = await post(id, submission);
    expect(answer.body).toEqual({ seq: 1, version: 1, actor: 1, trace_id: operationTraceId(id, 1) });
    expect((await post(id, submission)).body).toEqual(answer.body);
    const socket = await openSocket(id, token);
    const welcome = await socket.ask({ type: "hello", client_id: "ann-1" });
    expect(welcome).toMatchObject({ actor: 1, last_seq: 1, text: "Hello" });
    const again = { type: "submit", seq: 1, base: 0, op: ["Hello"] };
    expect(await socket.ask(again)).toEqual({ type: "ack", seq: 1, version: 1 });
    expect(await socket.ask({ type: "submit", seq: 2, base: 1, op: [5, "!"] })).toMatchObject({ version: 2 });
    expect((await post(id, { client_id: "ann-1", seq: 2, base: 1, op: [5, "!"] })).body.version).toBe(2);
    expectProblem(await post(id, { ...submission, op: ["other"] }), "seq_reused");
    expect(await textOf(id)).toBe("Hello!");
  });

  it("RM-1: is moved over what others did since its base", async () => {
    const id = await created("one two");
    await post(id, { client_id: "a", seq: 1, base: 1, op: ["zero "] });
    expect((await post(id, { client_id: "b", seq: 1, base: 1, op: [4, "2", -3] })).body.version).toBe(3);
    expect(await textOf(id)).toBe("zero one 2");
  });

  const submission = { client_id: "a", seq: 1, base: 1, op: ["x"] };
  it.each<[string, object, Parameters<typeof expectProblem>[1]]>([
    ["a gap", { seq: 2 }, "seq_gap"],
    ["a base to come", { base: 9 }, "base_ahead"],
    ["a place past the end", { op: [9, "x"] }, "out_of_range"],
    ["half a pair", { op: [2, "x"] }, "splits_surrogate"],
    ["no normal form", { op: ["x", "y"] }, "invalid_operation"],
    ["a retain at the end", { op: [1] }, "invalid_operation"],
    ["too large an insert", { op: ["x".repeat(limits.insertUnits + 1)] }, "operation_too_large"],
    ["a part that is none", { op: [null] }, "validation_failed"],
    ["no operation", { op: undefined }, "validation_failed"],
    ["half a number", { op: [1.5, "x"] }, "validation_failed"],
    ["seq 0", { seq: 0 }, "validation_failed"],
    ["no client", { client_id: "" }, "validation_failed"],
    ["a client of other characters", { client_id: "a b" }, "validation_failed"],
    ["a base that is no count", { base: -1 }, "validation_failed"],
  ])("RM-6: refuses %s, and changes nothing", async (_, wrong, code) => {
    const id = await created("a😀");
    expectProblem(await post(id, { ...submission, ...wrong }), code);
    expect((await api("GET", `/documents/${id}`, { token })).body).toMatchObject({
      content: "a😀",
      version: 1,
    });
    expect((await post(id, submission)).body.version).toBe(2);
  });
});

describe("reading operations", () => {
  it("pages through what came since, whoever wrote it", async () => {
    const id = await created("a");
    for (let seq = 1; seq <= 3; seq++) await post(id, { client_id: "c", seq, base: seq, op: [seq, "b"] });
    const all = await list(id, "since=0");
    expect(all.body).toEqual({
      from: 1,
      items: [
        { op: ["a"], actor: 1, seq: 1 },
        ...[1, 2, 3].map((seq) => ({ op: [seq, "b"], actor: 2, seq })),
      ].map((item, index) => ({ ...item, trace_id: operationTraceId(id, index + 1) })),
      actors: [1, 2].map((actor) => ({ actor, user_id: ann.user.id, kind: "person" })),
      version: 4,
      epoch: expect.any(String),
      horizon: 0,
    });
    const page = await list(id, "since=1&limit=2");
    expect(page.body).toMatchObject({ from: 2, items: all.body.items.slice(1, 3), version: 4 });
    expect((await list(id, "since=4")).body).toMatchObject({ from: 5, items: [], actors: [], version: 4 });
    expectProblem(await list(id, "since=5"), "base_ahead");
  });

  it("waits for the next one, while the room sleeps", async () => {
    const id = await created("a");
    const waiting = list(id, `since=1&wait=${limits.pollSeconds}`);
    const started = Date.now();
    await expect.poll(async () => (await env.ROOMS.getByName(id).stats()).sockets).toBe(1);
    await evictDurableObject(env.ROOMS.getByName(id), { webSockets: "hibernate" });
    await post(id, { client_id: "c", seq: 1, base: 1, op: [1, "b"] });
    expect((await waiting).body).toMatchObject({ from: 2, items: [{ op: [1, "b"] }], version: 2 });
    // It did not come because the time was up.
    expect(Date.now() - started).toBeLessThan(limits.pollSeconds * 1_000 - 1_000);
    await expect.poll(async () => (await env.ROOMS.getByName(id).stats()).sockets).toBe(0);
  });

  it("comes back empty when the time is up, and at once when there is something", async () => {
    const id = await created("a");
    const started = Date.now();
    expect((await list(id, "since=1&wait=1")).body).toMatchObject({ items: [], version: 1 });
    expect(Date.now() - started).toBeGreaterThanOrEqual(950);
    expect((await list(id, "since=0&wait=30")).body.items).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  it("AC-2: ends for who may not see the document any more, and with their session", async () => {
    const id = await created("a");
    const waiting = list(id, "since=1&wait=20");
    await expect.poll(async () => (await env.ROOMS.getByName(id).stats()).sockets).toBe(1);
    await api("DELETE", `/documents/${id}`, { token });
    expectProblem(await waiting, "not_found");

    const eve = await newAccount();
    const as = { token: eve.access_token };
    const own = (await api("POST", "/documents", { ...as, json: { title: "T" } })).body.id;
    const hers = api("GET", `/documents/${own}/operations?since=0&wait=20`, as);
    await expect.poll(async () => (await env.ROOMS.getByName(own).stats()).sockets).toBe(1);
    await api("POST", "/auth/logout", { json: { refresh_token: eve.refresh_token } });
    expectProblem(await hers, "invalid_token");
  });

  it.each([
    "",
    "since=",
    "since=-1",
    "since=x",
    "since=1&wait=31",
    "since=1&wait=x",
    "since=1&limit=0",
    "since=1&limit=1001",
  ])("refuses ?%s", async (query) => {
    expectProblem(await list(await created(), query), "invalid_request");
  });
});

describe("events", () => {
  const versionOf = (id: string | undefined) => Number(id?.split("-")[0]);

  it("are the socket's frames, each with the version that one has after it", async () => {
    const id = await created("text");
    const events = await openEvents(id, token);
    expect(events.response.headers.get("content-type")).toBe("text/event-stream");
    expect(events.response.headers.get("cache-control")).toBe("no-store");
    const welcome = await events.next();
    expect(welcome).toMatchObject({ event: "welcome", data: { text: "text", version: 1, role: "owner" } });
    expect(welcome?.id).toBe(`1-${welcome?.data.epoch}`);
    await post(id, { client_id: "c", seq: 1, base: 1, op: [4, "\n"] });
    expect(await events.next()).toMatchObject({ event: "actors", id: undefined });
    const operations = await events.next();
    expect(operations).toMatchObject({ event: "operations", data: { from: 2, items: [{ op: [4, "\n"] }] } });
    expect(versionOf(operations?.id)).toBe(2);
    await events.close();
  });

  it("RM-7: come from a room that may sleep, and that forgets who has gone", async () => {
    const id = await created("text");
    const room = env.ROOMS.getByName(id);
    const events = await openEvents(id, token);
    await events.next();
    await evictDurableObject(room, { webSockets: "hibernate" });
    await post(id, { client_id: "c", seq: 1, base: 1, op: ["x"] });
    expect((await events.next())?.event).toBe("actors");
    expect((await events.next())?.event).toBe("operations");
    await events.close();
    await expect.poll(async () => (await room.stats()).sockets).toBe(0);
  });

  it("go on after the last one that was read", async () => {
    const id = await created("a rather long text that nobody wants to read twice ".repeat(9));
    const first = await openEvents(id, token);
    const last = (await first.next())?.id ?? "";
    await first.close();
    await post(id, { client_id: "c", seq: 1, base: 1, op: ["x"] });
    const resumed = await openEvents(id, token, { lastEventId: last });
    const welcome = await resumed.next();
    expect(welcome?.data).toMatchObject({ version: 2, operations: { from: 2, items: [{ op: ["x"] }] } });
    await resumed.close();
    // The version alone, the query, another storage.
    for (const options of [
      { lastEventId: "1" },
      { query: "?since=1" },
      { lastEventId: "1", query: "?since=0" },
    ]) {
      const events = await openEvents(id, token, options);
      expect((await events.next())?.data.operations?.from).toBe(2);
      await events.close();
    }
    const restored = await openEvents(id, token, { lastEventId: "1-another" });
    expect((await restored.next())?.data.text).toMatch(/^xa rather/);
    await restored.close();
  });

  it("and submissions are all that a client needs: it learns what was its own", async () => {
    const id = await created("text");
    await post(id, { client_id: "mine", seq: 1, base: 1, op: ["x"] });
    // The answer was lost.
    const events = await openEvents(id, token, { query: "?since=1&client_id=mine&last_seq=1" });
    const { data } = (await events.next()) ?? {};
    expect(data.operations).toEqual({ from: 2, items: [{ op: ["x"], actor: data.actor, seq: 1 }] });
    expect(data.last_seq).toBe(1);
    await events.close();
  });

  /** The last event, when the stream has ended. */
  async function endOf(events: EventReader) {
    let last = await events.next();
    for (let next = last; next; next = await events.next()) last = next;
    return last;
  }

  it("AC-2: end with the document, with the session, and with another reader under the same name", async () => {
    const id = await created("text");
    const first = await openEvents(id, token, { query: "?client_id=one" });
    await first.next();
    const second = await openEvents(id, token, { query: "?client_id=one" });
    expect(await endOf(first)).toMatchObject({ event: "close", data: { code: 4409, retry: false } });
    await second.next();
    await api("DELETE", `/documents/${id}`, { token });
    expect((await endOf(second))?.event).toBe("close");

    const eve = await newAccount();
    const own = await api("POST", "/documents", { token: eve.access_token, json: { title: "T" } });
    const hers = await openEvents(own.body.id, eve.access_token);
    await hers.next();
    await api("POST", "/auth/logout", { json: { refresh_token: eve.refresh_token } });
    expect(await endOf(hers)).toMatchObject({ event: "close", data: { code: 4403, retry: false } });
  });

  it("AC-1: tell a viewer's new role, and that it is gone", async () => {
    const workspace = await api("POST", "/workspaces", { token, json: { name: "Shared" } });
    const viewer = await newAccount();
    await addMember(workspace.body.id, viewer, "viewer");
    const json = { title: "T", content: "text", workspace_id: workspace.body.id };
    const { id } = (await api("POST", "/documents", { token, json })).body;
    const events = await openEvents(id, viewer.access_token);
    expect((await events.next())?.data.role).toBe("viewer");
    const member = `/workspaces/${workspace.body.id}/members/${viewer.user.id}`;
    await api("PATCH", member, { token, json: { role: "editor" } });
    expect(await events.next()).toMatchObject({ event: "role", id: undefined, data: { role: "editor" } });
    await api("DELETE", member, { token });
    expect(await endOf(events)).toMatchObject({ data: { code: 4403 } });
  });

  it.each(["x", "-1", "1.5", "1-", ""])("refuse Last-Event-ID: %j", async (lastEventId) => {
    const headers = { "last-event-id": lastEventId };
    expectProblem(
      await api("GET", `/documents/${await created()}/events`, { token, headers }),
      "invalid_request",
    );
  });
});

it.each<[string, string, object]>([
  ["POST", "operations", { json: { client_id: "a", seq: 1, base: 0, op: ["x"] } }],
  ["GET", "operations?since=0", {}],
  ["GET", "operations?since=0&wait=9", {}],
  ["GET", "events", {}],
])("AU-4: %s /%s of a foreign document looks like one of none", async (method, path, options) => {
  const id = await created("private");
  for (const document of [id, crypto.randomUUID()]) {
    expectProblem(
      await api(method, `/documents/${document}/${path}`, { token: stranger, ...options }),
      "not_found",
    );
  }
  expectProblem(await api(method, `/documents/${id}/${path}`, options), "unauthenticated");
});
