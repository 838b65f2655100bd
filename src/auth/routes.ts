import { OpenAPIHono } from "@hono/zod-openapi";
import { floodGuard } from "../platform/rate-limit.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { emailRoutes } from "./email-routes.ts";
import { googleRoutes } from "./google-routes.ts";
import { identityRoutes } from "./identity-routes.ts";
import { methodsRoutes } from "./methods-routes.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { ownDataRoutes } from "./own-data-routes.ts";
import { passwordChangeRoutes } from "./password-change-routes.ts";
import { passwordResetRoutes } from "./password-reset-routes.ts";
import { personalTokenRoutes } from "./personal-token-routes.ts";
import type { AuthPorts } from "./ports.ts";
import { secondFactorRoutes } from "./second-factor-routes.ts";
import { secondStepRoutes } from "./second-step-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import { userRoutes } from "./user-routes.ts";

/** Accounts, sessions and tokens: every route below /api/v1 that is about who somebody is. */
export function authRoutes(ports: AuthPorts) {
  const routes = new OpenAPIHono<RequestContext>();
  routes.use(
    "/auth/*",
    floodGuard("CREDENTIALS_RATE", (path) => !/\/(refresh|logout|methods)$/.test(path)),
  );
  return routes
    .route("/", signInRoutes(ports))
    .route("/", methodsRoutes)
    .route("/", secondStepRoutes)
    .route("/", secondFactorRoutes)
    .route("/", passwordResetRoutes(ports))
    .route("/", sessionRoutes(ports))
    .route("/", userRoutes)
    .route("/", emailRoutes)
    .route("/", ownDataRoutes(ports))
    .route("/", googleRoutes(ports))
    .route("/", identityRoutes)
    .route("/", passwordChangeRoutes(ports))
    .route("/", personalTokenRoutes(ports))
    .route("/", operatorRoutes(ports));
}
