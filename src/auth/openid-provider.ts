import * as openid from "openid-client";
import type { GoogleSettings } from "../env.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import { type ProvidedIdentity, readClaims } from "./identity-rules.ts";

/** What a sign-in under way has to be told apart from every other by. All but `state` stays here. */
export interface FlowSecrets {
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** Milliseconds for which the provider's metadata are believed; the library looks after its keys by itself. */
const metadataMaxAge = 60 * 60 * 1000;

/** Seconds that the provider has for an answer. */
const timeout = 5;

let discovered: { settings: GoogleSettings; at: number; configuration: openid.Configuration } | undefined;

/** Only the outcome is kept: a promise of one request is not another's to await. */
async function configurationOf(settings: GoogleSettings, now: number): Promise<openid.Configuration> {
  if (discovered?.settings !== settings || now - discovered.at > metadataMaxAge) {
    const { issuer, clientId, clientSecret } = settings;
    const configuration = await openid.discovery(
      new URL(issuer),
      clientId,
      // Pinned (RFC 8725 §3.1): what the provider's metadata offer is not asked.
      { id_token_signed_response_alg: "RS256" },
      openid.ClientSecretPost(clientSecret),
      {
        timeout,
        // The signature is checked, though the token comes from the provider itself (ASVS 5.0 9.1.1).
        execute: [
          openid.enableNonRepudiationChecks,
          ...(issuer.startsWith("http:") ? [openid.allowInsecureRequests] : []),
        ],
      },
    );
    discovered = { settings, at: now, configuration };
  }
  return discovered.configuration;
}

/** Where to send the browser. Throws Problem `unavailable` if the provider cannot be asked. */
export async function authorizationUrl(
  settings: GoogleSettings,
  { state, nonce, codeVerifier }: FlowSecrets,
  redirectUri: string,
  now: number,
): Promise<URL> {
  return providerAnswer(async () =>
    openid.buildAuthorizationUrl(await configurationOf(settings, now), {
      redirect_uri: redirectUri,
      scope: "openid email profile",
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
    }),
  );
}

/**
 * Trades the code of an authorization response for an ID token, and reads it: signature, issuer, audience, nonce and
 * times are as OpenID Connect Core §3.1.3.7 has it. `response` is the redirect URI with the response's parameters. Throws
 * Problem `oauth_refused` (the person, or the provider, said no), `oauth_failed` (what came is no proof of anything) or
 * `unavailable`.
 */
export async function exchangeCode(
  settings: GoogleSettings,
  { nonce, codeVerifier, state }: Omit<FlowSecrets, "state"> & { state: string | undefined },
  response: URL,
  now: number,
): Promise<ProvidedIdentity> {
  return providerAnswer(async () => {
    const tokens = await openid.authorizationCodeGrant(await configurationOf(settings, now), response, {
      pkceCodeVerifier: codeVerifier,
      expectedNonce: nonce,
      expectedState: state ?? openid.skipStateCheck,
      idTokenExpected: true,
    });
    return readClaims(tokens.claims());
  });
}

/** Tells what can go wrong with a provider apart; the library's texts quote what came, and stay here. */
async function providerAnswer<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    const refusal =
      cause instanceof openid.AuthorizationResponseError ||
      (cause instanceof openid.ResponseBodyError && cause.error === "invalid_grant");
    if (refusal) throw new Problem("oauth_refused", "Google did not sign you in. Begin again.", { cause });
    log("warn", "openid_provider_failed", errorFields(cause));
    if (isUnreachable(cause)) {
      throw new Problem("unavailable", "Google cannot be reached now. Try again.", { cause });
    }
    throw new Problem("oauth_failed", "Google's answer does not prove who you are. Begin again.", { cause });
  }
}

/** The library has a code for every fault that it finds in an answer; a network's own errors have none of them. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof openid.ClientError)) return false;
  const { code, cause } = error;
  return code === undefined || code === "OAUTH_TIMEOUT" || (cause instanceof Response && cause.status >= 500);
}
