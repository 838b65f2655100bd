import type { ErrorCode } from "../protocol/errors.ts";
import { errorStatus } from "../protocol/errors.ts";
import { problemTitle } from "./problem.ts";

// Every body, answer and parameter of /openapi.json has an example: the one that its schema brings along, or one that is made
// from it here. A test holds each to its schema.

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  example?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  default?: unknown;
}

interface Body {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Operation {
  parameters?: { name: string; schema: Schema; example?: unknown }[];
  requestBody?: { description?: string; content: Record<string, Body> };
  responses: Record<string, { description?: string; content?: Record<string, Body> }>;
}

/** The parts of an OpenAPI 3.1 document that get examples. */
export interface Describable {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** Puts the examples into the document, where there are none. */
export function addExamples(description: Describable): void {
  const schemas = description.components?.schemas ?? {};
  for (const operation of Object.values(description.paths).flatMap((methods) => Object.values(methods))) {
    for (const parameter of operation.parameters ?? []) {
      parameter.example ??= exampleOf(parameter.schema, parameter.name, schemas);
    }
    for (const { description = "", content = {} } of [
      operation.requestBody ?? {},
      ...Object.values(operation.responses),
    ]) {
      for (const [mediaType, body] of Object.entries(content)) {
        if (mediaType === "application/problem+json") {
          body.examples = problemExamples(body.schema, description.split(", ") as ErrorCode[], schemas);
        } else if (mediaType.endsWith("json")) body.example ??= exampleOf(body.schema, "", schemas);
        else body.example ??= texts[mediaType] ?? "…";
      }
    }
  }
}

/** One of each error that the answer may be: its description names them. */
function problemExamples(schema: Schema, codes: ErrorCode[], schemas: Record<string, Schema>) {
  const branches = resolved(schema, schemas).anyOf ?? [];
  return Object.fromEntries(
    codes.map((code) => {
      // Problems that have members of their own.
      const own = branches.slice(1).find((branch) => bears(branch, code, schemas));
      const members = own ? (exampleOf(own, "", schemas) as { errors?: unknown }) : {};
      const { errors: _, ...kept } = members;
      const value = {
        ...kept,
        type: `/problems/${code}`,
        title: problemTitle(code),
        status: errorStatus[code],
        detail: `${problemTitle(code)}, in words for who reads it.`,
        error: code,
        request_id: requestId,
        ...(code === "validation_failed" && {
          errors: [{ path: ["title"], message: "title is required", code: "invalid_type" }],
        }),
      };
      return [code, { value }];
    }),
  );
}

function bears(schema: Schema, code: ErrorCode, schemas: Record<string, Schema>): boolean {
  const { properties, allOf = [] } = resolved(schema, schemas);
  return properties?.error?.enum?.includes(code) || allOf.some((one) => bears(one, code, schemas));
}

const resolved = (schema: Schema, schemas: Record<string, Schema>): Schema =>
  schema.$ref === undefined ? schema : (schemas[schema.$ref.split("/").at(-1)!] ?? {});

/** `name` is that of the field, by which texts and numbers look like what they are. */
function exampleOf(given: Schema, name: string, schemas: Record<string, Schema>): unknown {
  const schema = resolved(given, schemas);
  if (schema.example !== undefined) return schema.example;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) {
    const wanted = choice.find((one) => resolved(one, schemas).type !== "null") ?? choice[0]!;
    return exampleOf(wanted, name, schemas);
  }
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((one) => exampleOf(one, name, schemas)));
  }
  switch ([schema.type].flat()[0]) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, one]) => [
          field,
          exampleOf(one, field, schemas),
        ]),
      );
    case "array":
      return schema.items ? [exampleOf(schema.items, name.replace(/s$/, ""), schemas)] : [];
    case "boolean":
      return schema.default ?? true;
    case "integer":
    case "number":
      return schema.default ?? numbers[name] ?? Math.max(schema.minimum ?? 1, 1);
    case "null":
      return null;
    default:
      return wordFor(schema, name);
  }
}

function wordFor({ format = "", minLength = 0, maxLength, default: given }: Schema, name: string): unknown {
  if (given !== undefined && given !== "") return given;
  const word = words[name] ?? formats[format] ?? "text";
  return word.padEnd(minLength, "…").slice(0, maxLength);
}

const requestId = "3f0c2f5e-6f0a-4d6b-9a4e-0d7f2a1b3c4d";

const formats: Record<string, string> = {
  uuid: "8c5b2c1e-7d0f-4d55-9a53-2f7f0c9e6b1a",
  "date-time": "2026-11-23T04:17:53.000Z",
  email: "ada@example.com",
  uri: "https://example.com/hooks/materi",
};

const words: Record<string, string> = {
  name: "Ada Lovelace",
  title: "Minutes of Monday",
  content: "# Minutes\n\nWe agreed.\n",
  email: "ada@example.com",
  password: "correct horse battery staple",
  new_password: "correct horse battery staple",
  current_password: "SecurePass123!",
  url: "https://example.com/hooks/materi",
  q: "agreed monday",
  cursor: "MTc5NTM5OTg5NTAwMC44YzViMmMxZQ",
  next_cursor: "MTc5NTM5OTg5NTAwMC44YzViMmMxZQ",
  client_id: "job-7",
  epoch: "f3b1c7",
  "if-match": '"v42"',
  "if-none-match": '"v42"',
  "last-event-id": "42",
  "idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324",
  code: "123456",
  expected_text: "We agreed",
};

const numbers: Record<string, number> = {
  version: 42,
  base_version: 42,
  since: 41,
  from: 0,
  to: 9,
  limit: 50,
};

/** Of bodies that are no JSON. */
const texts: Record<string, string> = {
  "text/plain": "We agreed.\n",
  "text/markdown": "# Minutes\n\nWe agreed.\n",
  "text/html": "<h1>Minutes</h1>\n<p>We agreed.</p>\n",
  "text/event-stream": 'id: 43\nevent: operations\ndata: {"from":43,"items":[]}\n\n',
};
