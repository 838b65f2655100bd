import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { addMember } from "../support/members.ts";
import { openSocket, type TestSocket } from "../support/socket.ts";

let token: string;
let stranger: string;
beforeAll(async () => {
  token = (await newAccount()).access_token;
  stranger = (await newAccount()).access_token;
});

async function created(content = ""): Promise<string> {
  const answer = await api("POST", "/documents", { token, json: { title: "T", content } });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.id;
}

const get = (id: string, headers: Record<string, string> = {}, query = "") =>
  api("GET", `/documents/${id}/content${query}`, { token, headers });

const put = (id: string, body: BodyInit, headers: Record<string, string> = {}, query = "") =>
  api("PUT", `/documents/${id}/content${query}`, {
    token,
    body,
    headers: { "content-type": "text/plain", ...headers },
  });

const patch = (id: string, json: object, headers: Record<string, string> = {}) =>
  api("PATCH", `/documents/${id}/content`, { token, json, headers });

const textOf = async (id: string) => (await get(id)).text;

/** A person who has the document open: what they type is upon the version that was there when they came. */
async function typist(id: string): Promise<{ socket: TestSocket; type: (op: unknown[]) => void }> {
  const socket = await openSocket(id, token);
  const { version: base } = await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
  return { socket, type: (op) => socket.send({ type: "submit", seq: 1, base, op }) };
}

describe("reading the text", () => {
  it("gives the text alone, with its version as the tag", async () => {
    const id = await created("# Größe\n😀");
    const answer = await get(id);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe("# Größe\n😀");
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("etag")).toBe('"v1"');
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("vary")).toMatch(/\bAccept\b/);
    for (const accept of ["text/markdown", "text/markdown, text/plain;q=0.5"]) {
      const markdown = await get(id, { accept });
      expect(markdown.text).toBe(answer.text);
      expect(markdown.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    }
    for (const accept of ["*/*", "text/*", "application/json"]) {
      expect((await get(id, { accept })).headers.get("content-type")).toMatch("text/plain");
    }
  });

  it.each([
    ['"v1"', 304],
    ['W/"v1"', 304],
    ['"v0", "v1"', 304],
    ["*", 304],
    ['"v0"', 200],
    ['"v2"', 200],
    ['"x"', 200],
    ["v1", 200],
    ['"v01"', 200],
    ['"x, "v1"', 304],
  ])("If-None-Match: %s is answered %i", async (tag, status) => {
    const id = await created("text");
    const answer = await get(id, { "if-none-match": tag });
    expect(answer.status).toBe(status);
    expect(answer.text).toBe(status === 304 ? "" : "text");
    expect(answer.headers.get("etag")).toBe('"v1"');
  });

  it("gives the text at any version, and says what there is not", async () => {
    const id = await created("one");
    await put(id, "one two", { "if-match": '"v1"' });
    await put(id, "two", { "if-match": '"v2"' });
    for (const [version, text] of ["", "one", "one two", "two"].entries()) {
      const answer = await get(id, { "if-none-match": `"v${version}"` }, `?version=${version}`);
      expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([200, text, `"v${version}"`]);
    }
    expectProblem(await get(id, {}, "?version=4"), "base_ahead");
    for (const version of ["", "-1", "1.5", "v1", "1e3", "9".repeat(16)]) {
      expectProblem(await get(id, {}, `?version=${version}`), "invalid_request");
    }
  });
});

