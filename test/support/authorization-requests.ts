import { env } from "cloudflare:workers";
import { hashOf, newRandomToken } from "../../src/auth/random-token.ts";
import { newRecoveryCode, recoveryCodeHash } from "../../src/auth/recovery-codes.ts";
import { makeRefreshToken } from "../../src/auth/refresh-token.ts";
import { database } from "../../src/db/database.ts";
import {
  emailTokens,
  identities,
  invitations,
  personalTokens,
  recoveryCodes,
  secondFactors,
  signInChallenges,
} from "../../src/db/schema.ts";
import { api, newAccount } from "./api.ts";
import { codeAt } from "./authenticator.ts";
import type { PrincipalName, Scene, Thing } from "./authorization-scene.ts";
import { testSecrets } from "./secrets.ts";

/** What a request has beside its method and path: what would make it succeed, for who may. */
export interface Asked {
  query?: string;
  json?: object;
  body?: string;
  headers?: Record<string, string>;
  /** The id in the path, where it is another than that of what is asked for. */
  id?: string;
  /** Who asks, where it is a stand-in: for what there is no way back from. */
  token?: string;
}

interface Asking {
  scene: Scene;
  who: PrincipalName;
  thing: Thing;
  row: string;
}

const db = database(env.DB);
const password = "SecurePass123!";
const isPerson = ({ scene, who }: Asking) => who in scene.people;
const personOf = ({ scene, who }: Asking) =>
  (who in scene.people ? scene.people[who as "owner"] : scene.people.owner).user;
/** The row's owner: the one who asks, or somebody else. */
const ownerOf = (at: Asking) => (at.row === "foreign" ? at.scene.people.stranger.user : personOf(at));
const newAddress = () => `somebody-${crypto.randomUUID()}@example.com`;
const inAnHour = () => Date.now() + 3_600_000;

/** The token of a link that was e-mailed to a person. */
async function mailedToken(userId: string, email: string, purpose: "verify" | "reset"): Promise<string> {
  const token = newRandomToken();
  const row = { tokenHash: await hashOf(token), userId, email, purpose, createdAt: Date.now() };
  await db.insert(emailTokens).values({ ...row, expiresAt: inAnHour() });
  return token;
}

