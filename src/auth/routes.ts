import { OpenAPIHono } from "@hono/zod-openapi";
import type { RequestContext } from "../platform/request-context.ts";
import type { AccountExtras } from "./accounts.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import { userRoutes } from "./user-routes.ts";

/** What accounts need of the folders above this one. */
export interface AuthPorts {
  /** What else a new account comes with. */
  accountExtras: AccountExtras;
}

/** Accounts, sessions and tokens: every route below /api/v1 that is about who somebody is. */
export function authRoutes({ accountExtras }: AuthPorts) {
  return new OpenAPIHono<RequestContext>().route("/", signInRoutes(accountExtras)).route("/", userRoutes);
}