describe("replacing the text", () => {
  it("goes through at the version of If-Match, and at no other", async () => {
    const id = await created("one\ntwo\nthree\n");
    const answer = await put(id, "one\n2\nthree\n", { "if-match": '"v1"' });
    expect(answer.body).toEqual({ version: 2, merged: false, trace_id: operationTraceId(id, 2) });
    expect(answer.headers.get("etag")).toBe('"v2"');
    expectProblem(await put(id, "x", { "if-match": '"v1"' }), "precondition_failed");
    expectProblem(await put(id, "x", { "if-match": '"v3"' }), "precondition_failed");
    expectProblem(await put(id, "x", { "if-match": 'W/"v2"' }), "precondition_failed");
    expect(await textOf(id)).toBe("one\n2\nthree\n");
    expect((await put(id, "whatever", { "if-match": "*" })).body).toEqual({
      version: 3,
      merged: false,
      trace_id: operationTraceId(id, 3),
    });
    // The same text is no change.
    expect((await put(id, "whatever", { "if-match": '"v3"' })).body).toEqual({
      version: 3,
      merged: false,
      trace_id: operationTraceId(id, 3),
    });
  });

  it("merges what differs from base_version into what others did since", async () => {
    const id = await created("one\ntwo\nthree\n");
    await put(id, "zero\none\ntwo\nthree\n", { "if-match": '"v1"' });
    const answer = await put(id, "one\ntwo\n3\n", {}, "?base_version=1");
    expect(answer.body).toEqual({ version: 3, merged: true, trace_id: operationTraceId(id, 3) });
    expect(await textOf(id)).toBe("zero\none\ntwo\n3\n");
    expect((await put(id, "", {}, "?base_version=3")).body).toEqual({
      version: 4,
      merged: false,
      trace_id: operationTraceId(id, 4),
    });
    expectProblem(await put(id, "x", {}, "?base_version=5"), "base_ahead");
  });

  it("asks what the text was made from", async () => {
    const id = await created("one");
    expectProblem(await put(id, "two"), "precondition_required");
    expectProblem(await put(id, "two", { "if-match": '"v1"' }, "?base_version=1"), "invalid_request");
    expectProblem(await put(id, "two", { "if-match": "*" }, "?base_version=1"), "invalid_request");
    expectProblem(await put(id, "two", { "if-match": "v1" }), "invalid_request");
    expectProblem(await put(id, "two", {}, "?base_version=x"), "invalid_request");
    expect(await textOf(id)).toBe("one");
  });

  it("keeps every text as it is, also an empty, a marked and the largest one", async () => {
    const id = await created("text");
    const any = { "if-match": "*" };
    for (const text of ["", "\ufeffmarked", "a\r\nb\u0000\u2028", "ü".repeat(limits.textUnits)]) {
      expect((await put(id, text, { ...any, "content-type": "text/markdown; charset=UTF-8" })).status).toBe(
        200,
      );
      const read = await api("GET", `/documents/${id}`, { token });
      expect(read.body.content === text).toBe(true);
    }
  });

  it.each<
    [
      string,
      BodyInit,
      string | undefined,
      "validation_failed" | "invalid_request" | "unsupported_media_type" | "payload_too_large",
    ]
  >([
    ["a text that is too long", "x".repeat(limits.textUnits + 1), "text/plain", "validation_failed"],
    ["too many bytes", "x".repeat(limits.bodyBytes + 1), "text/plain", "payload_too_large"],
    ["what is not UTF-8", new Uint8Array([0x61, 0xff]), "text/plain", "invalid_request"],
    ["half a surrogate pair", new Uint8Array([0xed, 0xa0, 0x80]), "text/plain", "invalid_request"],
    ["JSON", "{}", "application/json", "unsupported_media_type"],
    ["another charset", "x", "text/plain; charset=latin1", "unsupported_media_type"],
    ["HTML", "x", "text/html", "unsupported_media_type"],
    ["no type", new Uint8Array([0x61]), undefined, "unsupported_media_type"],
  ])("refuses %s, and changes nothing", async (_, body, type, code) => {
    const id = await created("text");
    const headers: Record<string, string> = { "if-match": '"v1"', ...(type && { "content-type": type }) };
    expectProblem(await api("PUT", `/documents/${id}/content`, { token, body, headers }), code);
    expect((await get(id)).headers.get("etag")).toBe('"v1"');
  });
});

