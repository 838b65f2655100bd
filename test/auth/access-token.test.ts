import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { base64url, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

type NamedJwk = JWK & { kid: string };
const [first, second] = JSON.parse(testSecrets.SIGNING_KEYS).keys as [NamedJwk, NamedJwk];
const now = Math.floor(Date.now() / 1000);

let account: TokensBody;
let claims: JWTPayload;
beforeAll(async () => {
  account = await newAccount();
  claims = JSON.parse(new TextDecoder().decode(base64url.decode(account.access_token.split(".")[1]!)));
});

const me = (token: string) => api("GET", "/users/me", { token });
const encode = (value: object) => base64url.encode(JSON.stringify(value));

/** A token that is right but for what is given. */
async function token(
  forged: { header?: object; payload?: object; key?: JWK | CryptoKey | Uint8Array } = {},
): Promise<string> {
  const header = { alg: "EdDSA", kid: first.kid, typ: "at+jwt", ...forged.header };
  const given = forged.key ?? first;
  const key = "kty" in given ? await importJWK(given, header.alg) : given;
  return new SignJWT({ ...claims, ...forged.payload }).setProtectedHeader(header).sign(key);
}

/** A token of any header and payload at all, whose signature is the given one. */
const unsigned = (header: object, signature = "") => `${encode(header)}.${encode(claims)}.${signature}`;

describe("access tokens", () => {
  it("carry the claims of RFC 9068", () => {
    expect(claims).toEqual({
      iss: "materi",
      aud: "materi-api",
      sub: account.user.id,
      sid: expect.any(String),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 600,
    });
  });

  it("of our making are taken, signed by either key", async () => {
    expect((await me(await token())).status).toBe(200);
    expect((await me(await token({ header: { kid: second.kid }, key: second }))).status).toBe(200);
  });

  it("may be signed with ES256, and each key keeps its algorithm", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const es256 = { ...(await exportJWK(privateKey)), kid: "es", alg: "ES256" };
    const withKeys = (keys: JWK[]) => ({ ...env, SIGNING_KEYS: JSON.stringify({ keys }) }) as Env;
    const ask = (bearer: string, environment: Env) =>
      app.fetch(
        new Request("https://materi.test/api/v1/users/me", {
          headers: { authorization: `Bearer ${bearer}` },
        }),
        environment,
        createExecutionContext(),
      );
    const bearer = await token({ header: { alg: "ES256", kid: "es" }, key: es256 });
    expect((await ask(bearer, withKeys([es256, first]))).status).toBe(200);
    // A key that was replaced verifies as long as it is in the set, and no longer.
    expect((await ask(await token(), withKeys([es256, first]))).status).toBe(200);
    expect((await ask(await token(), withKeys([es256]))).status).toBe(401);
    const jwks = await app.fetch(
      new Request("https://materi.test/.well-known/jwks.json"),
      withKeys([es256]),
      createExecutionContext(),
    );
    expect(await jwks.json()).toEqual({
      keys: [{ kid: "es", alg: "ES256", kty: "EC", crv: "P-256", x: es256.x, y: es256.y, use: "sig" }],
    });
  });

  const publicBytes = () => base64url.decode(first.x ?? "");
  const { d: _, ...publicJwk } = first;
  const otherKey = async () => (await generateKeyPair("EdDSA")).privateKey;
  it.each<[string, () => string | Promise<string>]>([
    ["alg none", () => unsigned({ alg: "none", kid: first.kid, typ: "at+jwt" })],
    ["alg nOnE", () => unsigned({ alg: "nOnE", kid: first.kid, typ: "at+jwt" })],
    ["alg none with a signature", () => unsigned({ alg: "none", kid: first.kid, typ: "at+jwt" }, "AAAA")],
    ["no alg", () => unsigned({ kid: first.kid, typ: "at+jwt" }, "AAAA")],
    ["HS256 with the public key's bytes", () => token({ header: { alg: "HS256" }, key: publicBytes() })],
    [
      "HS256 with the public key's JWK",
      () => token({ header: { alg: "HS256" }, key: new TextEncoder().encode(JSON.stringify(publicJwk)) }),
    ],
    ["HS256 with the key's name", () => token({ header: { alg: "HS256" }, key: new Uint8Array(32) })],
    [
      "ES256 for an Ed25519 key",
      async () => token({ header: { alg: "ES256" }, key: (await generateKeyPair("ES256")).privateKey }),
    ],
    ["alg Ed25519, the new name", () => token({ header: { alg: "Ed25519" } })],
    ["another key", async () => token({ key: await otherKey() })],
    ["our other key under this kid", () => token({ key: second })],
    ["an unknown kid", async () => token({ header: { kid: "mine" }, key: await otherKey() })],
    ["no kid", () => token({ header: { kid: undefined } })],
    ["a kid that is a path", () => token({ header: { kid: "../../dev/null" } })],
    ["a kid that is a number", () => unsigned({ alg: "EdDSA", kid: 0, typ: "at+jwt" }, "AAAA")],
    ["a kid of every object", () => unsigned({ alg: "EdDSA", kid: "__proto__", typ: "at+jwt" }, "AAAA")],
    [
      "a key of its own (jwk)",
      async () => {
        const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
        return token({ header: { kid: "mine", jwk: await exportJWK(publicKey) }, key: privateKey });
      },
    ],
    [
      "a key from elsewhere (jku)",
      async () => token({ header: { kid: "mine", jku: "https://evil.example/jwks" }, key: await otherKey() }),
    ],
    [
      "a critical extension",
      () => unsigned({ alg: "EdDSA", kid: first.kid, typ: "at+jwt", crit: ["x"], x: 1 }, "AAAA"),
    ],
    ["typ JWT", () => token({ header: { typ: "JWT" } })],
    ["no typ", () => token({ header: { typ: undefined } })],
    ["typ of an ID token's kind", () => token({ header: { typ: "id+jwt" } })],
    ["another issuer", () => token({ payload: { iss: "https://materi" } })],
    ["no issuer", () => token({ payload: { iss: undefined } })],
    ["another audience", () => token({ payload: { aud: "other-api" } })],
    ["no audience", () => token({ payload: { aud: undefined } })],
    ["an end that has come", () => token({ payload: { exp: now - 1 } })],
    ["an end in this second", () => token({ payload: { exp: now } })],
    ["no end", () => token({ payload: { exp: undefined } })],
    [
      "an end that is a text",
      async () => {
        const header = { alg: "EdDSA", kid: first.kid, typ: "at+jwt" };
        return `${encode(header)}.${encode({ ...claims, exp: "9999999999" })}.AAAA`;
      },
    ],
    ["a beginning to come", () => token({ payload: { nbf: now + 60 } })],
    ["no subject", () => token({ payload: { sub: undefined } })],
    ["a subject that is no id", () => token({ payload: { sub: "admin" } })],
    ["no session", () => token({ payload: { sid: undefined } })],
    ["no jti", () => token({ payload: { jti: undefined } })],
    [
      "a changed payload",
      () => {
        const [header, , signature] = account.access_token.split(".");
        return `${header}.${encode({ ...claims, sub: crypto.randomUUID() })}.${signature}`;
      },
    ],
    ["a changed signature", () => account.access_token.replace(/.$/, (last) => (last === "A" ? "Q" : "A"))],
    ["no signature", () => account.access_token.replace(/[^.]+$/, "")],
    ["two parts", () => account.access_token.split(".").slice(0, 2).join(".")],
    ["five parts", () => `${account.access_token}.a.b`],
    ["a refresh token", () => account.refresh_token],
    ["a word", () => "null"],
    ["dots", () => ".."],
  ])("with %s are refused", async (_, forge) => {
    const answer = await me(await forge());
    expectProblem(answer, "invalid_token");
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token"/);
  });

  it("of an account that is gone are refused", async () => {
    expectProblem(await me(await token({ payload: { sub: crypto.randomUUID() } })), "invalid_token");
  });

  it.each([undefined, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc", "Bearer a b"])(
    "that are not there are asked for: Authorization: %s",
    async (authorization) => {
      const answer = await api(
        "GET",
        "/users/me",
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expectProblem(answer, "unauthenticated");
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    },
  );

  it("WR-4: are not taken from the URL", async () => {
    for (const query of ["access_token", "token", "authorization"]) {
      expectProblem(await api("GET", `/users/me?${query}=${account.access_token}`), "unauthenticated");
    }
  });

  it("may come under a scheme of any case", async () => {
    const answer = await api("GET", "/users/me", {
      headers: { authorization: `bEARER ${account.access_token}` },
    });
    expect(answer.status).toBe(200);
  });
});
