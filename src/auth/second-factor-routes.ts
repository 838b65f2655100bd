import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { jsonBody } from "../platform/json-body.ts";
import { type Mail, mailInBackground, sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/second-factor.ts";
import type { Principal } from "./access-token.ts";
import { currentUser } from "./accounts.ts";
import { rememberNetwork } from "./attempts.ts";
import { authenticated } from "./authenticate.ts";
import { recoveryCodesAreNew, secondFactorIsOff, secondFactorIsOn } from "./messages.ts";
import { requireRecentSignIn } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";
import { type CodeGiver, checkCode, checkCodeIfOn } from "./second-factor-check.ts";
import {
  beginEnrolment,
  confirmEnrolment,
  factorOf,
  removeFactor,
  renewRecoveryCodes,
  secondFactorBody,
} from "./second-factors.ts";

const path = "/users/me/second-factor";
const security = [{ bearer: [] }];
const small = jsonBody(limits.credentialsBytes);
const changeProblems = [
  ...bodyProblems,
  ...tokenProblems,
  "reauthentication_required",
  "invalid_code",
] as const;

const stateRoute = createRoute({
  method: "get",
  path,
  summary: "Whether a second factor is on",
  security,
  middleware: [authenticated] as const,
  responses: {
    200: jsonAnswer(schemas.secondFactor, "The state of the second factor."),
    ...problemAnswers(...tokenProblems),
  },
});

const beginRoute = createRoute({
  method: "post",
  path,
  summary: "Begin to set up a second factor: an authenticator app (RFC 6238)",
  description:
    "Nothing changes until a code of it is confirmed. Where one is on already, this takes a code of that.",
  security,
  middleware: [authenticated, requireRecentSignIn, small] as const,
  request: { body: { ...jsonRequest(schemas.enrolmentStart), required: false } },
  responses: {
    201: jsonAnswer(schemas.enrolment, "What the authenticator has to know."),
    ...problemAnswers(...changeProblems),
  },
});

const confirmationRoute = createRoute({
  method: "post",
  path: `${path}/confirmation`,
  summary: "Switch the second factor on, by a code of it",
  description:
    "Other sessions go on; POST /auth/logout with the scope `others` ends them. Where one was on, this one takes its place.",
  security,
  middleware: [authenticated, requireRecentSignIn, small] as const,
  request: { body: jsonRequest(schemas.codeProof) },
  responses: {
    200: jsonAnswer(schemas.recoveryCodes, "It is on. The codes are for when the authenticator is lost."),
    ...problemAnswers(...changeProblems, "not_found"),
  },
});

const renewalRoute = createRoute({
  method: "post",
  path: `${path}/recovery-codes`,
  summary: "Get new recovery codes, in place of all those of before",
  security,
  middleware: [authenticated, requireRecentSignIn, small] as const,
  request: { body: jsonRequest(schemas.codeProof) },
  responses: {
    200: jsonAnswer(schemas.recoveryCodes, "The new ones."),
    ...problemAnswers(...changeProblems, "not_found"),
  },
});

const removalRoute = createRoute({
  method: "post",
  path: `${path}/removal`,
  summary: "Switch the second factor off",
  security,
  middleware: [authenticated, requireRecentSignIn, small] as const,
  request: { body: jsonRequest(schemas.codeProof) },
  responses: {
    204: { description: "It is off, and its recovery codes are worth nothing any more." },
    ...problemAnswers(...changeProblems, "not_found", "second_factor_mandatory"),
  },
});

/** The second factor of who is signed in: setting up, renewing, switching off. */
export const secondFactorRoutes = new OpenAPIHono<RequestContext>()
  .openapi(stateRoute, async (c) => {
    const factor = await factorOf(database(c.env.DB), c.var.principal.userId);
    return c.json(secondFactorBody(factor), 200);
  })
  .openapi(beginRoute, async (c) => {
    const now = Date.now();
    const giver = await giverOf(c);
    await checkCodeIfOn(c.env, giver, c.req.valid("json").code, now);
    return c.json(enrolmentBody(await beginEnrolment(c.env, giver.user, now)), 201);
  })
  .openapi(confirmationRoute, async (c) => {
    const now = Date.now();
    const giver = await giverOf(c);
    const userId = giver.user.id;
    const { code } = c.req.valid("json");
    const recovery_codes = await confirmEnrolment(c.env, { ...giver, userId }, code, now);
    await rememberNetwork(c.env, { factorOf: userId }, giver.origin, now);
    tell(c.env, giver, secondFactorIsOn);
    return c.json({ recovery_codes }, 200);
  })
  .openapi(renewalRoute, async (c) => {
    const now = Date.now();
    const giver = await giverOf(c);
    await checkOwnCode(c.env, giver, c.req.valid("json").code, now);
    const owner = { ...giver, userId: giver.user.id };
    const recovery_codes = await renewRecoveryCodes(database(c.env.DB), owner, now);
    tell(c.env, giver, recoveryCodesAreNew);
    return c.json({ recovery_codes }, 200);
  })
  .openapi(removalRoute, async (c) => {
    const now = Date.now();
    const giver = await giverOf(c);
    if (settingsOf(c.env).secondFactor === "required") {
      const detail = "Everybody here has a second factor. Set up another one, which takes the place of this.";
      throw new Problem("second_factor_mandatory", detail);
    }
    await checkOwnCode(c.env, giver, c.req.valid("json").code, now);
    const owner = { ...giver, userId: giver.user.id };
    await removeFactor(database(c.env.DB), owner, "second_factor.disabled", now);
    tell(c.env, giver, secondFactorIsOff);
    return c.body(null, 204);
  });

/** A factor that is being set up, as its person sees it. */
export function enrolmentBody({ secret, uri, expiresAt }: Awaited<ReturnType<typeof beginEnrolment>>) {
  return { secret, uri, expires_at: new Date(expiresAt).toISOString() };
}

async function giverOf(
  c: Context<RequestContext & { Variables: { principal: Principal } }>,
): Promise<CodeGiver> {
  const { userId, sessionId } = c.var.principal;
  const user = await currentUser(database(c.env.DB), userId);
  return { user, sessionId, origin: originOf(c), requestId: c.get("requestId") };
}

async function checkOwnCode(env: Env, giver: CodeGiver, code: string, now: number): Promise<void> {
  if (!giver.user.secondFactor) throw new Problem("not_found", "The second factor is off.");
  await checkCode(env, giver, code, now);
}

function tell(
  env: Env,
  { user, requestId }: CodeGiver,
  message: (publicUrl: string, to: string) => Mail,
): void {
  mailInBackground(requestId, () => sendMail(env, message(settingsOf(env).publicUrl, user.email)));
}
