// Answers of a provider that are no proof of who somebody is: none of them signs anybody in.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { Browser } from "../support/browser.ts";
import type { Answer as Told } from "../support/hostile-provider.ts";
import { behindTheAnswer } from "../support/mailbox.ts";

const start = "/api/v1/auth/oauth/google";
const clientId = "hostile-client";
const settings = (issuer: string) => ({
  GOOGLE_ISSUER: issuer,
  GOOGLE_CLIENT_ID: clientId,
  GOOGLE_CLIENT_SECRET: "x".repeat(32),
});
const now = () => Math.floor(Date.now() / 1000);

/** Goes through a flow in which the provider answers as told. Right claims are there unless others are told. */
async function flow(told: Told, issuer = inject("hostileIssuer")): Promise<Answer> {
  const browser = new Browser(settings(issuer));
  const begun = await browser.open(start);
  const { state = "", nonce } = Object.fromEntries(new URL(begun.headers.get("location") ?? "").searchParams);
  const code = Buffer.from(JSON.stringify({ ...told, claims: { nonce, ...told.claims } })).toString(
    "base64url",
  );
  return browser.open(`${start}/callback?${new URLSearchParams({ state, code })}`);
}

const newPerson = () => {
  const sub = crypto.randomUUID();
  return { sub, email: `${sub}@gmail.com` };
};

afterEach(() => vi.restoreAllMocks());

