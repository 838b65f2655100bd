import { createHash, timingSafeEqual } from "node:crypto";
import { createMiddleware } from "hono/factory";
import { settingsOf } from "../env.ts";
import { bearerToken } from "./bearer-token.ts";
import { count } from "./metrics.ts";
import { Problem } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * Lets whoever runs the service pass, and nobody else: who bears `ADMIN_TOKEN`. Where that is not set nobody does. Throws
 * Problem `not_configured`, `unauthenticated`, `invalid_token`.
 */
export const operatorOnly = createMiddleware<RequestContext>(async (c, next) => {
  adminTokenOf(c.env);
  const offered = bearerToken(c.req.header("authorization"));
  if (offered === undefined) {
    throw new Problem(
      "unauthenticated",
      "This needs the operator's token: Authorization: Bearer <ADMIN_TOKEN>.",
      {
        headers: { "www-authenticate": "Bearer" },
      },
    );
  }
  refuseOthers(c.env, offered);
  await next();
});

/** Throws Problem `not_configured` where nobody is the operator, `invalid_token` for a token that is not theirs. */
export function refuseOthers(env: Env, offered: string): void {
  if (timingSafeEqual(digestOf(offered), digestOf(adminTokenOf(env)))) return;
  count("materi_auth_failures_total", { reason: "operator_token" });
  const detail = "This is not the operator's token.";
  throw new Problem("invalid_token", detail, {
    headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${detail}"` },
  });
}

function adminTokenOf(env: Env): string {
  const { adminToken } = settingsOf(env);
  if (adminToken !== undefined) return adminToken;
  throw new Problem(
    "not_configured",
    "This is for the operator of the service, who has not set ADMIN_TOKEN.",
  );
}

/** Of one length, whatever was offered: a comparison of lengths would tell the token's. */
const digestOf = (token: string) => createHash("sha256").update(token).digest();
