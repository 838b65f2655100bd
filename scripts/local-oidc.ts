// A real OpenID provider on this machine, in the place of Google: for `npm start -- --with-oidc`, and for the tests.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

const clientId = "materi-local";
const callback = "/api/v1/auth/oauth/google/callback";

export interface LocalProvider {
  /** What the Worker has to be told: `GOOGLE_ISSUER` and so on. */
  settings: { GOOGLE_ISSUER: string; GOOGLE_CLIENT_ID: string; GOOGLE_CLIENT_SECRET: string };
  stop(): Promise<void>;
}

/** A person of the provider: the login is the address, of a domain that the provider runs itself. */
function claimsOf(login: string) {
  const [name = "", domain = "example.com"] = login.split("@");
  return {
    sub: login,
    email: `${name}@${domain}`,
    email_verified: true,
    hd: domain,
    name: name.replaceAll(".", " "),
  };
}

function configuration(clientSecret: string): Configuration {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        token_endpoint_auth_method: "client_secret_post",
        // So the provider takes these on any port (RFC 8252 §7.3).
        application_type: "native",
        redirect_uris: ["localhost", "127.0.0.1"].flatMap((host) => [
          `http://${host}${callback}`,
          `http://${host}/own/callback`,
        ]),
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "local" }] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    pkce: { required: () => true },
    ttl: {
      Interaction: 600,
      Session: 3600,
      Grant: 3600,
      AuthorizationCode: 60,
      AccessToken: 600,
      IdToken: 600,
    },
    claims: { openid: ["sub"], email: ["email", "email_verified", "hd"], profile: ["name"] },
    // Google puts them into the ID token, too.
    conformIdTokenClaims: false,
    findAccount: (_, login) => ({ accountId: login, claims: () => claimsOf(login) }),
  };
}

/** Starts it on a free port of 127.0.0.1. Everybody can sign in, with any password. */
export async function startLocalProvider(): Promise<LocalProvider> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientSecret = randomBytes(32).toString("base64url");
  // It would warn that its sign-in page and its memory are for development, which is what it is here for.
  const { warn } = console;
  console.warn = () => {};
  const provider = new Provider(issuer, configuration(clientSecret));
  console.warn = warn;
  server.on("request", provider.callback());
  return {
    settings: { GOOGLE_ISSUER: issuer, GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