describe("editing the text", () => {
  it("finds and replaces, appends and splices, all in one version", async () => {
    const id = await created("the cat sat on the mat");
    const edits = [
      { type: "append", text: "." },
      { type: "splice", from: 0, to: 3, text: "The", expected_text: "the" },
      { type: "replace", expected_text: "cat", text: "dog" },
      { type: "splice", from: 4, to: 4, text: "old " },
    ];
    const answer = await patch(id, { base_version: 1, edits });
    expect(answer.body).toEqual({ version: 2, merged: false, trace_id: operationTraceId(id, 2) });
    expect(answer.headers.get("etag")).toBe('"v2"');
    expect(await textOf(id)).toBe("The old dog sat on the mat.");
  });

  it("replaces everywhere only when it is asked to", async () => {
    const id = await created("aXbXcX");
    const replace = { type: "replace", expected_text: "X", text: "" };
    expectProblem(await patch(id, { edits: [replace] }), "expected_text_ambiguous");
    expect((await patch(id, { edits: [{ ...replace, all: true }] })).body).toMatchObject({ version: 2 });
    expect(await textOf(id)).toBe("abc");
    expectProblem(await patch(id, { edits: [{ ...replace, all: true }] }), "expected_text_absent");
    expectProblem(await patch(id, { edits: [replace] }), "expected_text_absent");
    // What is looked for may overlap itself.
    const aaa = await created("aaa");
    const aa = { type: "replace", expected_text: "aa", text: "b" };
    expectProblem(await patch(aaa, { edits: [aa] }), "expected_text_ambiguous");
    await patch(aaa, { edits: [{ ...aa, all: true }] });
    expect(await textOf(aaa)).toBe("ba");
  });

  it("looks at the text at the base, and moves what it found over what others did", async () => {
    const id = await created("alpha beta");
    await put(id, "first alpha beta", { "if-match": '"v1"' });
    const answer = await patch(id, {
      base_version: 1,
      edits: [{ type: "splice", from: 6, to: 10, text: "BETA", expected_text: "beta" }],
    });
    expect(answer.body).toEqual({ version: 3, merged: true, trace_id: operationTraceId(id, 3) });
    expect(await textOf(id)).toBe("first alpha BETA");
    const edits = [{ type: "append", text: "!" }];
    expectProblem(await patch(id, { edits }, { "if-match": '"v2"' }), "precondition_failed");
    expect((await patch(id, { edits }, { "if-match": '"v3"' })).body).toEqual({
      version: 4,
      merged: false,
      trace_id: operationTraceId(id, 4),
    });
  });

  it("as large as a text may be goes through", async () => {
    const id = await created("x".repeat(30_000));
    const edits = [{ type: "replace", expected_text: "xxx", text: "y".repeat(300), all: true }];
    expect((await patch(id, { edits })).status).toBe(200);
    expect((await textOf(id)) === "y".repeat(3_000_000)).toBe(true);
    const all = { type: "replace", expected_text: "yy", text: "z", all: true };
    expectProblem(await patch(id, { edits: [all] }), "operation_too_large");
    const long = { type: "append", text: "z".repeat(limits.textUnits) };
    expectProblem(await patch(id, { edits: [long] }), "document_too_large");
  });

  const splice = (from: number, to: number, more = {}) => ({ type: "splice", from, to, text: "x", ...more });
  it.each<[string, object[], Parameters<typeof expectProblem>[1]]>([
    ["a span past the end", [splice(0, 99)], "out_of_range"],
    ["a span that ends before it begins", [splice(3, 2)], "out_of_range"],
    ["half a surrogate pair", [splice(1, 2)], "splits_surrogate"],
    ["what is not there", [splice(0, 1, { expected_text: "b" })], "expected_text_absent"],
    ["spans that overlap", [splice(3, 5), splice(4, 6)], "overlapping_edits"],
    ["an insert within a span", [splice(3, 5), splice(4, 4)], "overlapping_edits"],
    ["one of many", [splice(0, 1), splice(0, 99)], "out_of_range"],
    ["no edits", [], "validation_failed"],
    ["an edit of no kind", [{ text: "x" }], "validation_failed"],
    ["an edit of another kind", [{ type: "delete", text: "x" }], "validation_failed"],
    ["a position that is no count", [splice(-1, 2)], "validation_failed"],
    ["nothing to look for", [{ type: "replace", expected_text: "", text: "x" }], "validation_failed"],
    ["a lone surrogate", [{ type: "append", text: "\ud800" }], "validation_failed"],
    [
      "too many edits",
      Array(limits.contentEdits + 1).fill({ type: "append", text: "x" }),
      "validation_failed",
    ],
  ])("refuses %s, and changes nothing", async (_, edits, code) => {
    const id = await created("a😀bcdef");
    expectProblem(await patch(id, { base_version: 1, edits }), code);
    const answer = await get(id);
    expect([answer.text, answer.headers.get("etag")]).toEqual(["a😀bcdef", '"v1"']);
  });

  it("names the edit that is at fault; positions need a version", async () => {
    const id = await created("abc");
    const edits = [splice(0, 1), splice(2, 9)];
    const answer = await patch(id, { base_version: 1, edits });
    expect(answer.body.errors).toEqual([
      { path: ["edits", 1], message: expect.stringContaining("edit 1"), code: "out_of_range" },
    ]);
    expectProblem(await patch(id, { edits }), "precondition_required");
    expectProblem(
      await patch(id, { edits: [splice(0, 1)], base_version: 1 }, { "if-match": '"v1"' }),
      "invalid_request",
    );
  });
});

