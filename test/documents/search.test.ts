import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { placesOf } from "../../src/documents/document-route.ts";
import { indexAfter, sweepSearchIndex } from "../../src/documents/search-index.ts";
import { deletePermanently } from "../../src/documents/trash.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember, confirmAddresses } from "../support/members.ts";

let owner: TokensBody;
let stranger: TokensBody;

beforeAll(async () => {
  [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
  await confirmAddresses(stranger);
});

const soon = { timeout: 20_000, interval: 100 };

interface Item {
  id: string;
  title: string;
  highlights: Record<"title" | "excerpt", { text: string; hit: boolean }[]>;
}

async function search(who: TokensBody, q: string, query = ""): Promise<Item[]> {
  const answer = await api("GET", `/search?q=${encodeURIComponent(q)}${query}`, { token: who.access_token });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items;
}

const titles = async (...[who, q, query]: Parameters<typeof search>) =>
  (await search(who, q, query)).map(({ title }) => title);

/** Pieces, with the hits in brackets. */
const shown = (pieces: Item["highlights"]["title"] = []) =>
  pieces.map(({ text, hit }) => (hit ? `[${text}]` : text)).join("");

async function create(who: TokensBody, title: string, content = "", workspaceId?: string): Promise<string> {
  const json = { title, content, ...(workspaceId !== undefined && { workspace_id: workspaceId }) };
  const { body } = await api("POST", "/documents", { token: who.access_token, json });
  await vi.waitFor(async () => expect(await indexOf(body.id)).toMatchObject({ title }), soon);
  return body.id;
}

const indexOf = (id: string) =>
  env.DB.prepare(
    "SELECT i.*, s.text FROM document_index i JOIN document_search s ON s.rowid = i.id WHERE document_id = ?",
  )
    .bind(id)
    .first<{ id: number; version: number; title: string; text: string }>();

/** A word that no other test has. */
const newWord = () => `w${crypto.randomUUID().replaceAll("-", "")}`;

const event = (type: "documents.updated" | "documents.created", id: string, version?: number) =>
  indexAfter(env, [
    {
      id: crypto.randomUUID(),
      type,
      workspaceId: null,
      data: { document_id: id, ...(version !== undefined && { version }) },
      createdAt: Date.now(),
      traceId: null,
    },
  ]);

it("what is taken out of a text and its history is not found any more when the answer is there", async () => {
  const [secret, rest] = [newWord(), newWord()];
  const id = await create(owner, "Redacted", `${secret} ${rest}`);
  expect(await titles(owner, secret)).toEqual(["Redacted"]);
  const span = { version: 1, from: 0, to: secret.length };
  await api("POST", `/documents/${id}/redactions`, { token: owner.access_token, json: span });
  expect(await titles(owner, secret)).toEqual([]);
  expect((await indexOf(id))?.text).not.toContain(secret);
  expect(await titles(owner, rest)).toEqual(["Redacted"]);
});

describe("GET /search", () => {
  it("finds in titles and texts, titles first, and says where", async () => {
    const word = newWord();
    await create(owner, "Minutes", `${"One thing and another. ".repeat(50)}Then the ${word}, and more.`);
    await create(owner, `About ${word}`, "Nothing <b>else</b>.");
    const [first, second, ...others] = await search(owner, word.toUpperCase());
    expect(others).toEqual([]);
    expect(shown(first!.highlights.title)).toBe(`About [${word}]`);
    expect(shown(first!.highlights.excerpt)).toBe("Nothing <b>else</b>.");
    expect(shown(second!.highlights.title)).toBe("Minutes");
    expect(shown(second!.highlights.excerpt)).toMatch(new RegExp(`^….*Then the \\[${word}\\], and more\\.$`));
    expect(shown(second!.highlights.excerpt).length).toBeLessThan(300);
  });

  it("asks for all of the words, for the beginning of the last, and for what is in quotes as it stands", async () => {
    const word = newWord();
    await create(owner, "one", `${word} red apples and green pears`);
    await create(owner, "two", `${word} green apples and red pears`);
    expect((await titles(owner, `${word} red apples`)).sort()).toEqual(["one", "two"]);
    expect(await titles(owner, `${word} "red apples"`)).toEqual(["one"]);
    expect(await titles(owner, `"red apples" ${word}`)).toEqual(["one"]);
    expect((await titles(owner, `${word} appl`)).sort()).toEqual(["one", "two"]);
    expect(await titles(owner, `${word} "appl"`)).toEqual([]);
    expect(await titles(owner, `appl ${word}`)).toEqual([]);
    expect(await titles(owner, `${word} plums`)).toEqual([]);
  });

  it("finds words without case and diacritics, and of languages that set no blanks between words", async () => {
    const word = newWord();
    const text = `${word} Ünïcode re\u0301sumé 東京都に行く iPhone手机 สวัสดีครับ 🚀launch 학교에서 foo_bar C++`;
    await create(owner, "letters", text);
    for (const q of [
      "unicode",
      "RÉSUMÉ",
      "東京",
      "京都",
      "手机",
      "iphone",
      "ครับ",
      "🚀",
      "launch",
      "학교",
      "c",
    ]) {
      expect(await titles(owner, `${word} ${q}`), q).toEqual(["letters"]);
    }
    for (const q of ["京東", "ครบับ", "🎉", "bar_foo"])
      expect(await titles(owner, `${word} ${q}`), q).toEqual([]);
    const [found] = await search(owner, `"東京"`, "&limit=100");
    expect(shown(found!.highlights.excerpt)).toContain("[東京]都に行く");
  });

  const word = newWord();
  it.each([
    ['"', []],
    ['""', []],
    ["*", []],
    ["- + ^ : ( ) { } , .", []],
    [`"${word}`, ["syntax"]],
    [`${word}"`, ["syntax"]],
    [`${word}*`, ["syntax"]],
    [`-${word}`, ["syntax"]],
    [`^${word}`, ["syntax"]],
    [`(${word}`, ["syntax"]],
    [`${word} OR zzzz`, []],
    [`zzzz OR ${word}`, []],
    [`NOT ${word}`, []],
    [`NEAR(${word} here, 5)`, []],
    [`title:${word}`, []],
    [`scope:${word}`, []],
    [`{title text}:${word}`, []],
    [`"${word}" "" " "`, ["syntax"]],
    [`${word} '; DROP TABLE documents; --`, []],
    [`${word} \u{1F600}\u200d%_\\`, []],
    [`\ufdd0${word}\ufdd1`, ["syntax"]],
    ["a ".repeat(100).trim(), []],
  ])("takes no question for syntax: %j", async (q, expected) => {
    if ((await titles(owner, word)).length === 0)
      await create(owner, "syntax", `${word} title and text here`);
    expect(await titles(owner, q)).toEqual(expected);
  });

  it.each(["", "%20", "%00", "a%0ab", "x".repeat(201)])("refuses q=%s", async (q) => {
    const { access_token: token } = owner;
    expectProblem(await api("GET", `/search?q=${q}`, { token }), "invalid_request");
  });

  it("shows what looks like our own marks as text", async () => {
    const word = newWord();
    await create(owner, "marks", `a \ufdd0b\ufdd1 \u200b ${word} <mark>c</mark>`);
    const [found] = await search(owner, word);
    expect(shown(found!.highlights.excerpt)).toBe(`a b  [${word}] <mark>c</mark>`);
  });

  it("pages, without end or repeat", async () => {
    const word = newWord();
    const made = await Promise.all([1, 2, 3, 4, 5].map((n) => create(owner, `page ${n}`, word)));
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await api("GET", `/search?q=${word}&limit=2${cursor}`, { token: owner.access_token });
      ids.push(...body.items.map(({ id }: Item) => id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(ids).toHaveLength(5);
    expect(ids.sort()).toEqual(made.sort());
    const { body } = await api("GET", "/documents?limit=1", { token: owner.access_token });
    const foreign = await api("GET", `/search?q=${word}&cursor=${body.next_cursor}`, {
      token: owner.access_token,
    });
    expectProblem(foreign, "invalid_request");
  });
});

describe("AU-4: a search", () => {
  it("finds what one may read, and from the moment on, and until the moment, that one may", async () => {
    const word = newWord();
    const token = owner.access_token;
    const team = (await api("POST", "/workspaces", { token, json: { name: "Team" } })).body.id;
    const id = await create(owner, "plan", word, team);
    await create(owner, "private", word);
    const inTeam = `&workspace_id=${team}`;
    expect((await titles(owner, word)).sort()).toEqual(["plan", "private"]);
    expect(await titles(owner, word, inTeam)).toEqual(["plan"]);
    expect(await titles(stranger, word)).toEqual([]);
    const refused = await api("GET", `/search?q=${word}${inTeam}`, { token: stranger.access_token });
    expectProblem(refused, "not_found");

    await addMember(team, stranger, "viewer");
    expect(await titles(stranger, word)).toEqual(["plan"]);
    await api("DELETE", `/workspaces/${team}/members/${stranger.user.id}`, { token });
    expect(await titles(stranger, word)).toEqual([]);

    const grants = `/documents/${id}/grants`;
    await api("PUT", grants, { token, json: { email: stranger.user.email, role: "viewer" } });
    expect(await titles(stranger, word)).toEqual(["plan"]);
    await api("DELETE", `${grants}/${stranger.user.id}`, { token });
    expect(await titles(stranger, word)).toEqual([]);

    const link = await api("POST", `/documents/${id}/share-links`, {
      token,
      json: { name: "all", role: "viewer" },
    });
    expect(link.status, link.text).toBe(201);
    const opened = await api("POST", "/share-links/open", {
      token: stranger.access_token,
      json: { token: link.body.token },
    });
    expect(opened.status, opened.text).toBeLessThan(300);
    expect(await titles(stranger, word)).toEqual(["plan"]);
    await api("DELETE", `/documents/${id}/share-links/${link.body.id}`, { token });
    expect(await titles(stranger, word)).toEqual([]);

    await api("DELETE", `/documents/${id}`, { token });
    expect(await titles(owner, word)).toEqual(["private"]);
    await api("POST", `/documents/${id}/restore`, { token });
    expect((await titles(owner, word)).sort()).toEqual(["plan", "private"]);
    await api("DELETE", `/workspaces/${team}`, { token });
    expect(await titles(owner, word)).toEqual(["private"]);
    expect(await titles(owner, word, inTeam)).toEqual([]);
  });

  it("cannot be talked into another scope", async () => {
    const word = newWord();
    const id = await create(owner, "mine", word);
    const { body } = await api("GET", `/documents/${id}`, { token: owner.access_token });
    for (const token of [`w${body.workspace_id}`, `d${id}`].map((one) => one.replaceAll("-", ""))) {
      expect(await titles(stranger, token)).toEqual([]);
      expect(await titles(owner, token)).toEqual([]);
      expect(await titles(stranger, `${word}) OR scope : (${token}`)).toEqual([]);
    }
  });
});

describe("the index", () => {
  it("hears of what is written by a socket, or as one writes by it", async () => {
    const word = newWord();
    const id = await create(owner, "typed", "text");
    const op = [4, ` ${word}`];
    const json = { client_id: "search-1", seq: 1, base: 1, op };
    const answer = await api("POST", `/documents/${id}/operations`, { token: owner.access_token, json });
    expect(answer.status, answer.text).toBe(200);
    await runDurableObjectAlarm(env.ROOMS.getByName(id));
    await vi.waitFor(async () => expect(await titles(owner, word)).toEqual(["typed"]), soon);
  });

  it("follows text, title and place", async () => {
    const [before, after] = [newWord(), newWord()];
    const token = owner.access_token;
    const id = await create(owner, before, before);
    await api("PATCH", `/documents/${id}`, { token, json: { title: after } });
    await vi.waitFor(async () => expect(await titles(owner, after)).toEqual([after]), soon);
    expect(await titles(owner, before)).toEqual([after]);
    await api("PATCH", `/documents/${id}`, { token, json: { content: after } });
    await vi.waitFor(async () => expect(await titles(owner, before)).toEqual([]), soon);

    const other = (await api("POST", "/workspaces", { token, json: { name: "Other" } })).body.id;
    await api("POST", `/documents/${id}/move`, { token, json: { workspace_id: other } });
    await addMember(other, stranger, "viewer");
    await vi.waitFor(async () => expect(await titles(stranger, after)).toEqual([after]), soon);
  });

  it("takes events twice, late, and in any order", async () => {
    const id = await create(owner, "order", "first");
    const room = env.ROOMS.getByName(id);
    const author = { userId: owner.user.id, kind: "person" } as const;
    await room.replaceContent({ content: "second", author });
    await event("documents.updated", id, 1);
    expect(await indexOf(id)).toMatchObject({ version: 1, text: "first" });
    await event("documents.updated", id, 2);
    expect(await indexOf(id)).toMatchObject({ version: 2, text: "second" });
    await room.replaceContent({ content: "third", author });
    await Promise.all([
      event("documents.updated", id, 3),
      event("documents.created", id),
      event("documents.updated", id, 2),
    ]);
    expect(await indexOf(id)).toMatchObject({ version: 3, text: "third" });
    // Written by who has read something newer than the room now tells: as when a slow reader comes last.
    await env.DB.prepare("UPDATE document_index SET version = 9 WHERE document_id = ?").bind(id).run();
    await room.replaceContent({ content: "fourth", author });
    await event("documents.updated", id);
    expect(await indexOf(id)).toMatchObject({ version: 9, text: "third" });
  });

  it("does not ask the room for what it has", async () => {
    const id = await create(owner, "asked", "text");
    const rooms = vi.fn();
    const changed = { ...env, ROOMS: { getByName: rooms } } as unknown as Env;
    const again = {
      id: "",
      type: "documents.updated",
      workspaceId: null,
      createdAt: 0,
      traceId: null,
    } as const;
    await indexAfter(changed, [{ ...again, data: { document_id: id, version: 1 } }]);
    expect(rooms).not.toHaveBeenCalled();
  });

  it("has the first part of a text that is very long", async () => {
    const [first, last] = [newWord(), newWord()];
    const id = await create(owner, "long", `${first} ${"東".repeat(limits.indexedUnits)} ${last}`);
    expect(await titles(owner, first)).toEqual(["long"]);
    expect(await titles(owner, last)).toEqual([]);
    const found = await indexOf(id);
    expect(new TextEncoder().encode(found!.text).length).toBeLessThan(2_000_000);
  });

  it("is swept for what no event told it of", async () => {
    const word = newWord();
    const id = await create(owner, word, word);
    const { id: rowid } = (await indexOf(id))!;
    await env.DB.batch([
      env.DB.prepare("DELETE FROM document_search WHERE rowid = ?").bind(rowid),
      env.DB.prepare("DELETE FROM document_index WHERE document_id = ?").bind(id),
    ]);
    expect(await titles(owner, word)).toEqual([]);
    const turn = Number.parseInt(id.slice(0, 2), 16) * 60_000;
    await sweepSearchIndex(env, turn + 60_000);
    expect(await titles(owner, word)).toEqual([]);
    await sweepSearchIndex(env, turn);
    expect(await titles(owner, word)).toEqual([word]);
    await env.DB.prepare("UPDATE documents SET title = 'another' WHERE id = ?").bind(id).run();
    await sweepSearchIndex(env, turn + 256 * 60_000);
    expect(await titles(owner, `another ${word}`)).toEqual(["another"]);
    await env.DB.batch([
      env.DB.prepare("UPDATE document_index SET version = 0 WHERE document_id = ?").bind(id),
      env.DB.prepare("UPDATE document_search SET text = 'old' WHERE rowid = ?").bind(rowid),
    ]);
    await sweepSearchIndex(env, turn);
    expect(await titles(owner, word)).toEqual(["another"]);
  });

  it("holds nothing of a document that is erased, nor does a late event bring it back", async () => {
    const word = newWord();
    const id = await create(owner, "secret", `${word} ${"filler ".repeat(50)}`);
    const { id: rowid } = (await indexOf(id))!;
    await deletePermanently(placesOf(env), owner.user.id, id, Date.now());
    await event("documents.created", id);
    expect(await indexOf(id)).toBeNull();
    for (const table of ["content", "docsize"]) {
      const rows = await env.DB.prepare(`SELECT * FROM document_search_${table} WHERE id = ?`)
        .bind(rowid)
        .all();
      expect(rows.results).toEqual([]);
    }
    const blocks = await env.DB.prepare("SELECT block FROM document_search_data").all<{ block: number[] }>();
    const held = blocks.results.map(({ block }) => Buffer.from(block).toString("latin1")).join("");
    // Terms share their first letters with the one before; these have 33.
    expect(held).not.toContain(word.slice(8));
  });
});
