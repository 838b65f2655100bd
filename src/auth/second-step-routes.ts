import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { tokens } from "../protocol/rest/accounts.ts";
import { enrolment } from "../protocol/rest/second-factor.ts";
import * as schemas from "../protocol/rest/second-step.ts";
import { currentUser } from "./accounts.ts";
import { rememberNetwork } from "./attempts.ts";
import { clearChallengeCookie, readChallengeCookie } from "./challenge-cookie.ts";
import { secondFactorIsOn } from "./messages.ts";
import { withRefreshCookie } from "./refresh-cookie.ts";
import { originOf } from "./request-origin.ts";
import { checkCode } from "./second-factor-check.ts";
import { enrolmentBody } from "./second-factor-routes.ts";
import { beginEnrolment, confirmEnrolment } from "./second-factors.ts";
import { finishSignIn } from "./sign-in.ts";
import { findChallenge, invalidChallenge, type SignInChallenge } from "./sign-in-challenges.ts";
import { tokenAnswer } from "./token-answer.ts";

const path = "/auth/second-factor";
const small = jsonBody(limits.credentialsBytes);

const stepRoute = createRoute({
  method: "post",
  path,
  summary: "Finish a sign-in that takes a second factor, by a code",
  description:
    "After 403 `second_factor_required`. A wrong code leaves the challenge good; a right one uses it up, and itself.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.secondStep) },
  responses: {
    200: jsonAnswer(tokens, "Signed in."),
    ...problemAnswers(...bodyProblems, "invalid_challenge", "invalid_code"),
  },
});

const beginRoute = createRoute({
  method: "post",
  path: `${path}/enrolment`,
  summary: "Begin to set up a second factor, where a sign-in asks for one to be set up",
  description: "After 403 `second_factor_enrolment_required`.",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.enrolmentChallenge) },
  responses: {
    201: jsonAnswer(enrolment, "What the authenticator has to know."),
    ...problemAnswers(...bodyProblems, "invalid_challenge"),
  },
});

const confirmationRoute = createRoute({
  method: "post",
  path: `${path}/enrolment/confirmation`,
  summary: "Switch the second factor on by a code of it, and finish the sign-in",
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.secondStep) },
  responses: {
    200: jsonAnswer(
      schemas.tokensAndCodes,
      "Signed in, with recovery codes for when the authenticator is lost.",
    ),
    ...problemAnswers(...bodyProblems, "invalid_challenge", "invalid_code", "not_found"),
  },
});

/** The second half of signing in (law AU-12). */
export const secondStepRoutes = new OpenAPIHono<RequestContext>()
  .openapi(stepRoute, async (c) => {
    const now = Date.now();
    const { code } = c.req.valid("json");
    const challenge = await challengeOf(c, c.req.valid("json"), "verify", now);
    const user = await currentUser(database(c.env.DB), challenge.userId);
    const giver = { user, origin: originOf(c), requestId: c.get("requestId") };
    await checkCode(c.env, giver, code, now);
    return c.json(await finish(c, c.req.valid("json"), challenge, now), 200);
  })
  .openapi(beginRoute, async (c) => {
    const now = Date.now();
    const { userId } = await challengeOf(c, c.req.valid("json"), "enrol", now);
    const user = await currentUser(database(c.env.DB), userId);
    return c.json(enrolmentBody(await beginEnrolment(c.env, user, now)), 201);
  })
  .openapi(confirmationRoute, async (c) => {
    const now = Date.now();
    const { code } = c.req.valid("json");
    const origin = originOf(c);
    const challenge = await challengeOf(c, c.req.valid("json"), "enrol", now);
    const { userId } = challenge;
    const recovery_codes = await confirmEnrolment(c.env, { userId, origin, challenge }, code, now);
    await rememberNetwork(c.env, { factorOf: userId }, origin, now);
    const answer = await finish(c, c.req.valid("json"), challenge, now);
    mailInBackground(c.get("requestId"), () =>
      sendMail(c.env, secondFactorIsOn(settingsOf(c.env).publicUrl, answer.user.email)),
    );
    return c.json({ ...answer, recovery_codes }, 200);
  });

/** The challenge of the body, or else of the browser's cookie. Throws Problem `invalid_challenge`. */
function challengeOf(
  c: Context<RequestContext>,
  { challenge }: { challenge?: string | undefined },
  purpose: SignInChallenge["purpose"],
  now: number,
): Promise<SignInChallenge> {
  return findChallenge(database(c.env.DB), challenge ?? readChallengeCookie(c) ?? "", purpose, now);
}

async function finish(
  c: Context<RequestContext>,
  { challenge: fromBody, cookie }: { challenge?: string | undefined; cookie?: boolean | undefined },
  challenge: SignInChallenge,
  now: number,
) {
  const session = await finishSignIn(c.env, { challenge, origin: originOf(c) }, now);
  if (!session) throw invalidChallenge();
  if (fromBody === undefined) clearChallengeCookie(c);
  // Read again: a factor may have been set up.
  const user = await currentUser(database(c.env.DB), challenge.userId);
  return withRefreshCookie(c, await tokenAnswer(c.env, { user, session }, now), cookie);
}
