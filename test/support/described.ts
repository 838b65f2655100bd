import { type Schema, Validator } from "@cfworker/json-schema";
import { described } from "../../src/app.ts";

// Every answer that the tests get is held to what /openapi.json says of it. The validator interprets its schemas: workerd
// lets none be compiled.

interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  schema: Schema;
  example?: unknown;
}

interface Body {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Described {
  summary?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Body> };
  responses: Record<string, { description: string; content?: Record<string, Body> }>;
}

/** The published description, as a client gets it. */
export const description = JSON.parse(described()) as {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
};

/** What a reference stands for. */
export function resolve<S extends { $ref?: string }>(schema: S): S {
  if (schema.$ref === undefined) return schema;
  return description.components.schemas[schema.$ref.split("/").at(-1)!] as S;
}

/** The schema without references, taking no fields but those that it names: what is not described is a fault. */
export function closed(schema: Schema, inside = false): Schema {
  const { $ref: _, ...rest } = resolve(schema);
  const copy: Schema = { ...rest };
  if (copy.properties) {
    copy.properties = Object.fromEntries(
      Object.entries(copy.properties as Record<string, Schema>).map(([name, one]) => [name, closed(one)]),
    );
  }
  if (copy.items) copy.items = closed(copy.items as Schema);
  for (const key of ["anyOf", "oneOf", "allOf"] as const) {
    copy[key] &&= copy[key].map((one) => closed(one as Schema, key === "allOf"));
  }
  const named = copy.properties !== undefined || copy.allOf !== undefined;
  if (named && !inside && copy.additionalProperties === undefined) copy.unevaluatedProperties = false;
  return copy;
}

const operations = Object.entries(description.paths).map(([path, methods]) => ({
  path,
  methods,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  names: path.split("{").length,
}));
// As the router has it: an address that is written out comes before one with names.
operations.sort((a, b) => a.names - b.names);

const validators = new Map<Schema, Validator>();

/** What is wrong with an answer by /openapi.json; undefined if it is one of those described, or not of the API. */
export function undescribed(
  method: string,
  path: string,
  answer: { status: number; headers: Headers; text: string; body: unknown },
): string | undefined {
  const { pathname } = new URL(path, "https://materi.test");
  if (!pathname.startsWith("/api/") || method === "OPTIONS") return undefined;
  const route = operations.find(({ pattern }) => pattern.test(pathname));
  const operation = route?.methods[(method === "HEAD" ? "GET" : method).toLowerCase()];
  if (!operation) {
    const code = (answer.body as { error?: string } | undefined)?.error;
    const expected = route ? ["method_not_allowed"] : ["not_found"];
    return [...expected, "rate_limited", "origin_not_allowed"].includes(code ?? "")
      ? undefined
      : `no operation is described, and the answer is no ${expected}`;
  }
  const response = operation.responses[answer.status];
  if (!response) return "the status is not described";
  const mediaType = answer.headers.get("content-type")?.split(";")[0];
  if (method === "HEAD") return undefined;
  if (!response.content || answer.text === "") {
    if (answer.text !== "") return "it has a body, and none is described";
    // A redirect, or a representation of nothing.
    return response.content && mediaType?.includes("json")
      ? "it has no body, and one is described"
      : undefined;
  }
  const schema = response.content[mediaType ?? ""]?.schema;
  if (!schema) return `its media type ${mediaType} is not described`;
  if (!mediaType?.endsWith("json")) return undefined;
  let validator = validators.get(schema);
  if (!validator) {
    validator = new Validator(closed(schema), "2020-12", false);
    validators.set(schema, validator);
  }
  const { valid, errors } = validator.validate(answer.body);
  return valid
    ? undefined
    : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join("; ");
}
