import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";
import { openSocket } from "../support/socket.ts";

const operator = testSecrets.ADMIN_TOKEN;
let token: string;
let userId: string;
beforeAll(async () => {
  const account = await newAccount();
  token = account.access_token;
  userId = account.user.id;
});

async function created(content: string): Promise<string> {
  return (await api("POST", "/documents", { token, json: { title: "Put back", content } })).body.id;
}
const exported = async (id: string) =>
  (await api("GET", `/admin/documents/${id}/export`, { token: operator })).text;
const putBack = (id: string, body: string, query = "") =>
  api("PUT", `/admin/documents/${id}/life${query}`, {
    token: operator,
    body,
    headers: { "content-type": "application/vnd.materi.bundle" },
  });
const patch = (id: string, content: string) => api("PATCH", `/documents/${id}`, { token, json: { content } });

/** A document with edits by socket, by REST, concurrent ones among them, and a named version. */
async function livelyDocument(): Promise<string> {
  const id = await created("Hello, wörld 🌍");
  const ada = await openSocket(id, token);
  const bob = await openSocket(id, token);
  await ada.ask({ type: "hello", client_id: "ada" });
  await bob.ask({ type: "hello", client_id: "bob" });
  expect(await ada.ask({ type: "submit", seq: 1, base: 1, op: ["1 "] })).toMatchObject({ version: 2 });
  bob.send({ type: "submit", seq: 1, base: 1, op: [5, "!"] });
  await expect.poll(async () => (await api("GET", `/documents/${id}`, { token })).body.version).toBe(3);
  await patch(id, "1 Hello!, wörld");
  await api("PUT", `/documents/${id}/versions/2/name`, { token, json: { name: "First draft" } });
  ada.close();
  bob.close();
  return id;
}

/** What people see of a document's past and present. */
async function seen(id: string): Promise<unknown> {
  const paths = [
    "",
    "/history",
    "/blame",
    "/versions/1",
    "/versions/2",
    "/versions/3",
    "/operations?since=0",
  ];
  const answers = await Promise.all(paths.map((path) => api("GET", `/documents/${id}${path}`, { token })));
  return answers.map(({ status, body }) => ({ status, ...body, epoch: "", updated_at: "" }));
}

