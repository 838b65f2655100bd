import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { base64url, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

type NamedJwk = JWK & { kid: string };
const [first, second] = JSON.parse(testSecrets.SIGNING_KEYS).keys as [NamedJwk, NamedJwk];

let account: TokensBody;
let claims: JWTPayload;
beforeAll(async () => {
  account = await newAccount();
  claims = JSON.parse(new TextDecoder().decode(base64url.decode(account.access_token.split(".")[1]!)));
});

afterEach(() => void vi.useRealTimers());

const me = (token: string) => api("GET", "/users/me", { token });

/** A token that is right but for what is given. */
async function token(
  forged: { header?: object; payload?: object; key?: JWK | CryptoKey | Uint8Array } = {},
): Promise<string> {
  const header = { alg: "EdDSA", kid: first.kid, typ: "at+jwt", ...forged.header };
  const given = forged.key ?? first;
  const key = "kty" in given ? await importJWK(given, header.alg) : given;
  return new SignJWT({ ...claims, ...forged.payload }).setProtectedHeader(header).sign(key);
}

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

  it("that were taken before are taken until they expire, and nothing else is for their sake", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const exp = Math.floor(Date.now() / 1_000) + 2;
    const short = await token({ payload: { exp } });
    expect([(await me(short)).status, (await me(short)).status]).toEqual([200, 200]);
    const [header, payload] = short.split(".");
    const [, , foreign] = (await token()).split(".");
    expectProblem(await me(`${header}.${payload}.${foreign}`), "invalid_token");
    vi.setSystemTime(exp * 1_000);
    expect((await me(short)).body).toMatchObject({ error: "invalid_token", reason: "expired" });
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
