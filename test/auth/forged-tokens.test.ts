import {
  base64url,
  CompactSign,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

type NamedJwk = JWK & { kid: string };
const [first, second] = JSON.parse(testSecrets.SIGNING_KEYS).keys as [NamedJwk, NamedJwk];
const { d: _, ...publicJwk } = first;
const now = Math.floor(Date.now() / 1000);
const good = { alg: "EdDSA", kid: first.kid, typ: "at+jwt" };

let account: TokensBody;
let stranger: TokensBody;
let claims: JWTPayload;
beforeAll(async () => {
  account = await newAccount();
  stranger = await newAccount();
  claims = claimsOf(account.access_token);
});

const parts = () => account.access_token.split(".") as [string, string, string];
const claimsOf = (bearer: string): JWTPayload =>
  JSON.parse(new TextDecoder().decode(base64url.decode(bearer.split(".")[1]!)));
const encode = (value: object) => base64url.encode(JSON.stringify(value));
const bytes = (text: string) => new TextEncoder().encode(text);
const publicBytes = () => base64url.decode(first.x ?? "");
const otherKey = async () => (await generateKeyPair("EdDSA")).privateKey;

/** A token that is right, and rightly signed, but for what is given. */
async function token(
  forged: { header?: object; payload?: object; key?: JWK | CryptoKey | Uint8Array } = {},
): Promise<string> {
  const header = { ...good, ...forged.header };
  const given = forged.key ?? first;
  const key = "kty" in given ? await importJWK(given, header.alg) : given;
  return new SignJWT({ ...claims, ...forged.payload }).setProtectedHeader(header).sign(key);
}

/** A payload of any kind at all, signed with our key. */
async function signed(payload: string, header: object = {}): Promise<string> {
  const key = await importJWK(first, "EdDSA");
  return new CompactSign(bytes(payload)).setProtectedHeader({ ...good, ...header }).sign(key);
}

/** A token of any header at all, whose signature is the given one. */
const unsigned = (header: object, signature = "") => `${encode(header)}.${encode(claims)}.${signature}`;

/** As it is, but for its signature. */
const withSignature = (change: (signature: Uint8Array) => Uint8Array) => {
  const [header, payload, signature] = parts();
  return `${header}.${payload}.${base64url.encode(change(base64url.decode(signature)))}`;
};

/** RFC 8725, by section, and what else has been tried on somebody. */
const forgeries: Record<string, Record<string, () => string | Promise<string>>> = {
  "§2.1, §3.1: the algorithm is the key's": {
    "alg none": () => unsigned({ ...good, alg: "none" }),
    "alg nOnE": () => unsigned({ ...good, alg: "nOnE" }),
    "alg none with a signature": () => unsigned({ ...good, alg: "none" }, "AAAA"),
    "alg none with ours": () => unsigned({ ...good, alg: "none" }, parts()[2]),
    "no alg": () => unsigned({ kid: first.kid, typ: "at+jwt" }, "AAAA"),
    "an alg that is null": () => unsigned({ ...good, alg: null }, parts()[2]),
    "an alg that is a list": () => unsigned({ ...good, alg: ["EdDSA"] }, parts()[2]),
    "two algs, the second ours": () =>
      `${base64url.encode(`{"alg":"none","kid":"${first.kid}","typ":"at+jwt","alg":"EdDSA"}`)}.${encode(claims)}.`,
    "alg eddsa": () => unsigned({ ...good, alg: "eddsa" }, parts()[2]),
    "alg Ed25519, the new name": () => token({ header: { alg: "Ed25519" } }),
    "HS256 with the public key's bytes": () => token({ header: { alg: "HS256" }, key: publicBytes() }),
    "HS256 with the public key's JWK": () =>
      token({ header: { alg: "HS256" }, key: bytes(JSON.stringify(publicJwk)) }),
    "HS256 with the public key in base64url": () =>
      token({ header: { alg: "HS256" }, key: bytes(first.x ?? "") }),
    "HS256 with an empty secret's bytes": () => token({ header: { alg: "HS256" }, key: new Uint8Array(32) }),
    "HS512 with the secret of refresh tokens": () =>
      token({ header: { alg: "HS512" }, key: bytes(testSecrets.REFRESH_SECRET) }),
    "ES256 for an Ed25519 key": async () =>
      token({ header: { alg: "ES256" }, key: (await generateKeyPair("ES256")).privateKey }),
    "RS256 for an Ed25519 key": async () =>
      token({ header: { alg: "RS256" }, key: (await generateKeyPair("RS256")).privateKey }),
    "PS256 for an Ed25519 key": async () =>
      token({ header: { alg: "PS256" }, key: (await generateKeyPair("PS256")).privateKey }),
  },
  "§3.3: the signature is checked": {
    "another key": async () => token({ key: await otherKey() }),
    "our other key under this kid": () => token({ key: second }),
    "a changed payload": () => {
      const [header, , signature] = parts();
      return `${header}.${encode({ ...claims, sub: crypto.randomUUID() })}.${signature}`;
    },
    "a changed header": () => unsigned({ ...good, extra: 1 }, parts()[2]),
    "a changed signature": () => withSignature((signature) => signature.with(0, signature[0]! ^ 1)),
    "no signature": () => withSignature(() => new Uint8Array()),
    "a signature of zeros": () => withSignature((signature) => signature.fill(0)),
    "a shorter signature": () => withSignature((signature) => signature.subarray(0, -1)),
    "a longer signature": () => withSignature((signature) => new Uint8Array([...signature, 0])),
    "somebody else's signature": () => {
      const [header, payload] = parts();
      return `${header}.${payload}.${stranger.access_token.split(".")[2]}`;
    },
    // L is the order of the group: S + L verifies where S < L is not asked for (RFC 8032 §8.4).
    "a malleable signature": () => withSignature(addGroupOrder),
  },
  "§3.5, §3.10: keys and what a header claims are not believed": {
    "an unknown kid": async () => token({ header: { kid: "mine" }, key: await otherKey() }),
    "no kid": () => token({ header: { kid: undefined } }),
    "an empty kid": () => token({ header: { kid: "" } }),
    "a kid with a blank": () => token({ header: { kid: `${first.kid} ` } }),
    "a kid that is a path": () => token({ header: { kid: "../../dev/null" } }),
    "a kid that is SQL": () => token({ header: { kid: "x' UNION SELECT 'AAAA' --" } }),
    "a kid that is a number": () => unsigned({ ...good, kid: 0 }, "AAAA"),
    "a kid that is a list": () => unsigned({ ...good, kid: [first.kid] }, parts()[2]),
    "a kid of every object": () => unsigned({ ...good, kid: "__proto__" }, "AAAA"),
    "a kid that is a method": () => unsigned({ ...good, kid: "constructor" }, "AAAA"),
    "a key of its own (jwk)": async () => {
      const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
      return token({ header: { kid: "mine", jwk: await exportJWK(publicKey) }, key: privateKey });
    },
    "a key of its own under our kid (jwk)": async () => {
      const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
      return token({ header: { jwk: await exportJWK(publicKey) }, key: privateKey });
    },
    "a key from elsewhere (jku)": async () =>
      token({ header: { kid: "mine", jku: "https://evil.example/jwks" }, key: await otherKey() }),
    "a key from elsewhere (x5u)": async () =>
      token({ header: { kid: "mine", x5u: "https://evil.example/cert" }, key: await otherKey() }),
    "a certificate of its own (x5c)": async () =>
      token({ header: { kid: "mine", x5c: ["MIIB"] }, key: await otherKey() }),
    "a critical extension": () => unsigned({ ...good, crit: ["x"], x: 1 }, "AAAA"),
    "an empty list of critical extensions": () => unsigned({ ...good, crit: [] }, parts()[2]),
    "a payload that is not encoded (b64)": () => unsigned({ ...good, crit: ["b64"], b64: false }, parts()[2]),
  },
  "§3.11: it is of this kind": {
    "typ JWT": () => token({ header: { typ: "JWT" } }),
    "no typ": () => token({ header: { typ: undefined } }),
    "typ of an ID token's kind": () => token({ header: { typ: "id+jwt" } }),
    "typ of a logout token's kind": () => token({ header: { typ: "logout+jwt" } }),
    "typ that is a list": () => unsigned({ ...good, typ: ["at+jwt"] }, parts()[2]),
  },
  "§3.8, §3.9: it is ours, and for us": {
    "another issuer": () => token({ payload: { iss: "https://materi" } }),
    "an issuer in capitals": () => token({ payload: { iss: "MATERI" } }),
    "an issuer that is a list": () => signed(JSON.stringify({ ...claims, iss: ["materi"] })),
    "no issuer": () => token({ payload: { iss: undefined } }),
    "another audience": () => token({ payload: { aud: "other-api" } }),
    "other audiences": () => token({ payload: { aud: ["other-api", "materi-api2"] } }),
    "an audience that is an object": () => signed(JSON.stringify({ ...claims, aud: { "materi-api": 1 } })),
    "no audience": () => token({ payload: { aud: undefined } }),
  },
  "it is of now": {
    "an end that has come": () => token({ payload: { exp: now - 1 } }),
    "an end in this second": () => token({ payload: { exp: now } }),
    "an end before all time": () => token({ payload: { exp: -1 } }),
    "no end": () => token({ payload: { exp: undefined } }),
    "an end that is null": () => signed(JSON.stringify({ ...claims, exp: null })),
    "an end that is a text": () => signed(JSON.stringify({ ...claims, exp: "9999999999" })),
    "an end that no number tells": () => signed(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e400')),
    "a beginning to come": () => token({ payload: { nbf: now + 3_600 } }),
    "a beginning that is a text": () => signed(JSON.stringify({ ...claims, nbf: "0" })),
    "no time of issue": () => token({ payload: { iat: undefined } }),
    "a time of issue that is a text": () => signed(JSON.stringify({ ...claims, iat: "0" })),
  },
  "it names a person and a live session of theirs": {
    "no subject": () => token({ payload: { sub: undefined } }),
    "a subject that is no id": () => token({ payload: { sub: "admin" } }),
    "a subject that is a list": () => signed(JSON.stringify({ ...claims, sub: [claims.sub] })),
    "a subject that is nobody": () => token({ payload: { sub: crypto.randomUUID() } }),
    "another subject": () => token({ payload: { sub: stranger.user.id } }),
    "no session": () => token({ payload: { sid: undefined } }),
    "a session that is not there": () => token({ payload: { sid: crypto.randomUUID() } }),
    "another person's session": () => token({ payload: { sid: claimsOf(stranger.access_token).sid } }),
    "no jti": () => token({ payload: { jti: undefined } }),
    "a jti that is a number": () => signed(JSON.stringify({ ...claims, jti: 1 })),
  },
  "§3.2: it is a token at all": {
    "a payload that is a list": () => signed("[]"),
    "a payload that is null": () => signed("null"),
    "a payload that is no JSON": () => signed("{"),
    "an empty payload": () => signed(""),
    "a payload elsewhere": () => `${parts()[0]}..${parts()[2]}`,
    "a header that is null": () => `${base64url.encode("null")}.${encode(claims)}.AAAA`,
    "a header that is no JSON": () => `${base64url.encode("{")}.${encode(claims)}.AAAA`,
    padding: () => `${account.access_token}==`,
    "two parts": () => parts().slice(0, 2).join("."),
    "five parts": () => `${account.access_token}.a.b`,
    "a refresh token": () => account.refresh_token,
    "a word": () => "null",
    dots: () => "..",
    "100,000 characters": () => unsigned({ ...good, long: "x".repeat(75_000) }, parts()[2]),
  },
};

function addGroupOrder(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar =
    [...signature.subarray(32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order;
  const little = Array.from({ length: 32 }, (_, at) => Number((scalar >> BigInt(8 * at)) & 255n));
  return new Uint8Array([...signature.subarray(0, 32), ...little]);
}

it("the token that they are made from is taken, also as made here", async () => {
  for (const bearer of [account.access_token, await token(), await signed(JSON.stringify(claims))]) {
    expect((await api("GET", "/users/me", { token: bearer })).status).toBe(200);
  }
  expect(Object.values(forgeries).flatMap(Object.keys).length).toBeGreaterThanOrEqual(60);
});

describe.each(Object.entries(forgeries))("a forged token is refused: %s", (_section, forged) => {
  it.each(Object.entries(forged))("%s", async (_name, forge) => {
    const answer = await api("GET", "/users/me", { token: await forge() });
    expectProblem(answer, "invalid_token");
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token"/);
  });
});

describe("AU-13: a refused token's reason", () => {
  const refusal = async (bearer: string) => {
    const answer = await api("GET", "/users/me", { token: bearer });
    expectProblem(answer, "invalid_token");
    const { request_id: _, ...body } = answer.body;
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer error="invalid_token", error_description="${body.detail}"`,
    );
    return body as { reason: string; detail: string };
  };

  it("is told of what we have signed", async () => {
    expect((await refusal(await token({ payload: { iat: now - 700, exp: now - 100 } }))).reason).toBe(
      "expired",
    );
    for (const payload of [
      { aud: "another-api" },
      { iss: "another" },
      { nbf: now + 3_600 },
      { sub: "admin" },
    ]) {
      expect((await refusal(await token({ payload }))).reason, JSON.stringify(payload)).toBe("foreign");
    }
    expect((await refusal(await token({ header: { typ: "JWT" } }))).reason).toBe("foreign");
    expect((await refusal(await token({ payload: { sid: crypto.randomUUID() } }))).reason).toBe("ended");
    expect((await refusal("not.a.token")).reason).toBe("malformed");
    expect((await refusal("word")).reason).toBe("malformed");
  });

  it("is the same for every wrong key, algorithm and signature, whatever the claims say", async () => {
    const of = (section: string) =>
      Object.entries(forgeries)
        .filter(([title]) => title.startsWith(section))
        .flatMap(([, forged]) => Object.values(forged));
    const all = await Promise.all(
      [...of("§2.1"), ...of("§3.3")].map(async (forge) => refusal(await forge())),
    );
    const expired = await token({ payload: { exp: now - 100 }, key: await otherKey() });
    const unknown = await token({
      payload: { exp: now - 100 },
      header: { kid: "mine" },
      key: await otherKey(),
    });
    const alike = [await refusal(expired), await refusal(unknown), ...all].filter(
      ({ reason }) => reason !== "malformed",
    );
    expect(alike.length).toBeGreaterThan(20);
    expect(new Set(alike.map((body) => JSON.stringify(body))).size).toBe(1);
    expect(alike[0]!.reason).toBe("unverified");
  });
});
