import { beforeAll, describe, expect, it } from "vitest";
import { fileStem } from "../../src/documents/file-name.ts";
import { htmlToMarkdown } from "../../src/documents/html-to-markdown.ts";
import { importedText } from "../../src/documents/imported-text.ts";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

let token: string;
beforeAll(async () => {
  ({ access_token: token } = await newAccount());
});

const send = (type: string, body: BodyInit, query = "", headers: Record<string, string> = {}) =>
  api("POST", `/documents/import${query}`, { token, body, headers: { "content-type": type, ...headers } });

describe("POST /documents/import", () => {
  it("takes Markdown and plain text as they are, but for byte order mark and line ends", async () => {
    const text = "\ufeff# One *thing* #\r\n\r\nand\ranother\u0000\n😀 \ufeff";
    const made = await send("text/markdown; charset=UTF-8", text);
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({
      title: "One thing",
      content: "# One *thing* #\n\nand\nanother\u0000\n😀 \ufeff",
      version: 1,
    });
    expect(made.headers.get("location")).toBe(`/api/v1/documents/${made.body.id}`);
    const { body } = await api("GET", `/documents/${made.body.id}/history`, { token });
    expect(body.items[0].authors[0].kind).toBe("import");
    const plain = await send("text/plain", "just a line\nand more", "?title=Mine");
    expect(plain.body).toMatchObject({ title: "Mine", content: "just a line\nand more" });
  });

  it("turns HTML into Markdown", async () => {
    const made = await send("text/html", "<title>A &amp; B</title><h1>Head</h1><p>One<br>two <b>three</b>");
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({ title: "A & B", content: "# Head\n\nOne\\\ntwo **three**\n" });
  });

  it("makes one document of one Idempotency-Key", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const [first, again] = [
      await send("text/plain", "once", "", key),
      await send("text/plain", "once", "", key),
    ];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expectProblem(await send("text/plain", "twice", "", key), "idempotency_key_reused");
  });

  it.each([
    ["no UTF-8", "text/plain", new Uint8Array([0x61, 0xff, 0x62]), "", "invalid_request"],
    ["UTF-16", "text/plain", new Uint8Array([0xff, 0xfe, 0x61, 0]), "", "invalid_request"],
    ["Latin-1, and says so", "text/plain; charset=iso-8859-1", "a", "", "unsupported_media_type"],
    ["another type", "application/pdf", "%PDF", "", "unsupported_media_type"],
    ["a title that is none", "text/plain", "a", "?title=%20", "invalid_request"],
    ["no such workspace", "text/plain", "a", `?workspace_id=${crypto.randomUUID()}`, "not_found"],
    ["too much text", "text/plain", "a".repeat(limits.textUnits + 1), "", "validation_failed"],
    ["too much HTML", "text/html", "a".repeat(limits.importedHtmlUnits + 1), "", "payload_too_large"],
  ] as const)("refuses %s", async (_, type, body, query, code) => {
    expectProblem(await send(type, body, query), code);
  });
});

describe("a title", () => {
  it.each([
    ["", "Untitled"],
    [" \n\t\n", "Untitled"],
    ["## \n\ntext", "text"],
    ["first line\n\n# Heading", "Heading"],
    ["- [ ] **bold** _item_ snake_case", "- [ ] bold item snake_case"],
    ["#hashtag", "#hashtag"],
    [`# ${"😀".repeat(150)}`, "😀".repeat(100)],
    [`# ${"x".repeat(199)}😀`, "x".repeat(199)],
    ["# a\u0007b\u2028c", "a b c"],
  ])("of %j", (text, title) => {
    expect(importedText("text/markdown", text).title).toBe(title);
  });
});

