import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import { limits } from "../../src/protocol/limits.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

// Every operation of the API, as /openapi.json describes it, gets bad input: a new one is covered once it is described.

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  enum?: unknown[];
  maxLength?: number;
}

interface Operation {
  name: string;
  method: string;
  path: string;
  /** The fields of the JSON body; undefined without a body. */
  fields: [name: string, schema: Schema][] | undefined;
  required: string[];
  query: string[];
  params: string[];
  /** It takes a body that is a text. */
  takesText: boolean;
}

interface Described {
  components: { schemas: Record<string, Schema> };
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { name: string; in: string }[];
        requestBody?: { content: { "application/json"?: { schema: Schema }; "text/plain"?: unknown } };
      }
    >
  >;
}

const description = app.getOpenAPI31Document({
  openapi: "3.1.0",
  info: { title: "", version: "" },
}) as unknown as Described;

const resolve = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : description.components.schemas[schema.$ref.split("/").at(-1)!]!;

const operations: Operation[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
    const json = requestBody?.content["application/json"];
    const body = json && resolve(json.schema);
    return {
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: path.replace("/api/v1", ""),
      fields: body && Object.entries(body.properties ?? {}),
      required: body?.required ?? [],
      query: parameters.flatMap((one) => (one.in === "query" ? one.name : [])),
      params: parameters.flatMap((one) => (one.in === "path" ? one.name : [])),
      takesText: requestBody?.content["text/plain"] !== undefined,
    };
  }),
);
const withBody = operations.filter(({ fields }) => fields !== undefined);

/** One value of each type that the schema does not take. */
function wrongTypes(schema: Schema): unknown[] {
  const { type, anyOf = [], enum: values } = resolve(schema);
  const types = [type, ...anyOf.map((one) => resolve(one).type)].flat();
  const candidates: [string[], unknown][] = [
    [["string"], "a string"],
    [["number", "integer"], 1.5],
    [["boolean"], true],
    [["null"], null],
    [["array"], [{}]],
    [["object"], { length: { toString: 1 }, toString: null }],
  ];
  const wrong = candidates.filter(([names]) => !names.some((name) => types.includes(name)));
  return [...wrong.map(([, value]) => value), ...(values ? ["none of these"] : [])];
}

const takesText = (schema: Schema): boolean => {
  const { type, anyOf = [] } = resolve(schema);
  return type === "string" || anyOf.some(takesText);
};

/** Text that is well-typed and not what anybody meant. */
const oddTexts = [
  "",
  " ",
  "\ud800",
  "a\u0000b",
  "e\u0301",
  "\uff41\uff20\uff42.example",
  "\u202e\u200b\ufeff",
  "' OR 1=1 --",
  "<script>alert(1)</script>",
  "__proto__",
  "../../%00%2f",
];

/** Sends as somebody who is signed in, anew where what was sent has ended the sign-in. */
function sender({ method, path }: Pick<Operation, "method" | "path">) {
  let token: string | undefined;
  return async (
    options: { json?: unknown; body?: string; headers?: Record<string, string>; query?: string },
    params: Record<string, string> = {},
  ): Promise<Answer> => {
    const sound = (name: string) => (name === "version" ? "1" : crypto.randomUUID());
    const place = path.replaceAll(/\{(\w+)\}/g, (_, name) => params[name] ?? sound(name));
    for (;;) {
      token ??= path.startsWith("/admin/") ? testSecrets.ADMIN_TOKEN : (await newAccount()).access_token;
      const { query = "", ...rest } = options;
      const answer = await api(method, place + query, { token, ...rest });
      if (!answer.text.includes("access token has ended")) return answer;
      token = undefined;
    }
  };
}

const json = { "content-type": "application/json" };

/** Whatever somebody sends, the answer is not that something broke, and says nothing from inside. */
function expectHarmless(answer: Answer, what: string): void {
  // 501: what an installation may do without (Google) is not set up for this test, and that is no fault.
  const broken = answer.status >= 500 && answer.body?.error !== "not_configured";
  expect(broken, `${what}: ${answer.text}`).toBe(false);
  if (answer.status >= 400) expectProblem(answer, answer.body.error as ErrorCode);
}

