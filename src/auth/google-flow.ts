import type { Context } from "hono";
import { database } from "../db/database.ts";
import { type GoogleSettings, isLoopback, settingsOf } from "../env.ts";
import { isAllowedOrigin } from "../platform/origins.ts";
import { Problem } from "../platform/problem.ts";
import type { Principal } from "./access-token.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import type { ProvidedIdentity } from "./identity-rules.ts";
import { flowMaxAge, type OauthFlow, openFlow, takeFlow } from "./oauth-flows.ts";
import { authorizationUrl, exchangeCode } from "./openid-provider.ts";
import { newRandomToken } from "./random-token.ts";

/**
 * The cookie that binds flows to the browser that began them, so that nobody can finish here what they began elsewhere.
 * One for all of a browser's flows: two tabs do not disturb each other. Lax, as the provider's page leads back here.
 */
const browserCookie = { name: "materi_oauth", sameSite: "Lax", maxAge: flowMaxAge } as const;

export const callbackPath = "/api/v1/auth/oauth/google/callback";

/** Throws Problem `not_configured` where nobody can sign in with Google. */
export function googleOf(c: Context): GoogleSettings {
  const { google } = settingsOf(c.env);
  if (google) return google;
  throw new Problem("not_configured", "Signing in with Google is not set up here.");
}

/** Begins a flow in the caller's browser, and says where to send it. `linkTo`: whose account is to be linked. */
export async function beginFlow(
  c: Context,
  { returnTo, redirectUri, linkTo }: { returnTo?: string; redirectUri?: string; linkTo?: Principal },
): Promise<URL> {
  const now = Date.now();
  const settings = googleOf(c);
  const uri = redirectUri === undefined ? ownRedirectUri(c) : allowedRedirectUri(c, redirectUri);
  const secrets = { state: newRandomToken(), nonce: newRandomToken(), codeVerifier: newRandomToken() };
  const url = await authorizationUrl(settings, secrets, uri, now);
  const browser = readCookie(c, browserCookie) || newRandomToken();
  writeCookie(c, browserCookie, browser);
  const { userId = null, sessionId = null } = linkTo ?? {};
  const flow = { browser, redirectUri: uri, returnTo: returnTo ?? null, userId, sessionId };
  await openFlow(database(c.env.DB), secrets, flow, now);
  return url;
}

function ownRedirectUri(c: Context): string {
  return new URL(callbackPath, c.req.url).href;
}

/** The provider holds it to its own list as well; ours keeps codes from pages that have no business here. */
function allowedRedirectUri(c: Context, uri: string): string {
  const { protocol, hostname, origin } = new URL(uri);
  // A program of one's own machine (RFC 8252 §7.3).
  const native = protocol === "http:" && isLoopback(hostname);
  if (native || isAllowedOrigin(c, origin)) return uri;
  throw new Problem("origin_not_allowed", "redirect_uri is not of an allowed origin (ALLOWED_ORIGINS).");
}

/** Takes the flow that this browser began. Throws Problem `oauth_flow_unknown`, one for every way not to have one. */
export async function flowOf(c: Context, state: string | undefined): Promise<OauthFlow> {
  const browser = readCookie(c, browserCookie);
  const flow = browser && (await takeFlow(database(c.env.DB), { browser, state }, Date.now()));
  if (flow) return flow;
  throw new Problem(
    "oauth_flow_unknown",
    "This browser has no such sign-in under way: it was not begun here, or over 10 minutes ago, or is over. " +
      "Begin again: GET /api/v1/auth/oauth/google.",
  );
}

/** Who the person is, by the authorization response to a flow. */
export function identityOf(
  c: Context,
  flow: OauthFlow,
  response: Record<string, string | undefined>,
): Promise<ProvidedIdentity> {
  const url = new URL(flow.redirectUri);
  for (const [name, value] of Object.entries(response)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return exchangeCode(googleOf(c), { ...flow, state: response.state }, url, Date.now());
}