/** What a request must not have changed. Of the audit what a sign-in writes: other rows come behind the answers of requests before. */
async function rows(): Promise<unknown> {
  const tables = [
    "users",
    "identities",
    "sessions",
    "audit_events WHERE event IN ('account.registered', 'identity.linked', 'session.started')",
  ];
  const counts = await env.DB.batch<{ n: number }>(
    tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table}`)),
  );
  return counts.map(({ results }) => results[0]?.n);
}

async function expectRefused(told: Told, code: ErrorCode, issuer?: string): Promise<void> {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const before = await rows();
  const answer = await flow(told, issuer);
  expectProblem(answer, code);
  expect(await rows()).toEqual(before);
}

describe("a provider", () => {
  it("that answers right is believed: the tables below differ from this in one thing each", async () => {
    const claims = newPerson();
    const answer = await flow({ claims });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.user).toMatchObject({ email: claims.email, email_verified: true, name: claims.sub });
  });

  it.each<[string, Told]>([
    ["of another issuer", { claims: { iss: "https://accounts.google.com" } }],
    ["of an issuer that begins like ours", { claims: { iss: "http://127.0.0.1" } }],
    ["of no issuer", { claims: { iss: null } }],
    ["for another client", { claims: { aud: "another-client" } }],
    ["for nobody", { claims: { aud: null } }],
    ["for several clients, of which none is named as its bearer", { claims: { aud: [clientId, "another"] } }],
    ["for another bearer", { claims: { aud: [clientId, "another"], azp: "another" } }],
    ["of another flow (nonce)", { claims: { nonce: "another" } }],
    ["of no flow (nonce)", { claims: { nonce: null } }],
    ["with a nonce that is a list", { claims: { nonce: ["x"] } }],
    ["that has ended", { claims: { exp: now() - 3600, iat: now() - 7200 } }],
    ["without an end", { claims: { exp: null } }],
    ["with an end that is a text", { claims: { exp: "9999999999" } }],
    ["without a beginning", { claims: { iat: null } }],
    ["that has not begun", { claims: { nbf: now() + 3600 } }],
    ["about nobody", { claims: { sub: null } }],
    ["about an empty subject", { claims: { sub: "" } }],
    ["about a subject that is a number", { claims: { sub: 1 } }],
    ["about a subject longer than the standard has it", { claims: { sub: "x".repeat(256) } }],
    ["about a subject with a control character", { claims: { sub: "a\u0000b" } }],
    ["signed by another key", { signedBy: "other" }],
    ["signed by nobody", { signedBy: "nobody" }],
    ["of alg none", { header: { alg: "none" }, signedBy: "nobody" }],
    ["of alg nOnE", { header: { alg: "nOnE" }, signedBy: "nobody" }],
    ["of alg none, but signed", { header: { alg: "none" } }],
    [
      "of HS256 with the public key for a secret",
      { header: { alg: "HS256" }, signedBy: "public key as a secret" },
    ],
    ["of another algorithm of the same key", { header: { alg: "PS256" } }],
    ["of another kind of key", { header: { alg: "ES256" } }],
    ["of a key that is not published", { header: { kid: "another" } }],
    ["with a critical extension", { header: { crit: ["x"], x: 1 } }],
    [
      "that brings its own key",
      { header: { kid: "mine", jwk: { kty: "RSA", n: "AQAB", e: "AQAB" } }, signedBy: "other" },
    ],
  ])("is not believed with an ID token %s", async (_, told) => {
    await expectRefused({ ...told, claims: { ...newPerson(), ...told.claims } }, "oauth_failed");
  });

  it.each<[string, Told, ErrorCode]>([
    ["no ID token", { body: { id_token: null } }, "oauth_failed"],
    ["an ID token of words", { body: { id_token: "a b c" } }, "oauth_failed"],
    ["an encrypted ID token", { body: { id_token: "a.b.c.d.e" } }, "oauth_failed"],
    ["no access token", { body: { access_token: null } }, "oauth_failed"],
    ["a list", { status: 200, body: [] }, "oauth_failed"],
    ["nothing", { status: 200 }, "oauth_failed"],
    ["invalid_grant", { status: 400, body: { error: "invalid_grant" } }, "oauth_refused"],
    ["invalid_client", { status: 401, body: { error: "invalid_client" } }, "oauth_failed"],
    ["a redirect", { status: 307, body: {} }, "oauth_failed"],
    ["an error of its own", { status: 500, body: {} }, "unavailable"],
  ])("is not believed when it answers the code with %s", async (_, told, code) => {
    await expectRefused({ ...told, claims: newPerson() }, code);
  });

  it.each<[string, string, ErrorCode]>([
    ["/other-issuer", "says that it is another", "oauth_failed"],
    ["/down", "is down", "unavailable"],
    ["/silent", "does not answer", "unavailable"],
  ])("at %s is not asked: it %s", async (path, _, code) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const browser = new Browser(settings(inject("hostileIssuer") + path));
    expectProblem(await browser.open(start), code);
    // A browser that is to return learns it there.
    const back = await browser.open(`${start}?return_to=/login`);
    expect([back.status, back.headers.get("location")]).toEqual([303, `/login?error=${code}`]);
    expect(browser.jar().size).toBe(0);
  });

  it("that cannot be reached is no fault of who asks", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const answer = await new Browser(settings("http://127.0.0.1:9")).open(start);
    expectProblem(answer, "unavailable");
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  it("that publishes no keys is not believed", async () => {
    await expectRefused({ claims: newPerson() }, "oauth_failed", `${inject("hostileIssuer")}/no-keys`);
  });

  it("never shows in an answer or in the log what it said", async () => {
    const lines = vi.spyOn(console, "warn").mockImplementation(() => {});
    const secret = "sEcReT-of-the-provider";
    for (const told of [
      { claims: { ...newPerson(), iss: secret } },
      { status: 400, body: { error: secret, error_description: secret } },
      { status: 400, body: { error: "invalid_grant", error_description: secret } },
      { body: { id_token: secret } },
    ]) {
      expect((await flow(told)).text).not.toContain(secret);
    }
    expect(lines.mock.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines.mock.calls)).not.toContain(secret);
  });
});

describe("an address that the provider has not verified", () => {
  it.each<[string, Record<string, unknown>]>([
    ["says no", { email_verified: false }],
    ["says nothing", { email_verified: null }],
    ['says "false"', { email_verified: "false" }],
    ['says "true", as a text', { email_verified: "true" }],
    ["says 1", { email_verified: 1 }],
    ["has no address", { email: null }],
    ["has a list of addresses", { email: ["a@gmail.com"] }],
    ["has an address with a fullwidth @", { email: "victim\uff20gmail.com" }],
    ["has an address with a Cyrillic letter", { email: "vict\u0456m@gmail.com" }],
    ["has an address of two lines", { email: "victim@gmail.com\nx@evil.example" }],
  ])("AU-3: opens no account and links none where the token %s", async (_, claims) => {
    await expectRefused({ claims: { ...newPerson(), ...claims } }, "email_unverified");
    // And it does not tell whether the address has an account.
    const person = newPerson();
    const { user } = await newAccount({ email: person.email });
    await env.DB.prepare("UPDATE users SET email_verified_at = 1 WHERE id = ?").bind(user.id).run();
    await expectRefused({ claims: { ...person, ...claims } }, "email_unverified");
  });

  it("does not keep out who was let in before: the key is sub alone", async () => {
    const person = newPerson();
    const { body } = await flow({ claims: person });
    for (const claims of [{ email_verified: false }, { email: null }, { email: "changed@gmail.com" }]) {
      const answer = await flow({ claims: { ...person, ...claims } });
      expect(answer.body.user).toEqual(body.user);
    }
  });
});

describe("an address that is not the provider's own", () => {
  const withAccount = async (email: string) => {
    const { user } = await newAccount({ email });
    await env.DB.prepare("UPDATE users SET email_verified_at = 1 WHERE id = ?").bind(user.id).run();
    return user;
  };
  const at = (domain: string) => {
    const sub = crypto.randomUUID();
    return { sub, email: `${sub}@${domain}` };
  };

  it("AU-3: is linked to no account, since it may have gone to somebody else", async () => {
    for (const claims of [at("company.example"), { ...at("company.example"), hd: "other.example" }]) {
      await withAccount(claims.email);
      await expectRefused({ claims }, "account_exists");
    }
    const own = { ...at("company.example"), hd: "Company.example" };
    const user = await withAccount(own.email);
    expect((await flow({ claims: own })).body.user.id).toBe(user.id);
  });

  it("AU-3: opens an account whose address is yet to be verified", async () => {
    const claims = at("company.example");
    const { user } = (await flow({ claims })).body;
    expect(user).toMatchObject({ email: claims.email, email_verified: false });
    const sent = env.DB.prepare(
      "SELECT count(*) AS n FROM audit_events WHERE user_id = ? AND event = 'email.verification_sent'",
    ).bind(user.id);
    await vi.waitFor(async () => expect(await sent.first("n")).toBe(1), behindTheAnswer);
  });

  it("AU-3: with another sub is another person, whose address is taken", async () => {
    const person = newPerson();
    await flow({ claims: person });
    await expectRefused({ claims: { ...person, sub: "another" } }, "account_exists");
  });
});

describe("a name", () => {
  it.each<[string, unknown, string | undefined]>([
    ["as people have them", "  Ada Lovelace ", "Ada Lovelace"],
    ["with control characters", "Ada\u0000\nLovelace", "Ada  Lovelace"],
    ["with a lone surrogate", "Ada\ud800", "Ada\ufffd"],
    ["that is too long", `${"x".repeat(99)}\u{1f600}`, "x".repeat(99)],
    ["that is empty", " \t", undefined],
    ["that is no text", { first: "Ada" }, undefined],
    ["that is not there", null, undefined],
  ])("%s becomes one that an account may have", async (_, name, expected) => {
    const claims = { ...newPerson(), name };
    const answer = await flow({ claims });
    expect(answer.body.user.name).toBe(expected ?? claims.sub);
    const again = await api("GET", "/users/me", { token: answer.body.access_token });
    expect(again.body.name).toBe(answer.body.user.name);
  });
});
