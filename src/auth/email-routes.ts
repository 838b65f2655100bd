import { waitUntil } from "cloudflare:workers";
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { database } from "../db/database.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { Problem } from "../platform/problem.ts";
import { rateLimited } from "../platform/rate-limit.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { currentUser } from "./accounts.ts";
import { forgetNetworks } from "./attempts.ts";
import { authenticated } from "./authenticate.ts";
import { confirmLink, sendAddressNotice, sendChangeLink, sendVerification } from "./email-address.ts";
import { linkInterval, newLinkToken } from "./email-links.ts";
import { requireRecentSignIn } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";
import { userBody } from "./token-answer.ts";

const security = [{ bearer: [] }];
const small = jsonBody(limits.credentialsBytes);

const verificationRoute = createRoute({
  method: "post",
  path: "/users/me/email/verification",
  summary: "Ask again for the link that confirms one's e-mail address",
  description: "The first is sent when the account is opened.",
  security,
  middleware: [authenticated] as const,
  responses: {
    202: { description: "The message is on its way." },
    ...problemAnswers(...tokenProblems, "rate_limited"),
  },
});

const changeRoute = createRoute({
  method: "post",
  path: "/users/me/email",
  summary: "Ask for another e-mail address",
  description:
    "It is the account's once the link that is sent there is confirmed; until then nothing changes.",
  security,
  middleware: [authenticated, requireRecentSignIn, small] as const,
  request: { body: jsonRequest(schemas.emailChange) },
  responses: {
    202: { description: "The new address gets a message." },
    ...problemAnswers(...bodyProblems, ...tokenProblems, "reauthentication_required", "rate_limited"),
  },
});

const confirmationRoute = createRoute({
  method: "post",
  path: "/users/me/email/confirmation",
  summary: "Confirm an e-mail address by the link of a message",
  description: "The link is worth something to the account that asked for it alone.",
  security,
  middleware: [authenticated, small] as const,
  request: { body: jsonRequest(schemas.emailConfirmation) },
  responses: {
    200: jsonAnswer(schemas.user, "The account has this address, and it is confirmed."),
    ...problemAnswers(...bodyProblems, ...tokenProblems, "invalid_link", "email_taken"),
  },
});

/** The e-mail address of an account: confirm it, change it. */
export const emailRoutes = new OpenAPIHono<RequestContext>()
  .openapi(verificationRoute, async (c) => {
    const { userId, sessionId } = c.var.principal;
    const { email } = await currentUser(database(c.env.DB), userId);
    const sent = await sendVerification(c.env, { userId, email, sessionId, origin: originOf(c) }, Date.now());
    if (!sent) throw tooSoon();
    return c.body(null, 202);
  })
  .openapi(changeRoute, async (c) => {
    const { userId, sessionId } = c.var.principal;
    const { email } = c.req.valid("json");
    const link = { userId, purpose: "change", email, sessionId, origin: originOf(c) } as const;
    const token = await newLinkToken(database(c.env.DB), link, Date.now());
    if (!token) throw tooSoon();
    mailInBackground(c.get("requestId"), () => sendChangeLink(c.env, { userId, email, token }));
    return c.body(null, 202);
  })
  .openapi(confirmationRoute, async (c) => {
    const db = database(c.env.DB);
    const { userId, sessionId } = c.var.principal;
    const { token } = c.req.valid("json");
    const addresses = await confirmLink(db, { token, userId, sessionId, origin: originOf(c) }, Date.now());
    if (addresses.email !== addresses.before) {
      waitUntil(forgetNetworks(c.env, { email: addresses.before }));
      mailInBackground(c.get("requestId"), () => sendAddressNotice(c.env, addresses));
    }
    return c.json(userBody(await currentUser(db, userId)), 200);
  });

function tooSoon(): Problem {
  const detail = "A message was sent a moment ago. Look for it, or ask again in 2 minutes.";
  return rateLimited(
    { name: "e-mail", requests: 1, seconds: linkInterval / 1000 },
    linkInterval / 1000,
    detail,
  );
}
