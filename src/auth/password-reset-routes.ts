import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { settingsOf } from "../env.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { rememberNetwork } from "./attempts.ts";
import { passwordWasReset } from "./messages.ts";
import { resetPassword, sendResetLink } from "./password-reset.ts";
import type { AuthPorts } from "./ports.ts";
import { originOf } from "./request-origin.ts";

const small = jsonBody(limits.credentialsBytes);

const forgotRoute = createRoute({
  method: "post",
  path: "/auth/password/forgot",
  summary: "Ask for a link to choose a new password with",
  description:
    "The answer is the same whether or not there is an account with this address. The link goes there by e-mail, at " +
    "most one in 2 minutes, and works once, within 10 minutes.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.forgotPassword) },
  responses: {
    202: { description: "If there is such an account, its person gets a message." },
    ...problemAnswers(...bodyProblems),
  },
});

const resetRoute = createRoute({
  method: "post",
  path: "/auth/password/reset",
  summary: "Choose a new password by the link of a message",
  description: "Ends every session and personal access token of the account; sign in with the new password.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.passwordReset) },
  responses: {
    204: { description: "The account has the new password." },
    ...problemAnswers(...bodyProblems, "invalid_link", "weak_password", "unavailable"),
  },
});

/** The way back in for who forgot their password. */
export function passwordResetRoutes({ closeSockets }: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(forgotRoute, (c) => {
      const request = { email: c.req.valid("json").email, origin: originOf(c) };
      mailInBackground(c.get("requestId"), () => sendResetLink(c.env, request, Date.now()));
      return c.body(null, 202);
    })
    .openapi(resetRoute, async (c) => {
      const now = Date.now();
      const origin = originOf(c);
      const { email } = await resetPassword(c.env, closeSockets, { ...c.req.valid("json"), origin }, now);
      // The way out for who cannot sign in because others try to (law AU-7).
      await rememberNetwork(c.env, { email }, origin, now);
      mailInBackground(c.get("requestId"), () =>
        sendMail(c.env, passwordWasReset(settingsOf(c.env).publicUrl, email)),
      );
      return c.body(null, 204);
    });
}