describe("people who type meanwhile", () => {
  it("RM-1: lose nothing, whatever is written by REST, and see it at once", async () => {
    const id = await created("one\ntwo\nthree\n");
    const { socket, type } = await typist(id);
    const text = () => textOf(id);
    // All of these are upon version 1.
    type(["0\n"]);
    expect(await socket.next()).toMatchObject({ type: "ack", version: 2 });
    const [merged, edited] = await Promise.all([
      put(id, "one\n2\nthree\n", {}, "?base_version=1"),
      patch(id, { edits: [{ type: "append", text: "four\n" }] }),
    ]);
    expect(merged.body.merged).toBe(true);
    expect(edited.status).toBe(200);
    expect(await text()).toBe("0\none\n2\nthree\nfour\n");
    const frames = (await socket.drain()).filter(({ type }) => type === "operations");
    expect(frames.flatMap(({ items }) => items)).toHaveLength(2);
  });

  it("RM-1, RM-3: ten writers by socket and REST at a time, and every character of all of them is there once", async () => {
    const id = await created("start\n");
    const sockets = await Promise.all(Array.from({ length: 4 }, () => typist(id)));
    const rounds = 10;
    const answers: Promise<Answer>[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [index, { socket }] of sockets.entries()) {
        socket.send({ op_type: "insert", position: 0, content: `<s${index}.${round}>` });
      }
      answers.push(patch(id, { edits: [{ type: "append", text: `<a${round}>` }] }));
      answers.push(put(id, `start\n<p${round}>`, {}, "?base_version=1"));
      await Promise.all(answers);
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
    await Promise.all(sockets.map(({ socket }) => socket.drain()));
    const answer = await get(id);
    const marks = answer.text.match(/<[^>]*>/g) ?? [];
    expect(new Set(marks).size).toBe(marks.length);
    expect(marks).toHaveLength(rounds * 6);
    expect(answer.headers.get("etag")).toBe(`"v${1 + rounds * 6}"`);
  });

  it("a write upon If-Match is refused when somebody typed in between", async () => {
    const id = await created("one");
    const { socket, type } = await typist(id);
    type([3, "!"]);
    await socket.next();
    expectProblem(await put(id, "two", { "if-match": '"v1"' }), "precondition_failed");
    expect(await textOf(id)).toBe("one!");
  });
});

describe("AU-4: who may not", () => {
  const body = { body: "x", headers: { "content-type": "text/plain", "if-match": "*" } };
  const json = { json: { edits: [{ type: "append", text: "x" }] } };

  it.each<[string, object]>([
    ["GET", {}],
    ["PUT", body],
    ["PATCH", json],
  ])("%s of a foreign document looks like one of none", async (method, options) => {
    const id = await created("private");
    for (const path of [id, crypto.randomUUID()]) {
      expectProblem(
        await api(method, `/documents/${path}/content`, { token: stranger, ...options }),
        "not_found",
      );
    }
    expectProblem(await api(method, `/documents/${id}/content`, options), "unauthenticated");
    expectProblem(
      await api(method, `/documents/${id.toUpperCase()}/content`, { token, ...options }),
      "invalid_request",
    );
    expect(await textOf(id)).toBe("private");
  });

  it("a viewer reads, and changes nothing", async () => {
    const workspace = await api("POST", "/workspaces", { token, json: { name: "Shared" } });
    const viewer = await newAccount();
    await addMember(workspace.body.id, viewer, "viewer");
    const made = await api("POST", "/documents", {
      token,
      json: { title: "T", content: "text", workspace_id: workspace.body.id },
    });
    const path = `/documents/${made.body.id}/content`;
    const as = { token: viewer.access_token };
    expect((await api("GET", path, as)).text).toBe("text");
    expectProblem(await api("PUT", path, { ...as, ...body }), "forbidden");
    expectProblem(await api("PATCH", path, { ...as, ...json }), "forbidden");
  });
});
