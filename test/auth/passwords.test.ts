import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { commonPasswords } from "../../src/auth/common-passwords.ts";
import { hashingTurn } from "../../src/auth/hashing-turn.ts";
import { hashPassword, verifyPassword } from "../../src/auth/passwords.ts";
import type { Problem } from "../../src/platform/problem.ts";
import { limits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount, send } from "../support/api.ts";

const login = (email: string, password: string) => api("POST", "/auth/login", { json: { email, password } });
const register = (password: string, fields: object = {}) =>
  api("POST", "/auth/register", {
    json: { email: `p-${crypto.randomUUID()}@example.com`, password, name: "Ada Lovelace", ...fields },
  });

/** RFC 7914 §12: the third vector, "pleaseletmein", at a fifth of today's cost. */
const vector =
  "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887";
const unpadded = (base64: string) => base64.replace(/=+$/, "");
const rfc7914 = `$scrypt$ln=14,r=8,p=1$${unpadded(btoa("SodiumChloride"))}$${unpadded(Buffer.from(vector, "hex").toString("base64"))}`;

describe("weak passwords", () => {
  const list = commonPasswords.trim().split(/\s+/);

  it("are a list of 10,000 that are long enough to be chosen, in lower case", () => {
    expect(new Set(list).size).toBe(10_000);
    for (const word of list) {
      expect([...word].length).toBeGreaterThanOrEqual(limits.passwordPoints);
      expect(word).toBe(word.toLowerCase());
    }
  });

  it.each<[string, string, object]>([
    ["the first of the list", "password", {}],
    ["one of the list in other case", "QwertyUiop", {}],
    ["the last of the list", list.at(-1) ?? "", {}],
    ["the name of the service with a year", "Materi2026", {}],
    ["the word password with a sign", "Password1!", {}],
    ["the e-mail address", "somebody@example.org", { email: "Somebody@example.org" }],
    ["the e-mail address without its host", "Somebody1234", { email: "somebody@example.org" }],
    ["the person's name", "AdaLovelace!", {}],
    ["the person's name in another normal form", "Amelie\u0301Amelie\u0301", { name: "Ameli\u00e9" }],
  ])("are refused, and not quoted: %s", async (_, password, fields) => {
    const answer = await register(password, fields);
    expectProblem(answer, "weak_password");
    expect(answer.body.errors).toEqual([
      { path: ["password"], code: "weak_password", message: expect.stringMatching(/^password is /) },
    ]);
    if (!/^passw/i.test(password)) expect(answer.text).not.toContain(password);
  });

  it.each([
    ["all of one kind: no rules of composition", "zqkvjxwm"],
    ["words", "correct horse battery"],
    ["two of the list with a blank between", "baseball football"],
    ["the person's name, and enough beside it", "Ada keeps bees"],
    ["digits", "48205917"],
  ])("are others than %s", async (_, password) => expect((await register(password)).status).toBe(201));
});

describe("password hashes", () => {
  it("are salted PHC strings of the documented cost", async () => {
    const [one, two] = [await hashPassword("same"), await hashPassword("same")];
    expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
  });

  it("verify the vector of RFC 7914 §12, whose cost is another", async () => {
    expect(await verifyPassword("pleaseletmein", rfc7914)).toBe(true);
    expect(await verifyPassword("pleaseletmeIn", rfc7914)).toBe(false);
  });

  it("are of a password's normal form, so that keyboards may compose as they like", async () => {
    const { user } = await newAccount({ password: "Pa\u0308sswo\u0308rd" });
    expect((await login(user.email, "P\u00e4ssw\u00f6rd")).status).toBe(200);
  });

  it("of another cost are made anew when the password is there, and only then", async () => {
    const password = "pleaseletmein";
    const { user } = await newAccount({ password });
    const stored = async () =>
      (
        await env.DB.prepare("SELECT password_hash AS phc FROM users WHERE id = ?")
          .bind(user.id)
          .first<{ phc: string }>()
      )?.phc;
    await env.DB.prepare("UPDATE users SET password_hash = ? WHERE id = ?").bind(rfc7914, user.id).run();
    expectProblem(await login(user.email, "another"), "invalid_credentials");
    expect(await stored()).toBe(rfc7914);
    expect((await login(user.email, password)).status).toBe(200);
    const renewed = await stored();
    expect(renewed).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    expect((await login(user.email, password)).status).toBe(200);
    expect(await stored()).toBe(renewed);
  });

  it("are made one by one, and others are served meanwhile", async () => {
    const events: string[] = [];
    // A dozen: on a busy machine the answer may take the time of some.
    const hashes = Array.from({ length: 12 }, () => hashPassword("x").then(() => events.push("hashed")));
    const health = send("GET", "/health").then(() => events.push("served"));
    await Promise.all([...hashes, health]);
    expect(events.at(-1)).toBe("hashed");
  });

  it("are refused to who comes when too many wait, and made again when they are done", async () => {
    const turn = () =>
      hashingTurn(async () => "hashed").catch((problem: unknown) => (problem as Problem).code);
    const answers = await Promise.all(Array.from({ length: limits.hashingPlaces + 3 }, turn));
    expect(answers.slice(limits.hashingPlaces)).toEqual(["unavailable", "unavailable", "unavailable"]);
    expect(new Set(answers.slice(0, limits.hashingPlaces))).toEqual(new Set(["hashed"]));
    expect(await turn()).toBe("hashed");
  });

  it("lose their place when their request is cut off, though later", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    for (let place = 0; place < limits.hashingPlaces; place++) void hashingTurn(() => new Promise(() => {}));
    await expect(hashingTurn(async () => 0)).rejects.toMatchObject({ code: "unavailable" });
    vi.setSystemTime(Date.now() + 60_000);
    expect(await hashingTurn(async () => 0)).toBe(0);
    vi.useRealTimers();
  });
});
