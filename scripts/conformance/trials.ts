import { randomUUID } from "node:crypto";
import type { Trial } from "./rule.ts";
import { WireClient } from "./wire-client.ts";

interface Account {
  url: string;
  email?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
}

/** The REST side of the server under test, signed in. */
export interface Api {
  origin: string;
  token: string;
}

async function post(
  origin: string,
  path: string,
  body: object,
  token?: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${origin}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error(`there is no server at ${origin}`);
  });
  return {
    status: response.status,
    body: (await response.json().catch(() => ({}))) as Record<string, unknown>,
  };
}

/** Signs in with the account, registers it where there is none, or makes one up. */
export async function signIn({ url, email, password, token }: Account): Promise<Api> {
  const origin = new URL(url.replace(/^ws/, "http")).origin;
  if (token !== undefined) return { origin, token };
  const account = {
    email: email ?? `conformance-${randomUUID()}@example.com`,
    password: password ?? randomUUID(),
  };
  let answer = await post(origin, "/auth/login", account);
  if (answer.status === 401)
    answer = await post(origin, "/auth/register", { ...account, name: "Conformance" });
  const { access_token } = answer.body;
  if (typeof access_token !== "string")
    throw new Error(`signing in as ${account.email} was answered by HTTP ${answer.status}`);
  return { origin, token: access_token };
}

/** Documents by REST, sockets at `/ws/documents/{id}`. `patience`: milliseconds that any answer may take. */
export function rest({ origin, token }: Api, patience?: number): Trial {
  return {
    document: async (content = "") => {
      const { status, body } = await post(origin, "/documents", { title: "Conformance", content }, token);
      if (typeof body.id !== "string") throw new Error(`making a document was answered by HTTP ${status}`);
      return body.id;
    },
    open: (document, clientId) =>
      WireClient.open(`${origin.replace(/^http/, "ws")}/ws/documents/${document}`, token, clientId, patience),
  };
}

/** A server without the REST interface, where every name is a document, empty at first: `<prefix>-1`, `<prefix>-2`… */
export function named(url: string, prefix: string, token: string, patience?: number): Trial {
  let documents = 0;
  const open = (document: string, clientId?: string) =>
    WireClient.open(`${url}/ws/documents/${document}`, token, clientId, patience);
  return {
    document: async (content) => {
      const document = `${prefix}-${++documents}`;
      if (content) {
        const client = await open(document);
        await client.hello();
        await client.ask({ type: "submit", seq: 1, base: 0, op: [content] });
        client.close();
      }
      return document;
    },
    open,
  };
}
