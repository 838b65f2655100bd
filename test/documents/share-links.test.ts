import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";
import { openEvents } from "../support/event-source.ts";
import { addMember } from "../support/members.ts";
import { type Frame, openSocket } from "../support/socket.ts";

let owner: TokensBody;
let person: TokensBody;
let id: string;
beforeAll(async () => {
  [owner, person] = await Promise.all([newAccount(), newAccount({ name: "Ben" })]);
});
beforeEach(async () => {
  const json = { title: "Plan", content: "first" };
  id = (await api("POST", "/documents", { token: owner.access_token, json })).body.id;
  await api("PATCH", `/documents/${id}`, { token: owner.access_token, json: { content: "second" } });
});

const share = (json: object, token = owner.access_token) =>
  api("POST", `/documents/${id}/share-links`, { token, json: { name: "A link", role: "viewer", ...json } });
const revoke = (linkId: string, token = owner.access_token) =>
  api("DELETE", `/documents/${id}/share-links/${linkId}`, { token });
const open = (token: string, by: { who?: TokensBody; name?: string } = {}) =>
  api("POST", "/share-links/open", {
    ...(by.who && { token: by.who.access_token }),
    json: { token, ...(by.name !== undefined && { name: by.name }) },
  });
const read = (token: string) => api("GET", `/documents/${id}`, { token });
const write = (token: string) => api("PATCH", `/documents/${id}`, { token, json: { content: "by link" } });

async function guestOf(
  link: object,
  name = "Eve",
): Promise<{ linkId: string; token: string; userId: string }> {
  const { body } = await share({ guests: true, ...link });
  const opened = await open(body.token, { name });
  expect(opened.status, opened.text).toBe(200);
  return { linkId: body.id, token: opened.body.guest.access_token, userId: opened.body.guest.user_id };
}