const run = (sql: string, ...values: string[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

/** By route, as docs/authorization.md names it; those that need nothing are not here. */
export const requests: Record<string, (at: Asking) => Asked | Promise<Asked>> = {
  // Documents
  "GET /documents/:id/content?version=1": () => ({ query: "?version=1" }),
  "GET /documents/:id/diff": () => ({ query: "?from=0&to=1" }),
  "GET /documents/:id/operations": () => ({ query: "?since=0" }),
  "GET /ws/documents/:id": () => ({ headers: { upgrade: "websocket" } }),
  "PATCH /documents/:id": () => ({ json: { title: "New" } }),
  "PUT /documents/:id/content": () => ({
    body: "new text",
    headers: { "content-type": "text/plain", "if-match": "*" },
  }),
  "PATCH /documents/:id/content": () => ({ json: { edits: [{ type: "append", text: "!" }] } }),
  "POST /documents/:id/operations": () => ({
    json: { client_id: crypto.randomUUID(), seq: 1, base: 1, op: ["a"] },
  }),
  "POST /documents/:id/restorations": () => ({ json: { version: 1 } }),
  "PUT /documents/:id/versions/:version/name": () => ({ json: { name: "Draft" } }),
  "POST /documents/:id/redactions": () => ({ json: { version: 1, from: 0, to: 1 } }),
  "PUT /documents/:id/retention": () => ({ json: { operations: null, days: null } }),
  "PUT /documents/:id/grants": ({ scene }) => ({
    json: { email: scene.people.spare.user.email, role: "viewer" },
  }),
  "POST /documents/:id/share-links": () => ({ json: { name: "A link", role: "viewer" } }),
  "PATCH /documents/:id/share-links/:link_id": () => ({ json: { name: "Another" } }),
  "DELETE /documents/:id?permanent=true": () => ({ query: "?permanent=true" }),
  "POST /documents/:id/duplicate": () => ({ json: {} }),
  "POST /documents/:id/move": async ({ scene, who }) => ({
    json: { workspace_id: await scene.personalWorkspaceOf(who) },
  }),
  "POST /share-links/open": ({ thing, who }) => ({
    json: { token: thing.linkToken, ...(who === "nobody" && { name: "Eve" }) },
  }),
  "POST /documents": () => ({ json: { title: "T" } }),
  "POST /documents, into the workspace": ({ thing }) => ({ json: { title: "T", workspace_id: thing.id } }),
  "POST /documents/import": () => ({ body: "# T", headers: { "content-type": "text/markdown" } }),
  "POST /documents/import, into the workspace": ({ thing }) => ({
    query: `?workspace_id=${thing.id}`,
    body: "# T",
    headers: { "content-type": "text/markdown" },
  }),
  "GET /search": () => ({ query: "?q=text" }),
  "GET /search, of the workspace": ({ thing }) => ({ query: `?q=text&workspace_id=${thing.id}` }),
  "GET /documents, of the workspace": ({ thing }) => ({ query: `?workspace_id=${thing.id}` }),
  "POST /documents/:id/duplicate, into the workspace": async (at) => ({
    id: await ownDocument(at),
    json: { workspace_id: at.thing.id },
  }),
  "POST /documents/:id/move, into the workspace": async (at) => ({
    id: await ownDocument(at),
    json: { workspace_id: at.thing.id },
  }),
  // Workspaces
  "POST /workspaces": () => ({ json: { name: "New" } }),
  "PATCH /workspaces/:id": () => ({ json: { name: "New" } }),
  "POST /workspaces/:id/invitations": () => ({ json: { email: newAddress(), role: "viewer" } }),
  "PATCH /workspaces/:id/members/:user_id": () => ({ json: { role: "editor" } }),
  "POST /workspaces/:id/transfer": ({ thing }) => ({ json: { user_id: thing.parts.user_id } }),
  "POST /workspaces/:id/webhooks": ({ scene }) => ({ json: { url: scene.target } }),
  "PATCH /workspaces/:id/webhooks/:webhook_id": () => ({ json: { name: "New" } }),
  "POST /invitations/accept": async (at) => {
    const token = newRandomToken();
    const email = newAddress();
    await db.insert(invitations).values({
      id: crypto.randomUUID(),
      workspaceId: (await at.scene.newTeam()).id,
      email,
      emailNormalized: email,
      role: "viewer",
      tokenHash: await hashOf(token),
      invitedBy: at.scene.idOf("owner"),
      createdAt: Date.now(),
      expiresAt: inAnHour(),
    });
    return { json: { token } };
  },
  // Accounts
  "PATCH /users/me": () => ({ json: { name: "New" } }),
  "POST /users/me/email": async (at) => {
    await forgetMessages(at);
    return { json: { email: newAddress() } };
  },
  "POST /users/me/email/verification": async (at) => {
    await forgetMessages(at);
    return {};
  },
  "POST /users/me/email/confirmation": async (at) => {
    const { id, email } = personOf(at);
    return { json: { token: await mailedToken(id, email, "verify") } };
  },
  "POST /users/me/deletion": async (at) => ({
    json: { documents: "delete" },
    ...(isPerson(at) && { token: (await newAccount()).access_token }),
  }),
  "POST /users/me/identities/google": () => ({ json: {} }),
  "DELETE /users/me/identities/google": async (at) => {
    const { id: userId, email } = personOf(at);
    const identity = {
      provider: "google",
      subject: crypto.randomUUID(),
      userId,
      email,
      createdAt: 0,
    } as const;
    await db.insert(identities).values(identity).onConflictDoNothing();
    return {};
  },
  "POST /users/me/tokens": () => ({ json: { name: "CI", scopes: ["documents:read"] } }),
  "DELETE /users/me/tokens/:id": async (at) => {
    const id = crypto.randomUUID();
    if (at.row === "absent") return { id };
    await db.insert(personalTokens).values({
      id,
      userId: ownerOf(at).id,
      name: "CI",
      tokenHash: crypto.randomUUID(),
      scope: "documents:read",
      createdAt: 0,
      expiresAt: inAnHour(),
    });
    return { id };
  },
  "DELETE /users/me/sessions/:id": async (at) => {
    if (at.row === "absent") return { id: crypto.randomUUID() };
    const name = at.row === "foreign" ? "stranger" : isPerson(at) ? (at.who as "owner") : "owner";
    return { id: (await at.scene.newSessionOf(name)).sessionId };
  },
  "POST /auth/reauthenticate": () => ({ json: { password } }),
  "POST /auth/password/change": async (at) => ({
    json: { current_password: password, new_password: "AnotherPass456?" },
    ...(isPerson(at) && { token: (await newAccount()).access_token }),
  }),
  "POST /users/me/second-factor": () => ({ json: {} }),
  "POST /users/me/second-factor/confirmation": async (at) => {
    if (!isPerson(at)) return { json: { code: "123456" } };
    const { access_token: token } = await newAccount();
    const begun = await api("POST", "/users/me/second-factor", { token, json: {} });
    return { json: { code: codeAt(begun.body.secret) }, token };
  },
  "POST /users/me/second-factor/recovery-codes": securedAccount,
  "POST /users/me/second-factor/removal": securedAccount,
  "POST /auth/second-factor": async ({ scene }) => {
    const { id } = scene.people.spare.user;
    return { json: { challenge: await challengeOf(id, "verify"), code: await recoveryCodeOf(id) } };
  },
  "POST /auth/second-factor/enrolment": async ({ scene }) => ({
    json: { challenge: await challengeOf(scene.people.spare.user.id, "enrol") },
  }),
  "POST /auth/second-factor/enrolment/confirmation": async () => {
    const challenge = await challengeOf((await newAccount()).user.id, "enrol");
    const begun = await api("POST", "/auth/second-factor/enrolment", { json: { challenge } });
    return { json: { challenge, code: codeAt(begun.body.secret) } };
  },
  "POST /auth/logout": () => ({ json: {} }),
  "POST /auth/register": () => ({ json: { email: newAddress(), password, name: "New" } }),
  "POST /auth/login": ({ scene }) => ({ json: { email: scene.people.spare.user.email, password } }),
  "POST /auth/refresh": async ({ scene }) => {
    const { sessionId } = await scene.newSessionOf("spare");
    const secret = testSecrets.REFRESH_SECRET;
    return { json: { refresh_token: await makeRefreshToken(secret, { sessionId, generation: 0 }) } };
  },
  "POST /auth/password/forgot": () => ({ json: { email: newAddress() } }),
  "POST /auth/password/reset": async ({ scene }) => {
    const { id, email } = scene.people.spare.user;
    return { json: { token: await mailedToken(id, email, "reset"), password } };
  },
  "GET /auth/oauth/google/callback": () => ({ query: "?state=x&code=x" }),
  "POST /auth/oauth/google": () => ({ json: { code: "x" } }),
  "GET /problems/:code": () => ({ id: "not_found" }),
};

/** A sign-in of somebody's that waits for its second half. */
async function challengeOf(userId: string, purpose: "verify" | "enrol"): Promise<string> {
  const token = newRandomToken();
  const row = { tokenHash: await hashOf(token), userId, purpose, expiresAt: inAnHour() };
  await db.insert(signInChallenges).values(row);
  return token;
}

async function recoveryCodeOf(userId: string): Promise<string> {
  const code = newRecoveryCode();
  await db.insert(recoveryCodes).values({ codeHash: (await recoveryCodeHash(code))!, userId });
  return code;
}

/** Somebody with a second factor, and a code of theirs; whoever is no person asks for themself. */
async function securedAccount(at: Asking): Promise<Asked> {
  if (!isPerson(at)) return { json: { code: "123456" } };
  const { access_token: token, user } = await newAccount();
  const factor = { userId: user.id, sealedSecret: "", keyId: "", lastStep: 0, createdAt: 0 };
  await db.insert(secondFactors).values(factor);
  return { json: { code: await recoveryCodeOf(user.id) }, token };
}

/** A document in the personal workspace of who asks, or of somebody, where they can have none. */
async function ownDocument({ scene, who }: Asking): Promise<string> {
  const id = crypto.randomUUID();
  const workspaceId = await scene.personalWorkspaceOf(who);
  await env.ROOMS.getByName(id).create({ content: "", author: { userId: id, kind: "person" } });
  await run(
    "INSERT INTO documents (id, workspace_id, owner_id, title, created_at, updated_at) SELECT ?, id, personal_user_id, 'T', 0, 0 FROM workspaces WHERE id = ?",
    id,
    workspaceId,
  );
  return id;
}

/** A message goes out in two minutes at most once. */
const forgetMessages = (at: Asking) => run("DELETE FROM audit_events WHERE user_id = ?", personOf(at).id);
