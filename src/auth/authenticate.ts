import { createMiddleware } from "hono/factory";
import { settingsOf } from "../env.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { type Principal, verifyAccessToken } from "./access-token.ts";
import { signingKeysOf } from "./signing-keys.ts";

/** Lets a request pass that bears a valid access token, and says in `principal` who asks. */
export const authenticated = createMiddleware<RequestContext & { Variables: { principal: Principal } }>(
  async (c, next) => {
    c.set("principal", await authenticate(c.env, bearerToken(c.req.header("authorization"))));
    await next();
  },
);

/** Who presents this token. Throws Problem `unauthenticated` without one, `invalid_token` with a bad one. */
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
  return verifyAccessToken(await signingKeysOf(settingsOf(env).signingKeys), token, Date.now());
}

/** The token of an Authorization header (RFC 6750 §2.1; the scheme's case is free, RFC 9110 §11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