describe("share links", () => {
  it("tell their token once, and keep its hash alone", async () => {
    const made = await share({ expires_at: "2100-01-01T00:00:00Z" });
    expect(made.status, made.text).toBe(201);
    const { token, url, ...link } = made.body;
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(new URL(url).hash).toBe(`#token=${token}`);
    expect(link).toEqual({
      id: expect.any(String),
      document_id: id,
      name: "A link",
      role: "viewer",
      history: false,
      guests: false,
      created_by: owner.user.id,
      created_at: expect.any(String),
      expires_at: "2100-01-01T00:00:00.000Z",
    });
    const listed = await api("GET", `/documents/${id}/share-links`, { token: owner.access_token });
    expect(listed.body).toEqual({ items: [link], next_cursor: null });
    const stored = await env.DB.prepare("SELECT * FROM share_links WHERE id = ?").bind(link.id).first();
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it("let a person in with their own token, until they are revoked", async () => {
    expectProblem(await read(person.access_token), "not_found");
    const viewing = (await share({})).body;
    const editing = (await share({ role: "editor" })).body;
    const opened = await open(viewing.token, { who: person });
    expect(opened.body).toEqual({ document_id: id, role: "viewer", history: false, guest: null });
    expect((await read(person.access_token)).body.content).toBe("second");
    expectProblem(await write(person.access_token), "forbidden");
    await open(editing.token, { who: person });
    expect((await write(person.access_token)).status).toBe(200);
    const list = await api("GET", "/documents?shared=true", { token: person.access_token });
    expect(list.body.items.map((item: { id: string }) => item.id)).toContain(id);
    const socket = await openSocket(id, person.access_token);
    expect(await socket.ask({ type: "hello", client_id: crypto.randomUUID() })).toMatchObject({
      role: "editor",
    });
    await revoke(editing.id);
    expect(await socket.next()).toMatchObject({ type: "role", role: "viewer" });
    expectProblem(await write(person.access_token), "forbidden");
    await revoke(viewing.id);
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await read(person.access_token), "not_found");
    expectProblem(await open(viewing.token, { who: person }), "not_found");
    expectProblem(await revoke(viewing.id), "not_found");
  });

  it("let a guest in by a name, over REST and sockets, into this document alone", async () => {
    const { token, userId, linkId } = await guestOf({ role: "editor" });
    expect((await read(token)).status).toBe(200);
    expect((await write(token)).body.content).toBe("by link");
    const socket = await openSocket(id, token);
    const welcome = await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    expect(await socket.ask({ type: "submit", seq: 1, base: welcome.version, op: ["x"] })).toMatchObject({
      type: "ack",
    });
    const here = await api("GET", `/documents/${id}/presence`, { token: owner.access_token });
    expect(here.body.items).toMatchObject([{ user_id: userId, name: "Eve", role: "editor", kind: "person" }]);
    const other = await api("POST", "/documents", { token: owner.access_token, json: { title: "Other" } });
    expectProblem(await api("GET", `/documents/${other.body.id}`, { token }), "not_found");
    for (const [method, path, json] of [
      ["GET", "/users/me"],
      ["GET", "/documents"],
      ["POST", "/documents", { title: "Mine" }],
      ["GET", "/workspaces"],
      ["POST", "/workspaces", { name: "Mine" }],
    ] as const) {
      expectProblem(await api(method, path, { token, ...(json && { json }) }), "invalid_token");
    }
    expectProblem(await api("GET", `/documents/${id}/share-links`, { token }), "forbidden");
    await ringCron();
    expect((await socket.ask({ type: "submit", seq: 2, base: 0, op: ["y"] })).type).not.toBe("error");
    await revoke(linkId);
    for (let frame = await socket.next(); ; frame = await socket.next()) {
      if (!frame.closed) continue;
      expect(frame).toEqual({ closed: 4403 });
      break;
    }
    expectProblem(await read(token), "invalid_token");
  });

  it("ask guests for a name, and people to sign in where guests may not come", async () => {
    const [withGuests, without] = [(await share({ guests: true })).body, (await share({})).body];
    expectProblem(await open(withGuests.token), "validation_failed");
    expectProblem(await open(withGuests.token, { name: " " }), "validation_failed");
    expectProblem(await open(without.token, { name: "Eve" }), "unauthenticated");
    const forged = await api("POST", "/share-links/open", {
      token: "forged",
      json: { token: withGuests.token },
    });
    expectProblem(forged, "invalid_token");
  });

  it("end at their time, with the tokens and the sockets of those who came by them", async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { token, linkId } = await guestOf({ expires_at: soon });
    const link = (await share({ expires_at: soon })).body;
    await open(link.token, { who: person });
    const endAt = (at: number) =>
      env.DB.batch([
        env.DB.prepare("UPDATE share_links SET expires_at = ? WHERE document_id = ?").bind(at, id),
        env.DB.prepare("UPDATE link_visitors SET expires_at = ? WHERE link_id = ?").bind(at, linkId),
      ]);
    // Before a token's own end, and after all that is asked below.
    const end = Date.now() + 300_000;
    await endAt(end);
    for (const bearer of [token, person.access_token]) {
      const socket = await openSocket(id, bearer);
      const welcome = await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
      expect(welcome.expires_at).toBe(Math.floor(end / 1000));
      socket.close();
    }
    await endAt(Date.now() - 1);
    expectProblem(await read(token), "invalid_token");
    expectProblem(await read(person.access_token), "not_found");
    expectProblem(await open(link.token, { who: person }), "not_found");
    await ringCron();
    const left = await env.DB.prepare("SELECT count(*) AS n FROM link_visitors WHERE link_id = ?")
      .bind(linkId)
      .first();
    expect(left).toEqual({ n: 0 });
    expectProblem(await share({ expires_at: "2000-01-01T00:00:00Z" }), "validation_failed");
  });

  it("show the past to those alone whose link says so", async () => {
    const hello = { type: "hello", client_id: crypto.randomUUID(), since: 0, last_seq: 1 };
    const hidden = await openSocket(id, (await guestOf({})).token);
    const welcome = await hidden.ask(hello);
    expect(welcome).toMatchObject({ text: "second" });
    expect(welcome).not.toHaveProperty("operations");
    const past = ["history", "versions/1", "diff?from=1&to=2", "blame"];
    const bearer = (await guestOf({ role: "editor" })).token;
    for (const what of past) {
      expectProblem(await api("GET", `/documents/${id}/${what}`, { token: bearer }), "forbidden");
    }
    const restored = { token: bearer, json: { version: 1 } };
    expectProblem(await api("POST", `/documents/${id}/restorations`, restored), "forbidden");
    const shown = await openSocket(id, (await guestOf({ history: true })).token);
    expect(JSON.stringify((await shown.ask(hello)).operations)).toContain("first");
  });

  it("that show no past let nobody ask the present about it", async () => {
    const { token: guest } = await guestOf({ role: "editor" });
    const path = `/documents/${id}/content`;
    const at = (base_version: number, text: string) => ({
      base_version,
      edits: [{ type: "replace", expected_text: text, text: "x" }],
    });
    const put = (query: string, who: string, headers = {}) =>
      api("PUT", `${path}${query}`, {
        token: who,
        body: "first",
        headers: { "content-type": "text/plain", ...headers },
      });
    // Whether it is refused as forbidden, or for the text, would tell what the text was.
    for (const text of ["first", "never there"]) {
      expectProblem(await api("PATCH", path, { token: guest, json: at(1, text) }), "forbidden");
    }
    expectProblem(await put("?base_version=1", guest), "forbidden");
    expectProblem(await put("?base_version=0", guest), "forbidden");
    expectProblem(await put("", guest, { "if-match": '"v1"' }), "precondition_failed");
    expectProblem(await api("GET", `/documents/${id}/operations?since=1`, { token: guest }), "forbidden");
    expectProblem(await api("GET", `${path}?version=1`, { token: guest }), "forbidden");
    // The newest is theirs to change, and the past is its writers'.
    expect((await api("PATCH", path, { token: guest, json: at(2, "second") })).body).toMatchObject({
      version: 3,
    });
    expect((await put("?base_version=2", owner.access_token)).status).toBe(200);
  });

  it("that show no past lead to frames of what comes after the welcome alone, by socket and by events", async () => {
    const { token: guest } = await guestOf({ role: "editor" });
    const resuming = { type: "hello", client_id: "from-before", since: 0, last_seq: 0 };
    const socket = await openSocket(id, guest);
    const events = await openEvents(id, guest, { lastEventId: "0" });
    const seen = [await socket.ask(resuming), (await events.next())?.data];
    for (const welcome of seen)
      expect(welcome).toMatchObject({ type: "welcome", text: "second", version: 2 });
    await api("PATCH", `/documents/${id}`, { token: owner.access_token, json: { content: "third" } });
    const news: Frame[] = [];
    for (const next of [() => socket.next(), async () => (await events.next())?.data]) {
      let frame = await next();
      // Newcomers are announced before what they write.
      while (frame.type === "actors") frame = await next();
      expect(frame).toMatchObject({ type: "operations", from: 3 });
      news.push(frame);
    }
    // What comes to somebody who says hello once more, with a version of the past.
    socket.send({ ...resuming, client_id: "once-more" });
    socket.send({ type: "submit", seq: 1, base: 0, op: ["y"] });
    const late = await socket.drain();
    expect(JSON.stringify([...seen, ...news, ...late])).not.toContain("first");
    for (const frame of late) if (frame.type === "operations") expect(frame.from).toBeGreaterThan(2);
    await events.close();
  });

  it("can be changed, for those who came by them, too", async () => {
    const link = (await share({ guests: true })).body;
    const opened = await open(link.token, { name: "Eve" });
    const { access_token: guest, user_id: guestId } = opened.body.guest;
    const change = (json: object, who = owner.access_token) =>
      api("PATCH", `/documents/${id}/share-links/${link.id}`, { token: who, json });
    const socket = await openSocket(id, guest);
    await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    const changed = await change({ name: "For all", role: "editor", history: true });
    const { token: _, url: __, ...before } = link;
    expect([changed.status, changed.body]).toEqual([
      200,
      { ...before, name: "For all", role: "editor", history: true },
    ]);
    expect(await socket.next()).toMatchObject({ type: "role", role: "editor" });
    expect((await write(guest)).status).toBe(200);
    // Who could write by then has a name in the history.
    const blamed = await api("GET", `/documents/${id}/blame`, { token: guest });
    expect(blamed.body.spans[0].author).toEqual({ user_id: guestId, name: "Eve", kind: "person" });
    await change({ history: false });
    expectProblem(await api("GET", `/documents/${id}/history`, { token: guest }), "forbidden");
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect((await change({ expires_at: soon })).body.expires_at).toBe(soon);
    expect((await change({ expires_at: null })).body.expires_at).toBeNull();
    await change({ guests: false });
    for (let frame = await socket.next(); ; frame = await socket.next()) {
      if (!frame.closed) continue;
      expect(frame).toEqual({ closed: 4403 });
      break;
    }
    expectProblem(await read(guest), "invalid_token");
    expectProblem(await open(link.token, { name: "Eve" }), "unauthenticated");
    expect((await open(link.token, { who: person })).body).toMatchObject({ role: "editor", history: false });
    expectProblem(await change({}), "validation_failed");
    expectProblem(await change({ role: "owner" }), "validation_failed");
    expectProblem(await change({ expires_at: "2000-01-01T00:00:00Z" }), "validation_failed");
    expectProblem(await change({ name: "x" }, person.access_token), "forbidden");
  });

  it("give guests a name in the history that outlives them, and goes with the document", async () => {
    const { token: guest, userId, linkId } = await guestOf({ role: "editor", history: true }, "Eve of old");
    await write(guest);
    await revoke(linkId);
    const token = owner.access_token;
    const eve = { user_id: userId, name: "Eve of old", kind: "person" };
    expect((await api("GET", `/documents/${id}/blame`, { token })).body.spans[0].author).toEqual(eve);
    const history = await api("GET", `/documents/${id}/history`, { token });
    expect(JSON.stringify(history.body)).toContain("Eve of old");
    expect((await api("GET", `/documents/${id}/versions/3`, { token })).body.author).toEqual(eve);
    await api("DELETE", `/documents/${id}?permanent=true`, { token });
    const left = env.DB.prepare("SELECT count(*) AS n FROM guest_names WHERE document_id = ?").bind(id);
    expect(await left.first("n")).toBe(0);
  });

  it("are the owners', within the quota, and never open what is in the trash", async () => {
    const workspaceId = (
      await api("POST", "/workspaces", { token: owner.access_token, json: { name: "Team" } })
    ).body.id;
    await addMember(workspaceId, person, "editor");
    const json = { title: "T", workspace_id: workspaceId };
    id = (await api("POST", "/documents", { token: owner.access_token, json })).body.id;
    const made = (await share({})).body;
    for (const answer of [
      await share({}, person.access_token),
      await api("GET", `/documents/${id}/share-links`, { token: person.access_token }),
      await revoke(made.id, person.access_token),
    ]) {
      expectProblem(answer, "forbidden");
    }
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO share_links SELECT ?1 || i, ?1, 'n', 'viewer', 0, 0, ?1 || i, 'o', 0, NULL FROM n`,
    )
      .bind(id, limits.linksPerDocument)
      .run();
    expectProblem(await share({}), "quota_exceeded");
    await api("DELETE", `/documents/${id}`, { token: owner.access_token });
    expectProblem(await open(made.token, { who: await newAccount() }), "not_found");
  });

  it.each([
    [{ role: "owner" }, "role"],
    [{ name: "" }, "name"],
    [{ guests: "yes" }, "guests"],
    [{ expires_at: "tomorrow" }, "expires_at"],
  ])("refuse %o", async (json, field) => {
    const answer = await share(json);
    expectProblem(answer, "validation_failed");
    expect(answer.body.errors[0].path).toEqual([field]);
  });
});
