import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { type ErrorCode, errorStatus } from "../../src/protocol/errors.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { undescribed } from "./described.ts";

const origin = "https://materi.test";

/** An answer, with its body read: JSON where it says so. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape, also of wrong ones
  body: any;
}

/**
 * Sends a request through the Worker's own door. `json` is sent as JSON; `body` as it is. Throws where the answer is not
 * what /openapi.json says of the route: every test that sends something proves that, too.
 */
export async function send(
  method: string,
  path: string,
  options: { token?: string; json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  if (options.json !== undefined && !headers.has("content-type"))
    headers.set("content-type", "application/json");
  const body = options.json !== undefined ? JSON.stringify(options.json) : (options.body ?? null);
  const response = await exports.default.fetch(new Request(origin + path, { method, headers, body }));
  const text = await response.text();
  const isJson = text !== "" && /\bjson/.test(response.headers.get("content-type") ?? "");
  const answer: Answer = {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
  const fault = undescribed(method, path, answer);
  if (fault) {
    throw new Error(
      `/openapi.json does not know this answer to ${method} ${path.slice(0, 200)}: ${fault}\n${answer.status} ${text.slice(0, 500)}`,
    );
  }
  return answer;
}

/** `send` below `/api/v1`. */
export const api: typeof send = (method, path, options) => send(method, `/api/v1${path}`, options);

let accounts = 0;

/** Opens an account that no other test knows. */
export async function newAccount(
  fields: { email?: string; password?: string; name?: string } = {},
): Promise<TokensBody> {
  const email = fields.email ?? `person-${++accounts}-${crypto.randomUUID().slice(0, 8)}@example.com`;
  const answer = await api("POST", "/auth/register", {
    json: { password: "SecurePass123!", name: "Test User", ...fields, email },
  });
  if (answer.status !== 201) throw new Error(`register answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

/** What no answer may hold: SQL, stacks, paths, names of our parts. */
const leaks =
  /\b(insert into|select "|update "|SQLITE|D1_ERROR|drizzle|zod|node_modules|\.[jt]s:\d|at async)\b|\n\s+at /i;

/** Holds an answer to the one form of errors: status, media type, members, and nothing from inside. */
export function expectProblem(answer: Answer, code: ErrorCode): void {
  expect(answer.body, answer.text).toMatchObject({
    type: `/problems/${code}`,
    title: expect.stringMatching(/^[A-Z]/),
    status: errorStatus[code],
    detail: expect.stringMatching(/\S/),
    error: code,
    request_id: answer.headers.get("x-request-id"),
  });
  expect(answer.status).toBe(errorStatus[code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.text).not.toMatch(leaks);
}
