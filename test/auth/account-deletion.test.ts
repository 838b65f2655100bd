import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { eraseDeleted } from "../../src/auth/account-deletion.ts";
import { eraseDocumentsIn } from "../../src/documents/erasure.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer, newestMail, tokenIn } from "../support/mailbox.ts";
import { openSocket } from "../support/socket.ts";

const remove = ({ access_token: token }: TokensBody, documents: unknown = "delete") =>
  api("POST", "/users/me/deletion", { token, json: { documents } });
const newDocument = async ({ access_token: token }: TokensBody, content = "text") =>
  (await api("POST", "/documents", { token, json: { title: "T", content } })).body;
const count = (sql: string, ...values: string[]) =>
  env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`)
    .bind(...values)
    .first<number>("n");

/** Opens an account whose address is proved. */
async function verifiedAccount(): Promise<TokensBody> {
  const account = await newAccount();
  const token = tokenIn(await newestMail(account.user.email, "Confirm your e-mail address"));
  await api("POST", "/users/me/email/confirmation", { token: account.access_token, json: { token } });
  return account;
}

describe("delete the account", () => {
  it("takes everything about the person, the documents with their histories, and every way in", async () => {
    const account = await newAccount();
    const { id: userId, email } = account.user;
    const { id, workspace_id } = await newDocument(account);
    const guest = await newAccount();
    // Somebody else is in the workspace and in the document, and another is invited.
    const run = (sql: string, ...values: string[]) => env.DB.prepare(sql).bind(...values);
    await env.DB.batch([
      run("INSERT INTO memberships VALUES (?, ?, 'viewer', 0)", workspace_id, guest.user.id),
      run("INSERT INTO document_grants VALUES (?, ?, 'editor', ?, 0)", id, guest.user.id, userId),
      run("INSERT INTO invitations VALUES (?1, ?2, 'x', 'x', 'viewer', ?1, ?1, 0, 0)", userId, workspace_id),
    ]);
    await env.DB.batch(
      [
        "INSERT INTO identities VALUES ('google', 'sub-' || ?1, ?1, 'other@example.com', 0)",
        "INSERT INTO personal_tokens VALUES (?1, ?1, 'CI', 'hash-' || ?1, 'documents:read', 0, 9000000000000, NULL)",
        "INSERT INTO oauth_flows (state_hash, nonce, code_verifier, redirect_uri, user_id, expires_at) VALUES (?1, 'n', 'v', 'https://materi.test', ?1, 9000000000000)",
      ].map((sql) => env.DB.prepare(sql).bind(userId)),
    );
    const socket = await openSocket(id, account.access_token);
    const answer = await remove(account);
    expect(answer.status, answer.text).toBe(204);
    expect(await socket.next()).toHaveProperty("closed");

    expectProblem(await api("GET", "/users/me", { token: account.access_token }), "invalid_token");
    const { refresh_token } = account;
    expectProblem(await api("POST", "/auth/refresh", { json: { refresh_token } }), "invalid_token");
    for (const address of [email, "", `DELETED:${userId}`]) {
      const json = { email: address, password: "SecurePass123!" };
      expectProblem(await api("POST", "/auth/login", { json }), "invalid_credentials");
      await api("POST", "/auth/password/forgot", { json: { email: address } });
    }
    await newestMail(email, "Your account was deleted");

    await vi.waitFor(
      async () => expect(await count("workspaces WHERE id = ?", workspace_id)).toBe(0),
      behindTheAnswer,
    );
    expect(await count("documents WHERE id = ?", id)).toBe(0);
    expect(await env.ROOMS.getByName(id).read()).toMatchObject({ ok: false, code: "not_found" });
    for (const table of [
      "identities",
      "oauth_flows",
      "email_tokens",
      "personal_tokens",
      "audit_events",
      "sessions",
      "memberships",
    ]) {
      expect(await count(`${table} WHERE user_id = ?`, userId), table).toBe(0);
    }
    expect(await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind(userId).first()).toEqual({
      id: userId,
      email: "",
      email_normalized: `DELETED:${userId}`,
      name: "",
      password_hash: null,
      created_at: expect.any(Number),
      email_verified_at: null,
    });
  });

  it("leaves the address to whoever opens an account with it next", async () => {
    const account = await newAccount();
    await remove(account);
    const { user } = await newAccount({ email: account.user.email });
    expect(user.id).not.toBe(account.user.id);
  });

  it("hands the documents over, with their texts, versions and histories", async () => {
    const [account, heir] = [await verifiedAccount(), await verifiedAccount()];
    const document = await newDocument(account, "to be kept");
    const theirs = await newDocument(heir);
    expect((await remove(account, { hand_over_to: heir.user.email.toUpperCase() })).status).toBe(204);
    const { body } = await api("GET", `/documents/${document.id}`, { token: heir.access_token });
    expect(body).toEqual({ ...document, owner_id: heir.user.id, workspace_id: theirs.workspace_id });
    const notice = await newestMail(heir.user.email, "Documents were handed over to you");
    expect(notice.text).toContain(account.user.email);
    await vi.waitFor(
      async () => expect(await count("workspaces WHERE id = ?", document.workspace_id)).toBe(0),
      behindTheAnswer,
    );
    expect((await api("GET", `/documents/${document.id}`, { token: heir.access_token })).status).toBe(200);
  });

  it("changes nothing if the heir is nobody, oneself, or has not proved the address", async () => {
    const [account, unproved] = [await verifiedAccount(), await newAccount()];
    const document = await newDocument(account);
    for (const to of [unproved.user.email, account.user.email, "nobody-at-all@example.com"]) {
      expectProblem(await remove(account, { hand_over_to: to }), "not_found");
    }
    for (const documents of [undefined, "keep", {}, { hand_over_to: "" }, { hand_over_to: 5 }, ["delete"]]) {
      const json = { documents };
      const answer = await api("POST", "/users/me/deletion", { token: account.access_token, json });
      expectProblem(answer, "validation_failed");
    }
    expect((await api("GET", `/documents/${document.id}`, { token: account.access_token })).body).toEqual(
      document,
    );
  });

  it("is refused to the only owner of a workspace", async () => {
    const [owner, other] = [await newAccount(), await newAccount()];
    const id = crypto.randomUUID();
    const join = (userId: string) =>
      env.DB.prepare("INSERT INTO memberships VALUES (?, ?, 'owner', 0)").bind(id, userId).run();
    await env.DB.prepare("INSERT INTO workspaces (id, name, created_at) VALUES (?, 'Team', 0)")
      .bind(id)
      .run();
    await join(owner.user.id);
    expectProblem(await remove(owner), "last_owner");
    await join(other.user.id);
    expect((await remove(owner)).status).toBe(204);
    expectProblem(await remove(other), "last_owner");
  });

  it("that was cut short is finished later", async () => {
    const account = await newAccount();
    const { id, workspace_id } = await newDocument(account);
    // As a crash right after the answer leaves it.
    await env.DB.batch(
      [
        "DELETE FROM memberships WHERE user_id = ?1",
        "UPDATE users SET email = '', email_normalized = 'DELETED:' || ?1 WHERE id = ?1",
      ].map((sql) => env.DB.prepare(sql).bind(account.user.id)),
    );
    await eraseDeleted(env, { eraseDocumentsIn });
    expect(await count("workspaces WHERE id = ?", workspace_id)).toBe(0);
    expect(await count("documents WHERE id = ?", id)).toBe(0);
    expect(await env.ROOMS.getByName(id).read()).toMatchObject({ ok: false });
  });
});

describe("AU-8: what asks for a recent proof of who one is", () => {
  it.each<[string, string, object?]>([
    ["POST", "/users/me/email", { email: "new@example.com" }],
    ["POST", "/users/me/deletion", { documents: "delete" }],
    ["GET", "/users/me/export"],
  ])("%s %s", async (method, path, json) => {
    const { access_token: token, user } = await newAccount();
    await env.DB.prepare("UPDATE sessions SET authenticated_at = 1 WHERE user_id = ?").bind(user.id).run();
    const request = () => api(method, path, { token, ...(json && { json }) });
    expectProblem(await request(), "reauthentication_required");
    await api("POST", "/auth/reauthenticate", { token, json: { password: "SecurePass123!" } });
    expect((await request()).status).toBeLessThan(300);
  });
});
