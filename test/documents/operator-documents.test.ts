import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { BundleReader } from "../../src/time-travel/bundle-reader.ts";
import { Timeline } from "../../src/time-travel/timeline.ts";
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
  return (await api("POST", "/documents", { token, json: { title: "A life", content } })).body.id;
}
const records = (id: string, query = "") =>
  api("GET", `/admin/documents/${id}/operations${query}`, { token: operator });
const exported = (id: string) => api("GET", `/admin/documents/${id}/export`, { token: operator });
function bundleOf(text: string) {
  const reader = new BundleReader();
  reader.push(text);
  return reader.end();
}
/** Replaces the text so often that it has that many versions more. */
async function rewritten(id: string, times: number): Promise<void> {
  for (let time = 1; time <= times; time++)
    await api("PATCH", `/documents/${id}`, { token, json: { content: `text ${time}` } });
}

describe("the operator's view of a document's life", () => {
  it("OT-2: tells of each operation at which version it was made, and over how many it was transformed", async () => {
    const id = await created("Hello");
    const ada = await openSocket(id, token);
    const bob = await openSocket(id, token);
    for (const [socket, client_id] of [
      [ada, "ada"],
      [bob, "bob"],
    ] as const) {
      socket.send({ type: "hello", client_id });
      await socket.next();
    }
    expect(await ada.submitted({ seq: 1, base: 1, op: [5, "!"] })).toMatchObject({ version: 2 });
    expect(await bob.submitted({ seq: 1, base: 1, op: ["> "] })).toMatchObject({ version: 3 });
    const { body } = await records(id, "?from=2");
    expect(body).toMatchObject({
      version: 3,
      next_from: null,
      items: [
        { version: 2, seq: 1, base: 1, transforms: 0, op: [5, "!"], hash: expect.any(Number) },
        { version: 3, seq: 1, base: 1, transforms: 1, op: ["> "], hash: expect.any(Number) },
      ],
      actors: [
        { client_id: "ada", user_id: userId, kind: "person" },
        { client_id: "bob", user_id: userId, kind: "person" },
      ],
    });
  });

  it("comes in pages that fit together, and as a bundle whose replay gives the same hashes", async () => {
    const id = await created("text");
    await rewritten(id, 6);
    const hashes: number[] = [];
    for (let from: number | null = 1; from !== null; ) {
      const { body }: Awaited<ReturnType<typeof api>> = await records(id, `?from=${from}&limit=3`);
      expect(body.items.length).toBeLessThanOrEqual(3);
      hashes.push(...body.items.map(({ hash }: { hash: number }) => hash));
      from = body.next_from;
    }
    const answer = await exported(id);
    expect(answer.headers.get("content-disposition")).toContain(`materi-${id}.ndjson`);
    const bundle = bundleOf(answer.text);
    expect(bundle.operations.map(({ hash }) => hash)).toEqual(hashes);
    const timeline = Timeline.of(bundle);
    expect([timeline.fault, timeline.last, timeline.at(7).toString()]).toEqual([undefined, 7, "text 6"]);
  });

  it("a history that was tampered with is exported all the same, and its replay stops where it is wrong", async () => {
    const id = await created("");
    const room = env.ROOMS.getByName(id);
    await rewritten(id, 3);
    await runInDurableObject(room, (_, { storage }) => {
      storage.sql.exec(`UPDATE operations SET entries = replace(entries, 'text', 'TEXT')`);
    });
    const timeline = Timeline.of(bundleOf((await exported(id)).text));
    // The room has the text in memory, from before; the log gives another.
    expect(timeline.fault).toMatchObject({ version: 3, what: expect.stringContaining("had in memory") });
    await runInDurableObject(room, (_, { storage }) => {
      storage.sql.exec(
        `UPDATE operations SET entries = replace(entries, ',[5,', ',[905,') WHERE last_version = 2`,
      );
    });
    const broken = bundleOf((await exported(id)).text);
    expect(broken.operations.map(({ hash }) => hash !== undefined)).toEqual([true, false, false]);
    expect(Timeline.of(broken).fault).toEqual({
      version: 2,
      what: "the operation does not fit: out_of_range",
    });
  });

  it("a history that is redacted while it is exported is not told half before and half after", async () => {
    const id = await created("secret");
    await rewritten(id, 2);
    const room = env.ROOMS.getByName(id);
    const first = await room.records({ since: 0, limit: 1 });
    await room.redact({ span: { version: 1, from: 0, to: 6 }, author: { userId, kind: "person" } });
    const hash = first.ok ? first.records[0]?.hash : undefined;
    const next = await room.records({ since: 1, limit: 1, ...(hash !== undefined && { hash }) });
    expect(next).toMatchObject({ ok: false, code: "precondition_failed" });
    expect((await exported(id)).text).not.toContain("secret");
  });

  it("is for nobody else, and of no document that there is not", async () => {
    const id = await created("mine");
    expectProblem(await api("GET", `/admin/documents/${id}/export`, { token }), "invalid_token");
    expectProblem(await api("GET", `/admin/documents/${id}/operations`), "unauthenticated");
    expectProblem(await exported(crypto.randomUUID()), "not_found");
    expectProblem(await records(crypto.randomUUID()), "not_found");
    expectProblem(await records(id, "?from=0"), "invalid_request");
    expectProblem(await records(id, "?limit=1001"), "invalid_request");
    expectProblem(await records(id, "?from=9"), "base_ahead");
  });
});
