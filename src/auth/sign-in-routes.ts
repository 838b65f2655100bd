import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { sql } from "drizzle-orm";
import { settingsOf } from "../env.ts";
import { bearerToken } from "../platform/bearer-token.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import type { LogoutScope } from "../protocol/rest/accounts.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import type { Principal } from "./access-token.ts";
import { register } from "./accounts.ts";
import { rememberNetwork } from "./attempts.ts";
import { authenticate } from "./authenticate.ts";
import { sendVerification } from "./email-address.ts";
import { endSessions, type WhichSessions } from "./end-sessions.ts";
import { checkPassword, wrongPassword } from "./password-check.ts";
import type { AuthPorts } from "./ports.ts";
import { clearRefreshCookie, readRefreshCookie, withRefreshCookie } from "./refresh-cookie.ts";
import { type PresentedRefresh, readRefreshToken } from "./refresh-token.ts";
import { originOf } from "./request-origin.ts";
import { rotateSession } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { tokenAnswer } from "./token-answer.ts";

const small = jsonBody(limits.credentialsBytes);

const registerRoute = createRoute({
  method: "post",
  path: "/auth/register",
  summary: "Open an account, and sign in",
  description:
    "Where everybody has to have a second factor, the answer is 403 `second_factor_enrolment_required`: the account is open, " +
    "and signing in goes on by POST /auth/second-factor/enrolment.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.registration) },
  responses: {
    201: jsonAnswer(schemas.tokens, "The account is open."),
    ...problemAnswers(
      ...bodyProblems,
      "email_taken",
      "weak_password",
      "second_factor_enrolment_required",
      "unavailable",
    ),
  },
});

const loginRoute = createRoute({
  method: "post",
  path: "/auth/login",
  summary: "Sign in with a password",
  description:
    "Who has a second factor gets 403 `second_factor_required` with a `challenge` in place of tokens, once the password is " +
    "right: ask for a code, and send both to POST /auth/second-factor. Who has none where everybody has to have one gets 403 " +
    "`second_factor_enrolment_required`.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.login) },
  responses: {
    200: jsonAnswer(schemas.tokens, "Signed in."),
    ...problemAnswers(
      ...bodyProblems,
      "invalid_credentials",
      "second_factor_required",
      "second_factor_enrolment_required",
      "unavailable",
    ),
  },
});

const refreshRoute = createRoute({
  method: "post",
  path: "/auth/refresh",
  summary: "Trade a refresh token for new tokens",
  description:
    "Every refresh token works once. The one before is answered again for 30 s, for a lost answer or a second tab; " +
    "an older one ends the session.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.refresh) },
  responses: {
    200: jsonAnswer(schemas.tokens, "New tokens."),
    ...problemAnswers(...bodyProblems, "invalid_token"),
  },
});

const logoutRoute = createRoute({
  method: "post",
  path: "/auth/logout",
  summary: "End a session, the refresh token's in the body or else the access token's; or others, or all",
  middleware: [small] as const,
  request: { body: { ...jsonRequest(schemas.logout), required: false } },
  responses: {
    204: { description: "The session has ended, or had already." },
    ...problemAnswers(...bodyProblems, ...tokenProblems),
  },
});

/** Opening an account, signing in, staying signed in, signing out. */
export function signInRoutes({ accountExtras, closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(registerRoute, async (c) => {
      const now = Date.now();
      const origin = originOf(c);
      const opened = await register(
        c.env,
        { ...c.req.valid("json"), origin, signsIn: settingsOf(c.env).secondFactor !== "required" },
        accountExtras,
        now,
      );
      const { user, session } = opened;
      await rememberNetwork(c.env, { email: user.email }, origin, now);
      const own = session && { sessionId: session.sessionId };
      const link = { userId: user.id, email: user.email, ...own, origin };
      mailInBackground(c.get("requestId"), () => sendVerification(c.env, link, now));
      const started = session ?? (await signIn(c.env, { user, stillProved: sql`1`, origin }, now));
      if (!started) throw wrongPassword();
      const tokens = await tokenAnswer(c.env, { user, session: started }, now);
      return c.json(withRefreshCookie(c, tokens, c.req.valid("json").cookie), 201);
    })
    .openapi(loginRoute, async (c) => {
      const now = Date.now();
      const origin = originOf(c);
      const { user, stillProved } = await checkPassword(c.env, { ...c.req.valid("json"), origin }, now);
      const session = await signIn(c.env, { user, stillProved, origin }, now);
      if (!session) throw wrongPassword();
      const tokens = await tokenAnswer(c.env, { user, session }, now);
      return c.json(withRefreshCookie(c, tokens, c.req.valid("json").cookie), 200);
    })
    .openapi(refreshRoute, async (c) => {
      const now = Date.now();
      const { refresh_token, cookie } = c.req.valid("json");
      const presented = await presentedRefresh(c.env, cookie ? readRefreshCookie(c) : refresh_token);
      const rotated = await rotateSession(c.env, closeSockets, presented, originOf(c), now);
      if (!rotated) throw invalidRefreshToken();
      return c.json(withRefreshCookie(c, await tokenAnswer(c.env, rotated, now), cookie), 200);
    })
    .openapi(logoutRoute, async (c) => {
      // Without a body there is nothing that could have had its default.
      const { refresh_token, cookie, scope = "session" } = c.req.valid("json");
      const own = cookie ? readRefreshCookie(c) : refresh_token;
      const which =
        scope === "session" && own !== undefined
          ? { sessionId: (await presentedRefresh(c.env, own)).sessionId }
          : sessionsIn(scope, await authenticate(c.env, bearerToken(c.req.header("authorization"))));
      const event = scope === "others" ? "session.revoked" : "session.ended";
      await endSessions(c.env, closeSockets, { which, event, origin: originOf(c) }, Date.now());
      if (cookie && scope !== "others") clearRefreshCookie(c);
      return c.body(null, 204);
    });
}

function sessionsIn(scope: LogoutScope, { userId, sessionId }: Principal): WhichSessions {
  if (scope === "session") return { sessionId };
  return scope === "all" ? { userId } : { userId, exceptSessionId: sessionId };
}

async function presentedRefresh(env: Env, token = ""): Promise<PresentedRefresh> {
  const presented = await readRefreshToken(settingsOf(env).refreshSecrets, token);
  if (!presented) throw invalidRefreshToken();
  return presented;
}

/** One answer for every refresh token that is no good; which way it is not good is in the log. */
function invalidRefreshToken(): Problem {
  return new Problem("invalid_token", "The refresh token is not valid (any more). Sign in again.");
}
