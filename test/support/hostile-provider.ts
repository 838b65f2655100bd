import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What the provider is to answer. It travels in the authorization code, so the provider itself remembers nothing: a code
 * is this as JSON, base64url.
 */
export interface Answer {
  /** In place of the right claims; null leaves one out. */
  claims?: Record<string, unknown>;
  /** In place of the right header. */
  header?: Record<string, unknown>;
  /** Who signs: the key of the JWKS, another, or nobody. */
  signedBy?: "ours" | "other" | "nobody" | "public key as a secret";
  /** In place of a token response; without a status, members of it, of which null leaves one out. */
  status?: number;
  body?: unknown;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

const withoutNulls = (members: object) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));

function jwt(header: object, claims: object, key: KeyObject | undefined): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${key ? sign("sha256", Buffer.from(input), key).toString("base64url") : ""}`;
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/**
 * An OpenID provider that answers whatever it is told to. Its issuers are paths: `/` is right in all but its answers,
 * `/other-issuer` and `/no-keys` are wrong in their metadata, `/silent` never answers, `/down` answers 500.
 */
export async function startHostileProvider(): Promise<{ issuer: string; stop: () => void }> {
  const ours = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...ours.publicKey.export({ format: "jwk" }), kid: "hostile", alg: "RS256", use: "sig" };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", base);
    const [, issuerPath = "", endpoint = ""] =
      /^(.*?)\/(jwks|token|\.well-known\/openid-configuration)$/.exec(pathname) ?? [];
    const issuer = base + issuerPath;
    if (issuerPath === "/silent") return;
    if (issuerPath === "/down") return json(response, 500, {});
    if (endpoint === "jwks") return json(response, 200, { keys: issuerPath === "/no-keys" ? [] : [jwk] });
    if (endpoint !== "token") {
      return json(response, 200, {
        issuer: issuerPath === "/other-issuer" ? "https://accounts.google.com" : issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
      });
    }
    const asked = await bodyOf(request);
    const told: Answer = JSON.parse(Buffer.from(asked.get("code") ?? "", "base64url").toString());
    if (told.status !== undefined) return json(response, told.status, told.body);
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: "RS256", kid: "hostile", typ: "JWT", ...told.header };
    const claims = withoutNulls({
      iss: issuer,
      aud: asked.get("client_id"),
      iat: now,
      exp: now + 300,
      email_verified: true,
      ...told.claims,
    });
    const keys = { ours: ours.privateKey, other: other.privateKey, nobody: undefined };
    let id_token: string;
    if (told.signedBy === "public key as a secret") {
      const input = `${encode(header)}.${encode(claims)}`;
      const secret = ours.publicKey.export({ type: "spki", format: "pem" });
      id_token = `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    } else {
      id_token = jwt(header, claims, keys[told.signedBy ?? "ours"]);
    }
    const tokens = { access_token: randomBytes(16).toString("hex"), token_type: "Bearer", id_token };
    json(response, 200, withoutNulls({ ...tokens, ...(told.body as object) }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer: base,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
