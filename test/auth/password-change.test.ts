import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { checkPassword } from "../../src/auth/password-check.ts";
import { startSession } from "../../src/auth/sessions.ts";
import { database } from "../../src/db/database.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { newestMail } from "../support/mailbox.ts";
import { openSocket } from "../support/socket.ts";

const old = "SecurePass123!";
const chosen = "another good password";
const change = (token: string, json: object) => api("POST", "/auth/password/change", { token, json });
const login = (email: string, password: string) => api("POST", "/auth/login", { json: { email, password } });
const me = (token: string) => api("GET", "/users/me", { token });
const refresh = ({ refresh_token }: TokensBody) => api("POST", "/auth/refresh", { json: { refresh_token } });

describe("POST /auth/password/change", () => {
  it("changes the password, ends the other sessions with their sockets, and tells the person", async () => {
    const here = await newAccount();
    const { email, id } = here.user;
    const elsewhere: TokensBody = (await login(email, old)).body;
    const stranger = await newAccount();
    const documentId = (await api("POST", "/documents", { token: here.access_token, json: { title: "T" } }))
      .body.id;
    const program = await api("POST", "/users/me/tokens", {
      token: here.access_token,
      json: { name: "CI", scopes: ["documents:read"] },
    });
    const [socketHere, socketElsewhere] = [
      await openSocket(documentId, here.access_token),
      await openSocket(documentId, elsewhere.access_token),
    ];
    expect((await change(here.access_token, { current_password: old, new_password: chosen })).status).toBe(
      204,
    );

    expect(await socketElsewhere.next()).toEqual({ closed: 4403 });
    expectProblem(await me(elsewhere.access_token), "invalid_token");
    expectProblem(await refresh(elsewhere), "invalid_token");
    expect((await socketHere.ask({ type: "hello", client_id: "h" })).type).toBe("welcome");
    expect((await me(here.access_token)).status).toBe(200);
    expect((await refresh(here)).status).toBe(200);
    expect((await me(stranger.access_token)).status).toBe(200);
    // Personal access tokens are not made of the password.
    expect((await api("GET", `/documents/${documentId}`, { token: program.body.token })).status).toBe(200);
    expectProblem(await login(email, old), "invalid_credentials");
    expect((await login(email, chosen)).status).toBe(200);

    const audit = await env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ?").bind(id).all();
    const events = audit.results.map(({ event }) => event);
    expect(events.filter((event) => event === "password.changed")).toHaveLength(1);
    expect(events.filter((event) => event === "session.revoked")).toHaveLength(1);
    expect((await newestMail(email, "Your password was changed")).text).not.toContain(chosen);
    socketHere.close();
  });

  it("AU-5: lets no sign-in begin that was proved by the old password a moment before", async () => {
    const { access_token: token, user } = await newAccount();
    const origin = { address: null, userAgent: null };
    const proof = async (password: string) => {
      const proved = await checkPassword(env, { email: user.email, password, origin }, Date.now());
      return { userId: user.id, stillProved: proved.stillProved };
    };
    const before = await proof(old);
    expect((await change(token, { current_password: old, new_password: chosen })).status).toBe(204);
    const db = database(env.DB);
    expect(await startSession(db, before, origin, Date.now())).toBeUndefined();
    expect(await startSession(db, await proof(chosen), origin, Date.now())).toBeDefined();
  });

  it("needs the current password, and counts wrong ones as logins are counted (AU-7)", async () => {
    const { access_token: token, user } = await newAccount();
    const wrong = { current_password: "wrong password", new_password: chosen };
    const answer = await change(token, wrong);
    expectProblem(answer, "invalid_credentials");
    expect(answer.headers.get("ratelimit")).toMatch(/^"login";r=9;/);
    expectProblem(await login(user.email, "wrong password"), "invalid_credentials");
    expect((await login(user.email, old)).status).toBe(200);
    expect((await me(token)).status).toBe(200);
  });

  it.each<[string, object, string]>([
    ["no current password", { new_password: chosen }, "validation_failed"],
    ["no new password", { current_password: old }, "validation_failed"],
    ["a short one", { current_password: old, new_password: "1234567" }, "validation_failed"],
    [
      "a long one",
      { current_password: old, new_password: "x".repeat(limits.passwordUnits + 1) },
      "validation_failed",
    ],
    ["one of the commonest", { current_password: old, new_password: "Password1" }, "weak_password"],
  ])("refuses %s", async (_, json, code) => {
    const { access_token: token, user } = await newAccount();
    const answer = await change(token, json);
    expectProblem(answer, code as "weak_password");
    if (code === "weak_password") expect(answer.body.errors[0].path).toEqual(["new_password"]);
    expect((await login(user.email, old)).status).toBe(200);
  });

  it("is for who is signed in", async () => {
    const json = { current_password: old, new_password: chosen };
    expectProblem(await api("POST", "/auth/password/change", { json }), "unauthenticated");
  });
});
