import type { Schema } from "@cfworker/json-schema";
import { description, resolve } from "./described.ts";
import type { Random } from "./ot-random.ts";

// Requests made up from /openapi.json and from the answers to those before. They come from a seed, but ids and tokens in
// them are the service's: a second run asks the same of other documents.

declare module "vitest" {
  interface ProvidedContext {
    /** From vitest.config.ts: how many, and from which seed. */
    generatedRequests: { requests: number; seed: number };
  }
}

export interface GeneratedRequest {
  method: string;
  /** As described, for reports. */
  operation: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** The one constraint that it breaks; undefined for one that keeps to the description. */
  broken?: string;
}

const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    path,
    method: method.toUpperCase(),
  })),
);

/** A stream does not end, and what hashes a password takes long: the first never, the others now and then. */
const isStream = ({ responses }: (typeof operations)[number]) =>
  Object.values(responses).some(({ content = {} }) => "text/event-stream" in content);
const isSlow = ({ path, method }: (typeof operations)[number]) =>
  method === "POST" && /\/(auth|users)\/.*(register|login|re|password|deletion|authenticate)/.test(path);

/** Nobody here is the operator. */
const isOperators = ({ path }: (typeof operations)[number]) => path.includes("/admin/");

export const quick = operations.filter((one) => !isStream(one) && !isSlow(one) && !isOperators(one));
const slow = operations.filter(isSlow);

const words = [
  "",
  "a",
  "Minutes of Monday",
  "ü😀e\u0301",
  "line\nline",
  "' OR 1=1 --",
  "{}",
  "x".repeat(200),
];

