import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newestText, newestTextUnless } from "../../src/documents/newest-text.ts";
import { api, newAccount } from "../support/api.ts";
import { Random } from "../support/ot-random.ts";
import { newRoom } from "../support/socket.ts";
import { namesBelow, theSpan } from "../support/spans.ts";
import { backup, restore } from "../support/storage-backup.ts";

const author = { userId: "ann", kind: "program" } as const;
const roomOf = (id: string) => env.ROOMS.getByName(id);
const read = (id: string) => newestText(roomOf(id), id);

/** A room whose text is at hand. */
async function heldRoom(content: string): Promise<string> {
  const id = await newRoom(content);
  expect(await read(id)).toMatchObject({ content, isCached: false });
  expect(await read(id)).toMatchObject({ content, isCached: true });
  return id;
}

const replace = (id: string, content: string) => roomOf(id).replaceContent({ content, author });

describe("the newest text", () => {
  let token: string;
  beforeAll(async () => {
    token = (await newAccount()).access_token;
  });

  it("is fetched once: the spans, by the seed's names, tell from where it came", async () => {
    const { body } = await api("POST", "/documents", { token, json: { title: "T", content: "Text" } });
    const reads: { names: string[]; hit: unknown }[] = [];
    for (const request_id of [crypto.randomUUID(), crypto.randomUUID()]) {
      const answer = await api("GET", `/documents/${body.id}`, {
        token,
        headers: { "x-request-id": request_id },
      });
      expect(answer.body).toMatchObject({ content: "Text", version: 1 });
      const request = await theSpan("HTTP GET", { request_id });
      const got = (await env.SPANS.trace(request)).filter(
        ({ name, attributes }) =>
          name === "DocumentService.GetDocument" && attributes.document_id === body.id,
      )[reads.length]!;
      const names = (await namesBelow(got)).filter((name) => /^[A-Z]/.test(name));
      reads.push({ names, hit: got.attributes.cache_hit });
    }
    expect(reads).toEqual([
      { names: ["CacheCheck", "DatabaseFetch"], hit: false },
      { names: ["CacheCheck"], hit: true },
    ]);
  });

  it("CA-1: is another one after every change, by whatever door, and never an older one", async () => {
    const seed = Date.now() % 2 ** 31;
    const random = new Random(seed);
    const id = await heldRoom("start");
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.5)) await replace(id, random.pick(["one", "two", "start", `text ${step}`]));
      const held = random.chance(0.3) ? [random.int(30)] : [];
      const [found, truth] = [await newestTextUnless(roomOf(id), id, held), await roomOf(id).read()];
      if (!found.ok || !truth.ok) throw new Error("the room does not answer");
      expect(found.version, `seed ${seed}, step ${step}`).toBe(truth.version);
      const expected = held.includes(truth.version) ? undefined : truth.content;
      expect(found.content, `seed ${seed}, step ${step}`).toBe(expected);
    }
  });

  it("CA-1: has nothing of what was redacted", async () => {
    const id = await heldRoom("a secret word");
    await roomOf(id).redact({ span: { version: 1, from: 2, to: 8 }, author });
    expect(await read(id)).toMatchObject({ content: "a ██████ word", isCached: false });
  });

  it("CA-1: is that of the storage that was put back, also before it has another epoch, and after", async () => {
    const id = await newRoom("one");
    const kept = await backup(id);
    await replace(id, "two");
    expect(await read(id)).toMatchObject({ version: 2, content: "two" });
    await restore(id, kept);
    await replace(id, "other");
    expect(await read(id)).toMatchObject({ version: 2, content: "other", isCached: false });
    expect(await read(id)).toMatchObject({ isCached: true });
    await roomOf(id).replaceEpoch();
    expect(await read(id)).toMatchObject({ content: "other", isCached: false });
  });

  it("CA-2: is none after the document was erased, nor one from before if there is another of its name", async () => {
    const { body } = await api("POST", "/documents", { token, json: { title: "T", content: "gone" } });
    const path = `/documents/${body.id}`;
    await api("GET", path, { token });
    expect(await read(body.id)).toMatchObject({ isCached: true });
    expect((await api("DELETE", `${path}?permanent=true`, { token })).status).toBe(204);
    expect((await api("GET", path, { token })).status).toBe(404);
    expect(await read(body.id)).toMatchObject({ ok: false, code: "not_found" });
    await roomOf(body.id).create({ content: "gone", author });
    expect(await read(body.id)).toMatchObject({ content: "gone", isCached: false });
  });
});