describe("HTML", () => {
  it.each([
    ["<p>a</p>b<div>c<div>d</div>e</div>", "a\n\nb\n\nc\n\nd\n\ne\n"],
    ["<b>one </b><i>two<b>three</b></i>", "**one** _two**three**_\n"],
    ["<b><p>x</p><p>y</p></b>z", "**x**\n\n**y**\n\nz\n"],
    ["<ul><li>a<ol start=4><li>b</ol><li><input type=checkbox>c</ul>", "- a\n\n  4. b\n- [ ] c\n"],
    ["<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b\n"],
    ['<pre><code class="x language-js">a\n  b\n</code></pre>', "```js\na\n  b\n```\n"],
    ["<table><tr><th>A<th>B<tr><td>1<p>2<td>|</table>", "| A | B |\n| - | - |\n| 1 2 | \\| |\n"],
    ["x <code>a`b</code>&nbsp;&lt;b>", "x ``a`b``\u00a0\\<b>\n"],
    ['<a href="https://a.example/?b=1">l</a> <a href="/p">m</a>', "[l](https://a.example/?b=1) [m](/p)\n"],
    ["# no * heading _ [x](y)", "\\# no \\* heading \\_ \\[x]\\(y)\n"],
    ["a<!-- b --><script>c()</script><style>d</style><svg><text>e</text></svg><template>f</template>", "a\n"],
    ['<img src="a.png" alt="b" onerror="c()">', "![b](a.png)\n"],
    ["<li>a<td>b<h1><ul><li>c</ul></h1>", "a\n\nb\n\n# c\n"],
    // Where a line cannot be broken, there is a blank.
    [
      "<pre>a<br>b</pre><h2>a<br>b<hr>c<p>d</p></h2>e<hr>f<br>",
      "```\na\nb\n```\n\n## a b c d\n\ne\n\n---\n\nf\n",
    ],
    ["<h2>a<blockquote>b</blockquote><pre>c</pre><table><tr><td>d</table></h2>", "## a b c d\n"],
    ["<table>loose<tr><td><h2>a</h2>b<hr>c<br>d</table>", "| loose |\n| - |\n| a b c d |\n"],
    ["<table><td>a<td>b</table><tr><td>no table", "| a | b |\n| - | - |\n\nno table\n"],
    [
      "<ul>loose<li>item<input type=checkbox>late</ul><input type=checkbox>none",
      "- loose\n- itemlate\n\nnone\n",
    ],
    ["<ol start=-1><li>a</ol>b<ol start=x><li>c</ol>", "1. a\n\nb\n\n1. c\n"],
    ["<code>a<code class=language-js>b</code></code><pre><h2>c</h2></pre>", "`ab`\n\n```\nc\n```\n"],
    ["<h2></h2><pre> \n </pre>a <code> </code> b<a>c</a><img alt=d><img src=e>", "a bcd![](e)\n"],
    ["<title>a</title><svg><title>b</title></svg><title>c</title>d", "d\n"],
    ["", ""],
    ["<table></table><ul></ul><p></p><b> </b>", ""],
  ])("%s", (html, markdown) => {
    expect(htmlToMarkdown(html).markdown).toBe(markdown);
  });

  it.each([
    "javascript:a()",
    " JaVaScRiPt:a()",
    "java\tscript:a()",
    "vbscript:a",
    "data:text/html,a",
    "file:///a",
  ])("leads nowhere by %s", (address) => {
    const { markdown } = htmlToMarkdown(`<a href="${address}">l</a><img src="${address}" alt="i">`);
    expect(markdown).toBe("li\n");
  });

  it("of any nesting is turned in time, and without recursion", () => {
    for (const part of [
      "<div>",
      "<b>x",
      "<a href=x>y",
      "<ul><li>",
      "<blockquote>x",
      "<table><tr><td>",
      "<pre>",
      "</b>",
    ]) {
      expect(htmlToMarkdown(part.repeat(20_000)).markdown.length, part).toBeLessThan(2_000_000);
    }
  });
});

describe("the name of a file", () => {
  it.each([
    ["Minutes", "Minutes"],
    ["../../etc/passwd", "-..-etc-passwd"],
    ['a/b\\c:d*e?f"g<h>i|j', "a-b-c-d-e-f-g-h-i-j"],
    [" . .. ", "Untitled"],
    [".hidden.", "hidden"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["com1 .x", "_com1 .x"],
    ["LPT¹", "_LPT¹"],
    ["console", "console"],
    ["fdp.exe\u202e", "fdp.exe"],
    ["e\u0301", "é"],
    ["a\u0000b\nc", "a-b-c"],
    ["日".repeat(100), "日".repeat(66)],
    [`${"x".repeat(199)}. y`, "x".repeat(199)],
  ])("%j", (title, stem) => {
    expect(fileStem(title)).toBe(stem);
  });
});