describe("putting a document back from a bundle", () => {
  it("gives the same text, history, versions, names and authors, under another epoch", async () => {
    const id = await livelyDocument();
    const [before, bundle] = [await seen(id), await exported(id)];
    await patch(id, "spoilt");
    await patch(id, "and again");

    const { status, body } = await putBack(id, bundle, "?replace=true");
    expect([status, body]).toEqual([
      200,
      { version: 4, epoch: expect.not.stringContaining(epochOf(bundle)) },
    ]);
    expect(await seen(id)).toEqual(before);
    expect(lifeOf(await exported(id))).toEqual(lifeOf(bundle));
    expect(await env.ROOMS.getByName(id).checkIntegrity()).toMatchObject({
      report: { version: 4, faults: [] },
    });
  });

  it("RM-3: remembers whose submission became which version", async () => {
    const id = await livelyDocument();
    await putBack(id, await exported(id), "?replace=true");
    const ada = await openSocket(id, token);
    expect(await ada.ask({ type: "hello", client_id: "ada" })).toMatchObject({ version: 4, last_seq: 1 });
    expect(await ada.ask({ type: "submit", seq: 1, base: 1, op: ["1 "] })).toMatchObject({
      type: "ack",
      version: 2,
    });
    expect(await ada.ask({ type: "submit", seq: 2, base: 4, op: ["2 "] })).toMatchObject({ version: 5 });
  });

  it("OT-7: has everybody who is there come back", async () => {
    const id = await livelyDocument();
    const bundle = await exported(id);
    const ann = await openSocket(id, token);
    const { epoch } = await ann.ask({ type: "hello", client_id: "ann" });
    await ann.ask({ type: "submit", seq: 1, base: 4, op: ["gone "] });
    await putBack(id, bundle, "?replace=true");
    expect(await ann.next()).toEqual({ closed: 4503 });
    const again = await openSocket(id, token);
    const hello = { type: "hello", client_id: "ann", since: 5, epoch, last_seq: 1 };
    expect(await again.ask(hello)).toMatchObject({ version: 4, text: "1 Hello!, wörld" });
  });

  it("brings a room into being where there is none, and goes on from there", async () => {
    const id = await livelyDocument();
    const [before, bundle] = [await seen(id), await exported(id)];
    await env.ROOMS.getByName(id).erase();
    expect((await putBack(id, bundle)).status).toBe(200);
    expect(await seen(id)).toEqual(before);
    expect((await patch(id, "goes on")).status).toBe(200);
  });

  it("takes one whose history begins late, and one of many pages", async () => {
    const id = await created("");
    const room = env.ROOMS.getByName(id);
    const author = { userId, kind: "person" as const };
    for (let n = 10; n < 60; n++) await room.replaceContent({ content: `${n}`.repeat(20_000), author });
    await room.retain({ operations: 30, ageMs: null });
    await room.compact();
    const bundle = await exported(id);
    expect(bundle.length).toBeGreaterThan(1_048_576);
    const { version, horizon } = JSON.parse(bundle.slice(0, bundle.indexOf("\n")));
    expect(horizon).toBeGreaterThan(0);
    expect((await putBack(id, bundle, "?replace=true")).body).toMatchObject({ version });
    expect(lifeOf(await exported(id))).toEqual(lifeOf(bundle));
    expect(await room.checkIntegrity()).toMatchObject({ report: { version, faults: [] } });
  });

  it("is refused where there is a text already, unless that is meant", async () => {
    const id = await livelyDocument();
    const before = await seen(id);
    expectProblem(await putBack(id, await exported(id)), "precondition_failed");
    expect(await seen(id)).toEqual(before);
  });

  it.each<[string, (bundle: string) => string]>([
    ["an operation is another", (bundle) => bundle.replace('"1 "', '"2 "')],
    ["an operation does not fit", (bundle) => bundle.replace(/"op":\[7,/, '"op":[7000,')],
    ["the newest text is another", (bundle) => bundle.replace(/"served_hash":\d+/, '"served_hash":1')],
    ["it is cut off", (bundle) => bundle.slice(0, bundle.lastIndexOf('{"end"'))],
    ["it has no operation of one version", (bundle) => bundle.replace(/^\{"version":2,.*\n/m, "")],
    ["it is of another document", (bundle) => bundle.replace(/"document_id":"[^"]+"/, '"document_id":"x"')],
    ["it is without its words", (bundle) => bundle.replace('"anonymized":false', '"anonymized":true')],
    ["it is none", () => "hello\n"],
    ["it is empty", () => ""],
  ])("changes nothing where %s", async (_, spoil) => {
    const id = await livelyDocument();
    const bundle = await exported(id);
    const before = await seen(id);
    expect(spoil(bundle)).not.toBe(bundle);
    expectProblem(await putBack(id, spoil(bundle), "?replace=true"), "invalid_operation");
    expect(await seen(id)).toEqual(before);
    // What the attempt has left is in nobody's way.
    expect((await putBack(id, bundle, "?replace=true")).status).toBe(200);
  });

  it("the later of two at once is the one that counts", async () => {
    const id = await livelyDocument();
    const room = env.ROOMS.getByName(id);
    const life = { horizon: 0, text: "", version: 0, originsFrom: 0, points: [] };
    const [first, second] = [
      await room.putBack({ life, ifAbsent: false }),
      await room.putBack({ life, ifAbsent: false }),
    ];
    if (!first.ok || !second.ok) throw new Error("it was refused");
    expect(await first.incoming.finish({ names: [] })).toMatchObject({
      ok: false,
      code: "precondition_failed",
    });
    expect(await second.incoming.finish({ names: [] })).toMatchObject({ ok: true, version: 0 });
  });

  it("is refused where D1 has no row, as the room would be erased", async () => {
    const id = crypto.randomUUID();
    expectProblem(await putBack(id, "{}"), "not_found");
  });
});

/** A bundle without what is another after it was put back. */
const lifeOf = (bundle: string) =>
  bundle
    .replace(/"epoch":"[^"]+"/, "")
    .replace(/"exported_at":"[^"]+"/, "")
    .replace(/"points":\[.*?\]\]|"points":\[\]/, "");
const epochOf = (bundle: string) => /"epoch":"([^"]+)"/.exec(bundle)?.[1] ?? "";
