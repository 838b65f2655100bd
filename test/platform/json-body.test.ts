import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

const json = { "content-type": "application/json" };
const login = (body: BodyInit, headers: Record<string, string> = json) =>
  api("POST", "/auth/login", { body, headers });

/** A body whose length is not announced. */
function chunked(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, 4096)).fill(0x20));
      left -= 4096;
    },
  });
}

describe("bodies", () => {
  it.each([
    ["cut short", '{"email": "a@b.de"'],
    ["empty", ""],
    ["with a trailing comma", '{"email": "a@b.de",}'],
    ["of single quotes", "{'email': 'a'}"],
    ["with a number that is none", '{"email": NaN}'],
    ["of two values", "{} {}"],
    ["in UTF-16", new Uint8Array([0x7b, 0x00, 0x7d, 0x00])],
  ])("of JSON %s are refused", async (_, body) => expectProblem(await login(body), "invalid_request"));

  it.each([
    ["a stray byte", [0xff]],
    ["an overlong form", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a sequence cut short", [0xf0, 0x9f, 0x98]],
  ])("that are not UTF-8 are refused, not repaired: %s", async (_, bytes) => {
    const { access_token: token } = await newAccount();
    const encode = (text: string) => [...new TextEncoder().encode(text)];
    const body = new Uint8Array([...encode('{"title":"x","content":"'), ...bytes, ...encode('"}')]);
    expectProblem(await api("POST", "/documents", { token, body, headers: json }), "invalid_request");
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
  ])("of the type %s are refused", async (type) =>
    expectProblem(await login("{}", { "content-type": type }), "unsupported_media_type"),
  );

  it("of no type are refused", async () => {
    expectProblem(await login(new Uint8Array([0x7b, 0x7d]), {}), "unsupported_media_type");
  });

  it("may say their charset and begin with a byte order mark", async () => {
    const answer = await login('\ufeff{"email":"a@b.de","password":"x"}', {
      "content-type": "application/json; charset=utf-8",
    });
    expectProblem(answer, "invalid_credentials");
  });

  it("over the limit are refused, whether their length was announced or not", async () => {
    expectProblem(await login(" ".repeat(limits.credentialsBytes + 1)), "payload_too_large");
    expectProblem(await login(chunked(limits.credentialsBytes + 1)), "payload_too_large");
    expectProblem(await login(" ".repeat(limits.credentialsBytes)), "invalid_request");
  });

  it("nested ten thousand deep do no harm", async () => {
    const answer = await login(`${"[".repeat(8_000)}${"]".repeat(8_000)}`);
    expectProblem(answer, "validation_failed");
  });

  it("cannot reach a prototype", async () => {
    const answer = await login('{"__proto__":{"email":"a@b.de"},"constructor":{"prototype":{"polluted":1}}}');
    expectProblem(answer, "validation_failed");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
