import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

const password = "SecurePass123!";
const register = (json: object) => api("POST", "/auth/register", { json });
const login = (email: string, given = password) =>
  api("POST", "/auth/login", { json: { email, password: given } });
const count = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n;

describe("register", () => {
  it("answers what login answers", async () => {
    const opened = await register({ email: "Ada@Example.com", password, name: "  Ada  " });
    expect(opened.status).toBe(201);
    const signedIn = await login("Ada@Example.com");
    expect(signedIn.status).toBe(200);
    for (const { body } of [opened, signedIn]) {
      expect(body).toEqual({
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        token_type: "Bearer",
        expires_in: 600,
        refresh_token: expect.stringMatching(/^mr1\./),
        user: {
          id: expect.any(String),
          email: "Ada@Example.com",
          email_verified: false,
          name: "Ada",
          oauth_provider: null,
          second_factor: false,
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      });
    }
    expect(signedIn.body.user).toEqual(opened.body.user);
    const me = await api("GET", "/users/me", { token: opened.body.access_token });
    expect(me.body).toEqual(opened.body.user);
  });

  it("gives one address one account, whatever its case", async () => {
    await newAccount({ email: "Grace@Example.com" });
    const before = await Promise.all(["users", "sessions"].map(count));
    for (const email of ["Grace@Example.com", "grace@example.com", " GRACE@EXAMPLE.COM "]) {
      expectProblem(await register({ email, password, name: "G" }), "email_taken");
    }
    expect(await Promise.all(["users", "sessions"].map(count))).toEqual(before);
    expect((await login("gRaCe@example.com")).status).toBe(200);
  });

  it("lets one of many at once have the address", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => register({ email: "race@example.com", password, name: "R" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  });

  it("keeps the fields that are the service's own to itself", async () => {
    const { body } = await register({
      email: "mass@example.com",
      password,
      name: "M",
      id: "00000000-0000-4000-8000-000000000000",
      created_at: "1970-01-01T00:00:00Z",
      role: "admin",
      password_hash: "x",
    });
    expect(body.user.id).not.toBe("00000000-0000-4000-8000-000000000000");
    expect(body.user.created_at).not.toMatch(/^1970/);
  });

  const good = { email: "good@example.com", password, name: "Good" };
  it.each<[string, object, string]>([
    ["no email", { ...good, email: undefined }, "email is required"],
    ["no password", { ...good, password: undefined }, "password is required"],
    ["no name", { ...good, name: undefined }, "name is required"],
    ["an empty name", { ...good, name: " \t" }, "name is required"],
    ["an email that is a number", { ...good, email: 5 }, "email must be a string"],
    ["an email that is null", { ...good, email: null }, "email must be a string"],
    ["an email without @", { ...good, email: "good.example.com" }, "e-mail address"],
    ["an email without a host", { ...good, email: "good@" }, "e-mail address"],
    ["an email of two lines", { ...good, email: "good@example.com\nbcc: a@b.de" }, "e-mail address"],
    ["an email with a fullwidth @", { ...good, email: "good\uff20example.com" }, "e-mail address"],
    ["an email with a Cyrillic letter", { ...good, email: "g\u043eod@example.com" }, "e-mail address"],
    ["an email that is too long", { ...good, email: `${"a".repeat(250)}@b.de` }, "at most 254"],
    ["a password that is too short", { ...good, password: "1234567" }, "at least 8"],
    ["a password of 4 characters in 8 units", { ...good, password: "😀😁😂😃" }, "at least 8"],
    ["a password that is too long", { ...good, password: "x".repeat(257) }, "at most 256"],
    ["a password that is a list", { ...good, password: ["12345678"] }, "password must be a string"],
    [
      "a password that has a length, and is no text",
      { ...good, password: { length: { toString: 1, valueOf: 1 } } },
      "password must be a string",
    ],
    ["a password of lone surrogates", { ...good, password: "\ud800".repeat(8) }, "well-formed"],
    ["a name that is too long", { ...good, name: "x".repeat(limits.nameUnits + 1) }, "at most 100"],
    ["a name with a control character", { ...good, name: "a\u0000b" }, "control characters"],
    ["a name with a lone surrogate", { ...good, name: "a\udc00" }, "well-formed"],
    ["a list for a body", [good], "JSON object"],
  ])("refuses %s", async (_, json, message) => {
    const answer = await register(json);
    expectProblem(answer, "validation_failed");
    expect(answer.body.detail).toContain(message);
    expect(answer.body.errors[0].message).toContain(message);
    expect(answer.text).not.toContain("SecurePass123!");
  });

  it("takes the longest and the oddest password as it is", async () => {
    const odd = "  \u0000pässwörd😀  ";
    for (const given of ["x".repeat(256), odd]) {
      const { user } = await newAccount({ password: given });
      expect((await login(user.email, given)).status).toBe(200);
      expectProblem(await login(user.email, given.trim().slice(1)), "invalid_credentials");
    }
  });
});

describe("login", () => {
  // That it takes as long is shown by bench/login-timing.ts.
  it("AU-1: answers an unknown address as it answers a wrong password", async () => {
    const [known, noPassword] = [await newAccount(), await newAccount()];
    await env.DB.prepare("UPDATE users SET password_hash = NULL WHERE id = ?").bind(noPassword.user.id).run();
    const bodies: object[] = [];
    for (const email of [known.user.email, "nobody@example.com", noPassword.user.email]) {
      const answer = await login(email, "wrong password");
      expectProblem(answer, "invalid_credentials");
      bodies.push({ ...answer.body, request_id: "" });
    }
    for (const body of bodies) expect(body).toEqual(bodies[0]);
  });

  it.each<[string, unknown, number]>([
    ["an address that is none", { email: "x", password }, 401],
    ["an empty password", { email: "a@b.de", password: "" }, 401],
    ["SQL", { email: "' OR 1=1 --", password: "' OR 1=1 --" }, 401],
    ["no email", { password }, 422],
    ["no password", { email: "a@b.de" }, 422],
    ["an object for an email", { email: { $ne: null }, password }, 422],
    ["an over-long email", { email: "a".repeat(255), password }, 422],
    ["an over-long password", { email: "a@b.de", password: "x".repeat(257) }, 422],
    ["a text for a body", "login", 422],
  ])("answers %s", async (_, json, status) => {
    const answer = await api("POST", "/auth/login", { json });
    expectProblem(answer, status === 401 ? "invalid_credentials" : "validation_failed");
  });
});