function expectRefused(answer: Answer, field: string, what: string): void {
  expect([answer.body?.error, what], answer.text).toEqual(["validation_failed", what]);
  expectProblem(answer, "validation_failed");
  const paths = answer.body.errors.map(({ path }: { path: unknown[] }) => path[0]);
  expect(paths, `${what}: ${answer.text}`).toContain(field);
}

it("knows the operations of the API", () => {
  expect(operations.length).toBeGreaterThan(25);
  expect(withBody.flatMap(({ fields }) => fields ?? []).length).toBeGreaterThan(20);
});

describe.each(withBody)("$name refuses", (operation) => {
  const send = sender(operation);
  const fields = operation.fields ?? [];

  it("what is no JSON object of its media type, and what is too large", async () => {
    for (const body of ["{not json", '{"a":1', "\u0000", '{"a":1}{}']) {
      expectProblem(await send({ body, headers: json }), "invalid_request");
    }
    for (const body of ["null", "[]", '"text"', "5"]) {
      const answer = await send({ body, headers: json });
      expectProblem(answer, "validation_failed");
      expect(answer.body.detail, body).toContain("JSON object");
    }
    expectProblem(
      await send({ body: "{}", headers: { "content-type": "text/plain" } }),
      "unsupported_media_type",
    );
    const tooLarge = `{"x":"${"x".repeat(limits.bodyBytes)}"}`;
    expectProblem(await send({ body: tooLarge, headers: json }), "payload_too_large");
  });

  it("missing, wrong-typed and over-long fields, each by its name", async () => {
    for (const name of operation.required) expectRefused(await send({ json: {} }), name, `without ${name}`);
    for (const [name, schema] of fields) {
      for (const value of wrongTypes(schema)) {
        const what = `${name} = ${JSON.stringify(value)}`;
        expectRefused(await send({ json: { [name]: value } }), name, what);
      }
      const { maxLength } = resolve(schema);
      if (maxLength === undefined || maxLength > 1_000_000) continue;
      const json = { [name]: "x".repeat(maxLength + 1) };
      expectRefused(await send({ json }), name, `${name} of ${maxLength + 1} units`);
    }
  });

  it("or takes odd text and fields that are not its own, and breaks at nothing", async () => {
    for (const [name, schema] of fields) {
      if (!takesText(schema)) continue;
      for (const text of oddTexts) {
        const others = Object.fromEntries(fields.map(([other]) => [other, "x@example.com"]));
        expectHarmless(
          await send({ json: { ...others, [name]: text } }),
          `${name} = ${JSON.stringify(text)}`,
        );
      }
    }
    const foreign =
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"id":1,"user_id":"x","role":"owner"}';
    expectHarmless(await send({ body: foreign, headers: json }), "fields that are not its own");
    expect("admin" in {}).toBe(false);
    const deep = `{"x":${"[".repeat(8_000)}${"]".repeat(8_000)}}`;
    expectHarmless(await send({ body: deep, headers: json }), "8,000 lists in each other");
  });
});

describe.each(operations.filter(({ params, query }) => params.length + query.length > 0))(
  "$name answers odd",
  (operation) => {
    const send = sender(operation);
    const options = operation.takesText ? { body: "x", headers: { "content-type": "text/plain" } } : {};

    it("addresses with 400 or 404, and breaks at nothing", async () => {
      for (const name of operation.params) {
        for (const text of [
          ...oddTexts.filter((text) => text.trim() && text.isWellFormed()),
          "x".repeat(5_000),
        ]) {
          const answer = await send(options, { [name]: encodeURIComponent(text) });
          const what = `${name} = ${JSON.stringify(text.slice(0, 30))}`;
          expectHarmless(answer, what);
          expect([400, 404], `${what}: ${answer.text}`).toContain(answer.status);
        }
      }
      for (const name of operation.query) {
        for (const text of ["", "\u0000", "-1", "1e999", "x".repeat(5_000), "' OR 1=1 --", "a&a=b"]) {
          const query = `?${name}=${text.includes("&") ? text : encodeURIComponent(text)}`;
          expectHarmless(await send({ ...options, query }), query.slice(0, 50));
        }
      }
    });
  },
);