/** Makes requests, and learns from the answers what there is to ask for. */
export class RequestGenerator {
  readonly #random: Random;
  /** What was met in answers, by the name under which requests ask for it. */
  readonly #known = new Map<string, string[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): GeneratedRequest {
    const random = this.#random;
    const operation = random.chance(0.02) ? random.pick(slow) : random.pick(quick);
    const parameters = operation.parameters ?? [];
    const headers: Record<string, string> = {};
    const query = new URLSearchParams();
    const slots: [what: string, breakIt: () => void][] = [];
    let path = operation.path.replaceAll(/([\w-]+)\/\{(\w+)\}/g, (_, collection: string, name: string) => {
      return `${collection}/${this.#idOf(name === "id" ? collection : name)}`;
    });
    for (const parameter of parameters) {
      const { name, schema } = parameter;
      if (parameter.in === "path") {
        slots.push([
          `path ${name}`,
          () => (path = path.replace(/[0-9a-f-]{36}/, random.pick(["0", "%00", "é", "a%2fb"]))),
        ]);
        continue;
      }
      const set = (value: string) => {
        if (parameter.in === "query") query.set(name, value);
        if (parameter.in === "header") headers[name] = value;
      };
      if (parameter.required || random.chance(0.4)) set(this.#text(name, schema));
      const wrong = resolve(schema);
      const types = [wrong.type].flat();
      if (types.includes("integer"))
        slots.push([`query ${name}`, () => set(random.pick(["x", "-1", "1.5", "1e99"]))]);
    }
    const request: GeneratedRequest = {
      method: operation.method,
      operation: `${operation.method} ${operation.path}`,
      path,
      headers,
    };
    const content = Object.entries(operation.requestBody?.content ?? {});
    if (content.length > 0) {
      const [mediaType, { schema }] = random.pick(content);
      headers["content-type"] = mediaType;
      if (/json/.test(mediaType)) {
        const body = this.#value(schema, "");
        slots.push(...this.#faults(resolve(schema), body as Record<string, unknown>));
        slots.push(["media type", () => (headers["content-type"] = "application/x-www-form-urlencoded")]);
        const [fault] = random.chance(0.4) ? [random.pick(slots)] : [];
        fault?.[1]();
        return {
          ...request,
          path: withQuery(path, query),
          body: JSON.stringify(body),
          ...(fault && { broken: fault[0] }),
        };
      }
      request.body = random.pick(words);
    }
    const [fault] = slots.length > 0 && random.chance(0.3) ? [random.pick(slots)] : [];
    fault?.[1]();
    return { ...request, path: withQuery(path, query), ...(fault && { broken: fault[0] }) };
  }

  /** Keeps the ids, cursors and versions of an answer for later requests. */
  learn(path: string, body: unknown): void {
    if (typeof body !== "object" || body === null) return;
    const collection =
      /\/api\/v1\/(?:users\/me\/)?(?:[\w-]+\/[0-9a-f-]{36}\/)?([\w-]+)/.exec(path)?.[1] ?? "";
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === "object") this.learn(path, value);
      else if (name === "id") this.#keep(collection, String(value));
      else if (/_id$|cursor$|^version$|^email$/.test(name) && value !== null)
        this.#keep(name.replace("next_", ""), String(value));
    }
  }

  #keep(name: string, value: string): void {
    const values = this.#known.get(name) ?? [];
    this.#known.set(name, values);
    // The latest: what is old was often deleted since.
    if (values.push(value) > 20) values.shift();
  }

  #idOf(name: string): string {
    const known = this.#known.get(name === "workspaces" ? "workspace_id" : name) ?? [];
    return known.length > 0 && this.#random.chance(0.9) ? this.#random.pick(known) : crypto.randomUUID();
  }

  /** A parameter's value, as it is written into an address or a header. */
  #text(name: string, schema: Schema): string {
    const known = this.#known.get(/^if-(none-)?match$/.test(name) ? "version" : name) ?? [];
    if (/^if-/.test(name)) return `"v${known.length > 0 ? this.#random.pick(known) : 0}"`;
    if (name === "wait") return "0";
    if (known.length > 0 && this.#random.chance(0.7)) return this.#random.pick(known);
    const value = String(this.#value(schema, name));
    // What a header may hold.
    return value.replaceAll(/[^\x20-\x7e]/g, "");
  }

  #value(given: Schema, name: string): unknown {
    const random = this.#random;
    const schema = resolve(given);
    const union = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
    if (union) return this.#value(random.pick(union), name);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return random.pick(schema.enum);
    switch (random.pick([schema.type].flat())) {
      case "string": {
        if (schema.format === "uuid") return this.#idOf(name);
        const known = this.#known.get(name);
        if (known && random.chance(0.5)) return random.pick(known);
        if (/email/.test(name)) return `generated-${random.int(1000)}@example.com`;
        if (/password/.test(name)) return "SecurePass123!";
        const { minLength = 0, maxLength = 1000 } = schema;
        return random.pick(words).padEnd(minLength, "x").slice(0, maxLength);
      }
      case "integer":
      case "number": {
        const { minimum = 0, maximum = minimum + 50 } = schema;
        return random.pick([minimum, maximum, minimum + random.int(Math.min(maximum - minimum, 20) + 1)]);
      }
      case "boolean":
        return random.chance(0.5);
      case "array": {
        const { minItems = 0, maxItems = minItems + 3 } = schema;
        const length = minItems + random.int(Math.min(maxItems - minItems, 3) + 1);
        return Array.from({ length }, () =>
          this.#value((schema.items ?? { type: "string" }) as Schema, name),
        );
      }
      case "object": {
        const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(
          ([field]) => schema.required?.includes(field) || random.chance(0.5),
        );
        return Object.fromEntries(fields.map(([field, one]) => [field, this.#value(one, field)]));
      }
      default:
        return null;
    }
  }

  /** Ways to break one constraint of a body: each changes `body`. */
  #faults(schema: Schema, body: Record<string, unknown>): [string, () => void][] {
    return Object.entries((schema.properties ?? {}) as Record<string, Schema>).flatMap(([name, given]) => {
      const one = resolve(given);
      const set = (value: unknown) => () => (body[name] = value);
      const faults: [string, () => void][] = [];
      const types = [one.type].flat();
      if (schema.required?.includes(name)) faults.push([`without ${name}`, () => delete body[name]]);
      if (one.type && !types.includes("object")) faults.push([`${name} is an object`, set({ a: 1 })]);
      if (one.enum) faults.push([`${name} is none of the values`, set("none of these")]);
      if (one.maxLength !== undefined && one.maxLength < 10_000)
        faults.push([`${name} is too long`, set("x".repeat(one.maxLength + 1))]);
      if (one.minimum !== undefined) faults.push([`${name} is too small`, set(one.minimum - 1)]);
      if (one.maximum !== undefined) faults.push([`${name} is too large`, set(one.maximum + 1)]);
      if (one.format === "uuid") faults.push([`${name} is no id`, set("no-id")]);
      return faults;
    });
  }
}

const withQuery = (path: string, query: URLSearchParams) => (query.size > 0 ? `${path}?${query}` : path);
