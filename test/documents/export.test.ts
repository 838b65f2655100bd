import { env, exports } from "cloudflare:workers";
import { strFromU8, unzipSync } from "fflate";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { database } from "../../src/db/database.ts";
import { placesOf } from "../../src/documents/document-route.ts";
import { workspaceExport, zipOf } from "../../src/documents/export.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

let owner: TokensBody;
let token: string;
beforeAll(async () => {
  owner = await newAccount();
  token = owner.access_token;
});

async function create(title: string, content = "", workspaceId?: string): Promise<string> {
  const json = { title, content, ...(workspaceId !== undefined && { workspace_id: workspaceId }) };
  return (await api("POST", "/documents", { token, json })).body.id;
}

const newWorkspace = async (name: string): Promise<string> =>
  (await api("POST", "/workspaces", { token, json: { name } })).body.id;

/** Elements of a page, with their attributes. */
async function elementsOf(html: string) {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element: ({ tagName: name, attributes }) =>
      void elements.push({ name, attributes: Object.fromEntries([...attributes] as [string, string][]) }),
  });
  await rewriter.transform(new Response(html)).text();
  return elements;
}

describe("GET /documents/{id}/export", () => {
  const text = "\ufeff# Hi\r\n\n<b>*you*</b>\u0000 😀\n";

  it.each([
    ["", "text/markdown", "md"],
    ["?format=md", "text/markdown", "md"],
    ["?format=txt", "text/plain", "txt"],
  ])("gives the text as it is: %s", async (query, type, ending) => {
    const id = await create("Plan", text);
    const response = await exports.default.fetch(
      `https://materi.test/api/v1/documents/${id}/export${query}`,
      {
        headers: { authorization: `Bearer ${token}` },
      },
    );
    expect(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await response.arrayBuffer()),
    ).toBe(text);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": `${type}; charset=utf-8`,
      "content-disposition": `attachment; filename="Plan.${ending}"; filename*=UTF-8''Plan.${ending}`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      etag: '"v1"',
    });
  });

  it("comes back by an import", async () => {
    const id = await create("Plan", "# Plan\n\ntext\n");
    const exported = await api("GET", `/documents/${id}/export`, { token });
    const headers = { "content-type": "text/markdown" };
    const imported = await api("POST", "/documents/import", { token, body: exported.text, headers });
    expect(imported.body).toMatchObject({ title: "Plan", content: "# Plan\n\ntext\n" });
  });

  it("renders Markdown, with tables and without HTML", async () => {
    const id = await create(
      "A & <b>",
      "# Head\n\n*one* ~~two~~ `x<y`\n\n| a |\n| - |\n| 1 |\n\n<i>raw</i>\n",
    );
    const { text: page, headers } = await api("GET", `/documents/${id}/export?format=html`, { token });
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(page).toContain("<title>A &amp; &lt;b&gt;</title>");
    expect(page).toContain("<h1>Head</h1>\n<p><em>one</em> <s>two</s> <code>x&lt;y</code></p>");
    expect(page).toContain("<td>1</td>");
    expect(page).toContain("&lt;i&gt;raw&lt;/i&gt;");
  });

  it("makes nothing active of a hostile text", async () => {
    const hostile = [
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(1)>",
      "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](java&#10;script:alert(1)) [d](&#106;avascript:alert(1))",
      "[e](vbscript:x) [f](data:text/html;base64,PHNjcmlwdD4=) [g](file:///etc/passwd) <javascript:alert(1)>",
      '![h](javascript:alert(1)) ![i](x"onerror="alert(1)) ![j](data:image/svg+xml;base64,PHN2Zz4=)',
      '[k](https://a.example "x\\" onclick=\\"alert(1)") [l]: javascript:alert(1)\n\n[l]',
      '```"><script>alert(1)</script>\nx\n```',
      "</title></style></body><svg onload=alert(1)>",
      "<a href='javascript:alert(1)'>m</a> <!-- <script> -->",
      "| <script> |\n| :-: |\n| <img onerror=x> |",
    ].join("\n\n");
    const id = await create("</title><script>alert(2)</script>", hostile);
    const { text: page } = await api("GET", `/documents/${id}/export?format=html`, { token });
    const known =
      "html head meta title style body p h1 h2 a img em strong code pre table thead tbody tr th td s ul li ol hr br";
    for (const { name, attributes } of await elementsOf(page)) {
      expect(known.split(" "), name).toContain(name);
      for (const [attribute, value] of Object.entries(attributes)) {
        expect(attribute).toMatch(/^(charset|name|content|http-equiv|href|src|alt|title|class|style)$/);
        if (attribute === "style") expect(value).toMatch(/^text-align:(left|center|right)$/);
        if (/^(href|src)$/.test(attribute))
          expect(value).toMatch(/^(https:|data:image\/(png|gif|jpeg|webp);|(?![a-z]+:))/i);
      }
    }
  });

  it("renders no more than it can in time", async () => {
    const id = await create("long", "x".repeat(limits.renderedUnits + 1));
    const refused = await api("GET", `/documents/${id}/export?format=html`, { token });
    expectProblem(refused, "document_too_large");
    expect((await api("GET", `/documents/${id}/export?format=txt`, { token })).text).toHaveLength(
      limits.renderedUnits + 1,
    );
    expectProblem(await api("GET", `/documents/${id}/export?format=pdf`, { token }), "invalid_request");
  });

  it.each([
    ["Übersicht 2026", `filename="Ubersicht 2026.md"; filename*=UTF-8''%C3%9Cbersicht%202026.md`],
    ["日本 (1)'", `filename="__ (1)'.md"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%281%29%27.md`],
    ['a"b\\c/../d', `filename="a-b-c-..-d.md"; filename*=UTF-8''a-b-c-..-d.md`],
    ["100%41", `filename="100_41.md"; filename*=UTF-8''100%2541.md`],
  ])("names the file after the title %s", async (title, name) => {
    const id = await create(title);
    const { headers } = await api("GET", `/documents/${id}/export`, { token });
    expect(headers.get("content-disposition")).toBe(`attachment; ${name}`);
  });
});

