import { createMiddleware } from "hono/factory";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { bearerToken } from "../platform/bearer-token.ts";
import { clientAddress } from "../platform/client-network.ts";
import { Problem } from "../platform/problem.ts";
import { refuseAccountFlood } from "../platform/rate-limit.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { Scope } from "../protocol/rest/tokens.ts";
import { accessTokenSeconds, invalidToken, type Principal } from "./access-token.ts";
import { isLive } from "./live-sessions.ts";
import { findPersonalToken, tokenPrefix } from "./personal-tokens.ts";
import { signingKeysOf } from "./signing-keys.ts";
import { principalOf } from "./verified-tokens.ts";

type Authenticated = RequestContext & { Variables: { principal: Principal } };

/**
 * Lets a request pass that bears a valid access token, and says in `principal` who asks. A personal token passes where its
 * scopes say so, and without a scope nowhere: what says nothing is the account's (law AU-11).
 */
export const authenticatedFor = (scope?: Scope) =>
  createMiddleware<Authenticated>(async (c, next) => {
    const principal = await authenticate(c.env, bearerToken(c.req.header("authorization")), scope);
    await refuseAccountFlood(c.env, clientAddress(c), principal.userId);
    c.set("principal", principal);
    c.set("userId", principal.userId);
    await next();
  });

/** For what is the account's own. */
export const authenticated = authenticatedFor();

/**
 * Who presents this token. Throws Problem `unauthenticated` without one, `invalid_token` with a bad one, or with one whose
 * session has ended (law AU-5), `insufficient_scope` with a personal one that is not for this.
 */
export async function authenticate(env: Env, token: string | undefined, scope?: Scope): Promise<Principal> {
  if (token === undefined) {
    throw new Problem(
      "unauthenticated",
      "This needs an access token: Authorization: Bearer <access_token>.",
      {
        headers: { "www-authenticate": "Bearer" },
      },
    );
  }
  const now = Date.now();
  if (token.startsWith(tokenPrefix)) return authenticateProgram(env, token, scope, now);
  const principal = await principalOf(await signingKeysOf(settingsOf(env).signingKeys), token, now);
  if (!(await isLive(database(env.DB), principal, now))) throw sessionEnded();
  return principal;
}

async function authenticateProgram(
  env: Env,
  token: string,
  scope: Scope | undefined,
  now: number,
): Promise<Principal> {
  const found = await findPersonalToken(env, token, now);
  if (!found) throw invalidToken("ended", "The personal access token is not valid (any more).");
  const mayWrite = found.scopes.includes("documents:write");
  if (scope === undefined || !(mayWrite || found.scopes.includes(scope))) {
    throw new Problem(
      "insufficient_scope",
      scope === undefined
        ? "A personal access token is for documents. For the account, sign in."
        : `This needs a personal access token of the scope ${scope}.`,
      {
        headers: {
          "www-authenticate": `Bearer error="insufficient_scope"${scope ? `, scope="${scope}"` : ""}`,
        },
      },
    );
  }
  return {
    userId: found.userId,
    sessionId: found.id,
    // An open socket shows it again, as one with an access token does.
    expiresAt: Math.floor(Math.min(found.expiresAt, now + accessTokenSeconds * 1000) / 1000),
    kind: "program",
    mayWrite,
  };
}

export const sessionEnded = () =>
  invalidToken("ended", "The session of this access token has ended. Sign in again.");
