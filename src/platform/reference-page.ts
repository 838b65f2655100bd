import { html, raw } from "hono/html";

// The description of the API as a page for people: HTML without a script, made from the same document that programs read.

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  default?: unknown;
}

type Content = Record<string, { schema: Schema; example?: unknown }>;

interface Operation {
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema; description?: string }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface Description {
  info: { title: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { margin: 0 auto; max-width: 60rem; padding: 1rem }
  nav { columns: 22rem; font-size: .875rem }
  section { border-top: 1px solid #8886; margin-top: 2rem }
  code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
  pre { overflow-x: auto; white-space: pre-wrap }
  table { border-collapse: collapse; margin: .5rem 0; width: 100% }
  th, td { border-bottom: 1px solid #8883; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top }
`;

/** The page, and the policy under which a browser shows it: its own style and nothing else. */
export async function referencePage(description: Description): Promise<{ page: string; policy: string }> {
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(description.components?.schemas ?? {});
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  const { title } = description.info;
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} API</title>
        <style>${raw(style)}</style>
      </head>
      <body>
        <h1>${title} API</h1>
        <p>${description.info.description} For programs: <a href="/openapi.json">/openapi.json</a>.</p>
        <nav aria-label="Operations">
          ${operations.map(
            ({ path, method, operation }) =>
              html`<div><a href="#${anchorOf(method, path)}">${operation.summary}</a></div>`,
          )}
        </nav>
        <main>
          ${operations.map(operationSection)}
          <h2>Objects</h2>
          ${schemas.map(
            ([name, schema]) => html`<section id="${name}"><h3>${name}</h3>${fieldsOf(schema)}</section>`,
          )}
        </main>
      </body>
    </html>`;
  const source = Buffer.from(digest).toString("base64");
  const policy = `default-src 'none'; style-src 'sha256-${source}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { page: String(page), policy };
}

const anchorOf = (method: string, path: string) => `${method}${path.replaceAll(/[^\w]+/g, "-")}`;

function operationSection({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}) {
  const { summary, description, security = [], parameters = [], requestBody, responses } = operation;
  return html`<section id="${anchorOf(method, path)}">
    <h2>${summary}</h2>
    <p><code>${method} ${path}</code>${security.length > 0 ? html` with <code>Authorization: Bearer …</code>` : ""}</p>
    ${description && html`<p>${description}</p>`}
    ${
      parameters.length > 0
        ? rows(
            ["parameter", "in", "value"],
            parameters.map((one) => [
              html`<code>${one.name}</code>${one.required ? "" : " (optional)"}`,
              one.in,
              shapeOf({ ...one.schema, ...(one.description && { description: one.description }) }),
            ]),
          )
        : ""
    }
    ${Object.entries(requestBody?.content ?? {}).map(
      ([mediaType, { schema, example }]) =>
        html`<h3>Body, <code>${mediaType}</code></h3><p>${shapeOf(schema)}</p>${exampleIn(example)}`,
    )}
    ${rows(
      ["status", "answer"],
      Object.entries(responses).map(([status, { description, content = {} }]) => [
        html`<code>${status}</code>`,
        status < "4"
          ? html`${description} ${Object.entries(content).map(
              ([mediaType, { schema, example }]) =>
                html`<code>${mediaType}</code> ${shapeOf(schema)} ${exampleIn(example)} `,
            )}`
          : html`${description.split(", ").map((code) => html`<a href="/problems/${code}"><code>${code}</code></a> `)}`,
      ]),
    )}
  </section>`;
}

/** What somebody opens who wants to see one. */
function exampleIn(example: unknown) {
  if (example === undefined) return "";
  const text = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return html`<details><summary>Example</summary><pre><code>${text}</code></pre></details>`;
}

type Cell = string | ReturnType<typeof html>;

function rows(heads: string[], cells: Cell[][]) {
  return html`<table>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${cells.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table>`;
}

/** The fields of an object, or what else a value is. */
function fieldsOf(schema: Schema): Cell {
  if (!schema.properties) return html`<p>${shapeOf(schema)}</p>`;
  return rows(
    ["field", "value"],
    Object.entries(schema.properties).map(([name, one]) => [
      html`<code>${name}</code>${schema.required?.includes(name) ? "" : " (optional)"}`,
      shapeOf(one),
    ]),
  );
}

/** A value in words: its type, its bounds, what it is for. */
function shapeOf(schema: Schema): Cell {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1)!;
    return html`<a href="#${name}">${name}</a>`;
  }
  const { anyOf, allOf, items, type, format, description = "" } = schema;
  if (anyOf)
    return html`${anyOf.map((one, i) => html`${i > 0 ? " or " : ""}${shapeOf(one)}`)} ${description}`;
  if (allOf) return html`${allOf.map((one) => html`${shapeOf(one)} `)}`;
  if (items) return html`list of ${shapeOf(items)} ${description}`;
  const bounds = (["minLength", "maxLength", "minimum", "maximum", "default"] as const).flatMap((name) =>
    schema[name] === undefined || schema[name] === "" ? [] : `${name} ${schema[name]}`,
  );
  const what = schema.enum
    ? schema.enum.map((value) => JSON.stringify(value)).join(", ")
    : (format ?? type ?? "any");
  return html`${[what].flat().join(" or ")}${bounds.length > 0 ? ` (${bounds.join(", ")})` : ""} ${description}
    ${schema.properties ? fieldsOf(schema) : ""}`;
}