describe("GET /workspaces/{id}/export", () => {
  const download = async (id: string, query = "") =>
    exports.default.fetch(`https://materi.test/api/v1/workspaces/${id}/export${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });

  it("is a zip file of all documents, each under a name of its own, and of a manifest", async () => {
    const workspace = await newWorkspace("Team / 1");
    const titles = ["Plan", "plan", "../../plan", "Plan (2)", "CON", "日本", "manifest.json", "."];
    const ids: string[] = [];
    for (const title of titles) ids.push(await create(title, `# ${title}\n`, workspace));
    const trashed = await create("trashed", "gone", workspace);
    await api("DELETE", `/documents/${trashed}`, { token });
    const response = await download(workspace);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/zip");
    expect(response.headers.get("content-disposition")).toContain('filename="Team - 1.zip"');
    expect(response.headers.get("link")).toBeNull();
    const files = unzipSync(new Uint8Array(await response.arrayBuffer()));
    const names = [
      "Plan.md",
      "plan (2).md",
      "-..-plan.md",
      "Plan (2) (2).md",
      "_CON.md",
      "日本.md",
      "manifest.json.md",
      "Untitled.md",
    ];
    expect(Object.keys(files)).toEqual([...names, "manifest.json"]);
    for (const [index, name] of names.entries()) expect(strFromU8(files[name]!)).toBe(`# ${titles[index]}\n`);
    expect(JSON.parse(strFromU8(files["manifest.json"]!))).toMatchObject({
      workspace: "Team / 1",
      next_cursor: null,
      documents: titles.map((title, index) => ({ id: ids[index], title, file: names[index], version: 1 })),
    });
  });

  it("is not broken by a document that cannot be read: the manifest names it", async () => {
    const workspace = await newWorkspace("Team");
    const [, lost] = [await create("one", "1", workspace), await create("lost", "2", workspace)];
    await create("three", "3", workspace);
    await env.ROOMS.getByName(lost).erase();
    const files = unzipSync(new Uint8Array(await (await download(workspace)).arrayBuffer()));
    expect(Object.keys(files)).toEqual(["one.md", "three.md", "manifest.json"]);
    expect(JSON.parse(strFromU8(files["manifest.json"]!)).documents[1]).toMatchObject({
      id: lost,
      title: "lost",
      file: null,
      error: "not_found",
    });
  });

  it("reads a room when its turn comes, and none for who has gone", async () => {
    const workspace = await newWorkspace("Team");
    for (let n = 0; n < 10; n++) await create(`${n}`, "x".repeat(100_000), workspace);
    const { db, room } = placesOf(env);
    const found = await workspaceExport(db, owner.user.id, workspace, undefined);
    const asked = vi.fn(room);
    const reader = zipOf(asked, found, Date.now()).getReader();
    await reader.read();
    expect(asked.mock.calls.length).toBeLessThan(4);
    await reader.cancel();
    const soFar = asked.mock.calls.length;
    await scheduler.wait(100);
    expect(asked.mock.calls.length).toBe(soFar);
  });

  it("is of so many documents, and the next one goes on", async () => {
    const workspace = await newWorkspace("Large");
    const insert = env.DB.prepare(
      "INSERT INTO documents (id, workspace_id, owner_id, title, created_at, updated_at) VALUES (?, ?, ?, 'T', ?, 0)",
    );
    const count = limits.exportDocuments + 2;
    const rows = Array.from({ length: count }, (_, n) =>
      insert.bind(crypto.randomUUID(), workspace, owner.user.id, n),
    );
    await env.DB.batch(rows);
    const first = await download(workspace);
    const link = /^<(.+?)\?cursor=(.+?)>; rel="next"$/.exec(first.headers.get("link") ?? "");
    expect(link?.[1]).toBe(`/api/v1/workspaces/${workspace}/export`);
    await first.body?.cancel();
    const rest = unzipSync(
      new Uint8Array(await (await download(workspace, `?cursor=${link![2]}`)).arrayBuffer()),
    );
    const manifest = JSON.parse(strFromU8(rest["manifest.json"]!));
    expect(manifest).toMatchObject({ next_cursor: null });
    expect(manifest.documents).toHaveLength(2);
    const { rows: all } = await workspaceExport(database(env.DB), owner.user.id, workspace, undefined);
    expect(all).toHaveLength(limits.exportDocuments);
    expectProblem(await api("GET", `/workspaces/${workspace}/export?cursor=x`, { token }), "invalid_request");
  });
});
