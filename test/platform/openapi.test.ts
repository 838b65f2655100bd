import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { api, send } from "../support/api.ts";
import { closed, description, undescribed } from "../support/described.ts";

/** Served, and no part of the REST API: described elsewhere, or made for people and machines that look around. */
const besides = [
  "GET /ws/documents/:id",
  "GET /health",
  "GET /health/ready",
  "GET /metrics",
  "GET /.well-known/jwks.json",
  "GET /problems/:code",
  "GET /openapi.json",
  "GET /docs",
  "GET /asyncapi.json",
  "GET /protocol/schemas.json",
];

const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    name: `${method.toUpperCase()} ${path}`,
  })),
);

describe("/openapi.json", () => {
  it("is what is served", async () => {
    expect((await send("GET", "/openapi.json")).body).toEqual(JSON.parse(JSON.stringify(description)));
  });

  it("describes every route but those that are listed here, and no other", () => {
    const served = app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : `${method} ${path}`));
    const described = operations.map(({ name }) => name.replaceAll(/\{(\w+)\}/g, ":$1"));
    expect([...described, ...besides].sort()).toEqual([...new Set(served)].sort());
  });

  it.each(operations)("says of $name what it is for, and how each of its errors is called", (operation) => {
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    const answers = Object.entries(operation.responses);
    expect(answers.some(([status]) => /^[23]/.test(status))).toBe(true);
    for (const [status, { description }] of answers) {
      expect(description).toMatch(/\S/);
      if (status.startsWith("2")) expect(description, status).toMatch(/\.$/);
    }
    for (const status of ["403", "429", "500", "503"]) expect(operation.responses).toHaveProperty(status);
  });
});

describe("/docs", () => {
  it("shows every operation, parameter, object and error to people, without a script and without another server", async () => {
    const { text, headers } = await send("GET", "/docs");
    expect(headers.get("content-type")).toContain("text/html");
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}=';/,
    );
    for (const { name, summary, parameters = [], responses } of operations) {
      const section = text.slice(text.indexOf(`<code>${name}</code>`)).split("</section>")[0]!;
      expect(section.length, name).toBeGreaterThan(100);
      expect(text).toContain(`<h2>${summary?.replaceAll("'", "&#39;")}</h2>`);
      for (const parameter of parameters) expect(section).toContain(`<code>${parameter.name}</code>`);
      for (const [status, { description }] of Object.entries(responses)) {
        expect(section).toContain(`<code>${status}</code>`);
        if (status >= "4")
          for (const code of description.split(", ")) expect(section).toContain(`/problems/${code}"`);
      }
    }
    for (const name of Object.keys(description.components.schemas))
      expect(text).toContain(`<section id="${name}">`);
    // Addresses stand in examples, and lead nowhere.
    expect(text).not.toMatch(/<script|\bsrc=|href="https?:|url\(|undefined|\[object/);
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target);
    for (const target of new Set(targets)) expect(text).toContain(`id="${target}"`);
  });
});

describe("every operation", () => {
  const valid = (schema: Schema, value: unknown) => {
    const { valid, errors } = new Validator(closed(schema), "2020-12", false).validate(value);
    return valid ? "valid" : JSON.stringify({ errors: errors.slice(-2), value });
  };

  it.each(operations)("$name has examples that are what they are examples of", (operation) => {
    for (const { name, schema, example } of operation.parameters ?? []) {
      expect(example, name).toBeDefined();
      expect(valid(schema, example), name).toBe("valid");
    }
    for (const { content = {} } of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
      for (const [mediaType, { schema, example, examples }] of Object.entries(content)) {
        const all = examples ? Object.values(examples).map(({ value }) => value) : [example];
        expect(all.length, mediaType).toBeGreaterThan(0);
        for (const one of all) expect(valid(schema, one), mediaType).toBe("valid");
      }
    }
  });

  it("has an example of each of its errors", () => {
    for (const { name, responses } of operations) {
      for (const [status, { description: codes, content = {} }] of Object.entries(responses)) {
        const { examples } = content["application/problem+json"] ?? {};
        if (status >= "400")
          expect(Object.keys(examples ?? {}), `${name}, ${status}`).toEqual(codes.split(", "));
      }
    }
  });
});

describe("a test that gets an answer", () => {
  const headers = (type: string) => new Headers({ "content-type": type });
  const problem = {
    type: "/problems/not_found",
    title: "Not found",
    status: 404,
    detail: "There is no such document.",
    error: "not_found",
    request_id: "0",
  };
  const check = (status: number, body: unknown, type = "application/problem+json", path = "documents/x") =>
    undescribed("GET", `/api/v1/${path}`, {
      status,
      headers: headers(type),
      text: JSON.stringify(body),
      body,
    });

  it("takes it if it is described", async () => {
    expect(check(404, problem)).toBeUndefined();
    expect((await api("GET", "/nope")).status).toBe(404);
    expect((await api("PUT", "/documents")).status).toBe(405);
  });

  it("fails at a status, a media type, an error, a field or a form that is not", () => {
    expect(check(418, problem)).toContain("status");
    expect(check(404, problem, "application/json")).toContain("media type");
    expect(check(404, { ...problem, error: "email_taken" })).toContain("#/error");
    expect(check(404, { ...problem, secret: 1 })).toContain("secret");
    expect(check(404, { ...problem, detail: 1 })).toContain("detail");
    expect(check(404, "a text")).toContain("string");
    const page = { items: [{ id: "not an id" }], next_cursor: null };
    expect(check(200, page, "application/json", "documents")).toContain("#/items/0");
    expect(check(200, { ...page, items: [] }, "application/json", "documents")).toBeUndefined();
    expect(check(200, { items: [], next_cursor: null, total: 0 }, "application/json", "documents")).toContain(
      "total",
    );
    expect(check(200, {}, "application/json", "undescribed")).toContain("no operation");
  });
});
