/** As much of JSON Schema as the service's schemas use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  description?: string;
}

type Content = Record<string, { schema: Schema }>;

export interface Description {
  paths: Record<
    string,
    Record<
      string,
      {
        summary?: string;
        parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
        requestBody?: { required?: boolean; content: Content };
        responses: Record<string, { content?: Content }>;
      }
    >
  >;
  components: { schemas: Record<string, Schema> };
}

const prefix = "/api/v1";

/**
 * TypeScript for the client library, from what /openapi.json says: an interface of every named schema, and one that has
 * every route's body, query and answer. Types alone: whoever uses them loads no schema library.
 */
export function typeSource({ paths, components }: Description): string {
  const lines = [
    "// Made by `npm run rest-types` from /openapi.json, and so from the schemas in src/protocol/rest. Not to be edited.",
    "",
  ];
  for (const [name, schema] of Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(...comment(schema.description, ""), `export type ${name} = ${typeOf(schema, "")};`, "");
  }
  lines.push(
    "/** A text, and of which version it is where the answer says so. */",
    "export interface TextAnswer {",
    "  text: string;",
    "  version: number | undefined;",
    "}",
    "",
    "/** Every route: what is sent, and what is answered. `undefined` is nothing. */",
    "export interface Routes {",
  );
  for (const [path, methods] of Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [method, { summary, parameters = [], requestBody, responses }] of Object.entries(methods)) {
      const query = parameters.filter((each) => each.in === "query");
      const answers = Object.entries(responses).filter(([status]) => /^[23]/.test(status));
      const types = new Set(answers.map(([, { content }]) => answerType(content)));
      // Where there is a body in one case and none in another, such as 304, the body is meant.
      if (types.size > 1) types.delete("undefined");
      const body = requestBody && bodyType(requestBody.content);
      lines.push(
        ...comment(summary && `${summary}.`, "  "),
        `  "${method.toUpperCase()} ${path.replace(prefix, "")}": {`,
        `    body: ${body ?? "undefined"}${body && !requestBody.required ? " | undefined" : ""};`,
        `    query: ${query.length === 0 ? "undefined" : typeOf(asObject(query), "    ")};`,
        `    answer: ${[...types].join(" | ")};`,
        "  };",
      );
    }
  }
  lines.push("}", "");
  return lines.join("\n");
}

const asObject = (parameters: { name: string; required?: boolean; schema: Schema }[]): Schema => ({
  type: "object",
  properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  required: parameters.flatMap(({ name, required }) => (required ? name : [])),
});

const bodyType = (content: Content): string => {
  const json = content["application/json"];
  return json ? typeOf(json.schema, "    ") : "string";
};

const answerType = (content: Content | undefined): string => {
  if (!content) return "undefined";
  const json = content["application/json"];
  return json ? typeOf(json.schema, "    ") : "TextAnswer";
};

/** Words that end the comment do not come from our own descriptions. */
const comment = (text: string | undefined, indent: string): string[] =>
  text === undefined ? [] : [`${indent}/** ${text.replaceAll("*/", "* /")} */`];

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1)!;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  for (const [members, sign] of [
    [schema.anyOf ?? schema.oneOf, " | "],
    [schema.allOf, " & "],
  ] as const) {
    if (members) return [...new Set(members.map((each) => typeOf(each, indent)))].join(sign);
  }
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(" | ");
  }
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `${parenthesized(typeOf(schema.items ?? {}, indent))}[]`;
    case "object":
      return objectType(schema, indent);
    default:
      return "unknown";
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema, indent: string): string {
  if (!properties)
    return `Record<string, ${additionalProperties ? typeOf(additionalProperties, indent) : "unknown"}>`;
  const inner = `${indent}  `;
  const fields = Object.entries(properties).flatMap(([name, schema]) => [
    ...comment(schema.description, inner),
    `${inner}${name}${required.includes(name) ? "" : "?"}: ${typeOf(schema, inner)}${required.includes(name) ? "" : " | undefined"};`,
  ]);
  return ["{", ...fields, `${indent}}`].join("\n");
}

const parenthesized = (type: string): string =>
  /[|&]/.test(type) && !type.startsWith("{") ? `(${type})` : type;
