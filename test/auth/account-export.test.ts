import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { exportAccount } from "../../src/auth/account-export.ts";
import type { OwnDocument } from "../../src/auth/ports.ts";
import { decodeCursor } from "../../src/platform/cursor.ts";
import { limits } from "../../src/protocol/limits.ts";
import { type AccountExport, accountExport } from "../../src/protocol/rest/accounts.ts";
import type { DocumentBody } from "../../src/protocol/rest/documents.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

const exportOf = (token: string, query = "") => api("GET", `/users/me/export${query}`, { token });

describe("export", () => {
  it("has everything that is kept about a person, as the API describes it, and no secret", async () => {
    const { access_token: token, refresh_token, user } = await newAccount();
    await newAccount().then(({ access_token }) =>
      api("POST", "/documents", { token: access_token, json: { title: "Somebody else's" } }),
    );
    const documents = [];
    for (const content of ["first", 'zweitens 😀\n"\\', ""]) {
      documents.push((await api("POST", "/documents", { token, json: { title: "T", content } })).body);
    }
    await env.DB.batch(
      [
        "INSERT INTO identities VALUES ('google', 'sub-' || ?1, ?1, 'other@example.com', 0)",
        "INSERT INTO personal_tokens VALUES (?1, ?1, 'CI', 'hash-' || ?1, 'documents:read', 0, 9000000000000, NULL)",
      ].map((sql) => env.DB.prepare(sql).bind(user.id)),
    );
    const answer = await exportOf(token);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get("content-disposition")).toContain("attachment");
    expect(accountExport.strict().parse(answer.body)).toEqual(answer.body);
    expect(answer.body).toMatchObject({
      account: { ...user, oauth_provider: "google" },
      identities: [{ provider: "google", subject: `sub-${user.id}` }],
      sessions: [{ id: expect.any(String) }],
      personal_tokens: [{ name: "CI" }],
      workspaces: [{ name: "Personal", role: "owner" }],
      documents,
      next_cursor: null,
    });
    const events = answer.body.audit.map(({ event }: { event: string }) => event);
    expect(events).toEqual(expect.arrayContaining(["account.registered", "account.exported"]));
    for (const secret of ["scrypt", "hash-", refresh_token, token]) expect(answer.text).not.toContain(secret);
  });

  it("goes on where the one before ended", async () => {
    const { access_token: token, user } = await newAccount();
    const made: string[] = [];
    for (const title of ["1", "2", "3"]) {
      made.push((await api("POST", "/documents", { token, json: { title, content: title } })).body.id);
    }
    const { created_at } = (await api("GET", `/documents/${made[0]}`, { token })).body;
    const cursor = Buffer.from(`${Date.parse(created_at)}.${made[0]}`).toString("base64url");
    const { body } = await exportOf(token, `?cursor=${cursor}`);
    expect(Object.keys(body)).toEqual(["exported_at", "documents", "next_cursor"]);
    expect(body.documents.map(({ id }: { id: string }) => id)).toEqual(made.slice(1));
    expect(body.documents[0].owner_id).toBe(user.id);
    expectProblem(await exportOf(token, "?cursor=x"), "invalid_request");
  });

  it("stops at as many documents as one call may read, and says where", async () => {
    const { user } = await newAccount();
    const account = {
      ...user,
      createdAt: 0,
      emailVerifiedAt: null,
      oauthProvider: null,
      secondFactor: false,
    };
    for (const [there, exported] of [
      [limits.exportDocuments, limits.exportDocuments],
      [limits.exportDocuments + 5, limits.exportDocuments],
    ] as const) {
      async function* ownDocuments() {
        for (let i = 0; i < there; i++) {
          yield { position: { createdAt: i, id: user.id }, body: { id: String(i) } as DocumentBody };
        }
      }
      const stream = exportAccount(env, { ownDocuments }, { user: account, after: null }, 0);
      const { documents, next_cursor } = await new Response(stream).json<AccountExport>();
      expect(documents).toHaveLength(exported);
      const last = { createdAt: exported - 1, id: user.id };
      expect(next_cursor && decodeCursor(next_cursor)).toEqual(there > exported ? last : null);
    }
  });

  it("breaks off, rather than look whole, when a document cannot be read", async () => {
    const { user } = await newAccount();
    const account = {
      ...user,
      createdAt: 0,
      emailVerifiedAt: null,
      oauthProvider: null,
      secondFactor: false,
    };
    const ownDocuments = (): AsyncIterable<OwnDocument> => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("a text of a document")) }),
    });
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const stream = exportAccount(env, { ownDocuments }, { user: account, after: null }, 0);
    await expect(new Response(stream).text()).rejects.toThrow();
    expect(String(lines.mock.calls)).toContain("export_failed");
    expect(String(lines.mock.calls)).not.toContain("a text");
    lines.mockRestore();
  });

  it("is for the person alone", async () => {
    expectProblem(await api("GET", "/users/me/export"), "unauthenticated");
  });
});
