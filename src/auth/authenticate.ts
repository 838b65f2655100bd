import { createMiddleware } from "hono/factory";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { invalidToken, type Principal, verifyAccessToken } from "./access-token.ts";
import { isLive } from "./live-sessions.ts";
import { signingKeysOf } from "./signing-keys.ts";

/** Lets a request pass that bears a valid access token, and says in `principal` who asks. */
export const authenticated = createMiddleware<RequestContext & { Variables: { principal: Principal } }>(
  async (c, next) => {
    c.set("principal", await authenticate(c.env, bearerToken(c.req.header("authorization"))));
    await next();
  },
);

/**
 * Who presents this token. Throws Problem `unauthenticated` without one, `invalid_token` with a bad one, or with one whose
 * session has ended (law AU-5).
 */
export async function authenticate(env: Env, token: string | undefined): Promise<Principal> {
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
  const principal = await verifyAccessToken(await signingKeysOf(settingsOf(env).signingKeys), token, now);
  if (!(await isLive(database(env.DB), principal, now))) throw sessionEnded();
  return principal;
}

export const sessionEnded = () => invalidToken("The session of this access token has ended. Sign in again.");

/** The token of an Authorization header (RFC 6750 §2.1; the scheme's case is free, RFC 9110 §11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
