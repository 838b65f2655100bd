import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { type SQL, sql } from "drizzle-orm";
import type { Context } from "hono";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { type TokensBody, tokens } from "../protocol/rest/accounts.ts";
import * as schemas from "../protocol/rest/identities.ts";
import { rememberNetwork } from "./attempts.ts";
import { sessionEnded } from "./authenticate.ts";
import { writeChallengeCookie } from "./challenge-cookie.ts";
import { sendVerification } from "./email-address.ts";
import { beginFlow, flowOf, googleOf, identityOf } from "./google-flow.ts";
import { linkIdentity, signInWith } from "./identities.ts";
import type { ProvidedIdentity } from "./identity-rules.ts";
import { isLive } from "./live-sessions.ts";
import type { AuthPorts } from "./ports.ts";
import { withRefreshCookie } from "./refresh-cookie.ts";
import { originOf } from "./request-origin.ts";
import type { User } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { tokenAnswer } from "./token-answer.ts";

const flowProblems = [
  "not_configured",
  "oauth_flow_unknown",
  "oauth_refused",
  "oauth_failed",
  "email_unverified",
  "account_exists",
  "second_factor_required",
  "second_factor_enrolment_required",
  "unavailable",
] as const;

const startRoute = createRoute({
  method: "get",
  path: "/auth/oauth/google",
  summary: "Sign in with Google: send a browser here",
  description:
    "Leads to Google, and from there to the callback: which goes on to `return_to`, with the refresh token in a cookie, " +
    "or without a `return_to` answers what login answers. With a `redirect_uri` of your own present the code with " +
    "`POST /auth/oauth/google`, with the cookies that this answer sets.",
  request: { query: schemas.signInStart },
  responses: {
    302: { description: "To Google." },
    ...problemAnswers("invalid_request", "origin_not_allowed", "not_configured", "unavailable"),
  },
});

const callbackRoute = createRoute({
  method: "get",
  path: "/auth/oauth/google/callback",
  summary: "Where Google sends the browser back to",
  request: { query: schemas.authorizationResponse },
  responses: {
    200: jsonAnswer(tokens, "Signed in."),
    303: {
      description: "To where the flow was to return; with `error`, the code of a problem, if it failed.",
    },
    ...problemAnswers(
      "invalid_request",
      ...flowProblems,
      "invalid_token",
      "identity_taken",
      "already_linked",
    ),
  },
});

const codeRoute = createRoute({
  method: "post",
  path: "/auth/oauth/google",
  summary: "Sign in with the code that Google gave",
  description:
    "For who began with a `redirect_uri` of their own. The cookie of that beginning has to come along; without `state` the " +
    "code is taken for that of the latest sign-in which this browser began.",
  middleware: [jsonBody(limits.credentialsBytes)] as const,
  request: { body: jsonRequest(schemas.googleSignIn) },
  responses: {
    200: jsonAnswer(tokens, "Signed in."),
    ...problemAnswers(...bodyProblems, ...flowProblems),
  },
});

/** Signing in with Google: OpenID Connect Core's authorization code flow, with PKCE (RFC 7636, RFC 9700). */
export function googleRoutes({ accountExtras }: AuthPorts) {
  async function signInAs(c: Context<RequestContext>, identity: ProvidedIdentity): Promise<TokensBody> {
    const now = Date.now();
    const origin = originOf(c);
    const signsIn = settingsOf(c.env).secondFactor !== "required";
    const start = (user: User, stillProved: SQL) => signIn(c.env, { user, stillProved, origin }, now);
    const who = { identity, origin, signsIn, start };
    const { user, session, isNew } = await signInWith(database(c.env.DB), who, accountExtras, now);
    await rememberNetwork(c.env, { email: user.email }, origin, now);
    if (isNew && user.emailVerifiedAt === null) {
      const own = session && { sessionId: session.sessionId };
      const link = { userId: user.id, email: user.email, ...own, origin };
      mailInBackground(c.get("requestId"), () => sendVerification(c.env, link, now));
    }
    const started = session ?? (await start(user, sql`1`));
    if (!started) throw new Problem("unavailable", "The account is being changed at this moment. Try again.");
    return tokenAnswer(c.env, { user, session: started }, now);
  }

  return new OpenAPIHono<RequestContext>()
    .openapi(startRoute, async (c) => {
      const { return_to, redirect_uri } = c.req.valid("query");
      const where = {
        ...(return_to !== undefined && { returnTo: return_to }),
        ...(redirect_uri !== undefined && { redirectUri: redirect_uri }),
      };
      return orReturnWith(c, return_to, async () => c.redirect((await beginFlow(c, where)).href, 302));
    })
    .openapi(callbackRoute, async (c) => {
      googleOf(c);
      const response = c.req.valid("query");
      const flow = await flowOf(c, response.state);
      return orReturnWith(c, flow.returnTo ?? undefined, async () => {
        const identity = await identityOf(c, flow, response);
        const { userId, sessionId, returnTo } = flow;
        if (userId !== null) {
          const db = database(c.env.DB);
          const now = Date.now();
          // Else who was thrown out could come back by the link that they had begun.
          if (sessionId === null || !(await isLive(db, { userId, sessionId }, now))) throw sessionEnded();
          await linkIdentity(db, { userId, sessionId, identity, origin: originOf(c) }, now);
          return c.redirect(returnTo ?? "/", 303);
        }
        const signedIn = await signInAs(c, identity);
        if (returnTo === null) return c.json(signedIn, 200);
        withRefreshCookie(c, signedIn, true);
        return c.redirect(returnTo, 303);
      });
    })
    .openapi(codeRoute, async (c) => {
      const { issuer } = googleOf(c);
      // Who got the code on a page of their own may not have kept the issuer; there is but one here.
      const { cookie, code, state, iss = issuer } = c.req.valid("json");
      const flow = await flowOf(c, state);
      if (flow.userId !== null) {
        throw new Problem("oauth_flow_unknown", "This flow links an account, and ends at the callback.");
      }
      const signedIn = await signInAs(c, await identityOf(c, flow, { code, state, iss }));
      return c.json(withRefreshCookie(c, signedIn, cookie), 200);
    });
}

/** A browser that is to return to a page of ours gets a problem there, where somebody can read it. */
async function orReturnWith<R extends Response>(
  c: Context<RequestContext>,
  returnTo: string | undefined,
  answer: () => Promise<R>,
) {
  try {
    return await answer();
  } catch (error) {
    if (returnTo === undefined || !(error instanceof Problem)) throw error;
    const { origin } = new URL(c.req.url);
    const url = new URL(returnTo, origin);
    url.searchParams.set("error", error.code);
    const { challenge } = error.members;
    if (typeof challenge === "string") writeChallengeCookie(c, challenge);
    return c.redirect(url.href.slice(origin.length), 303);
  }
}
