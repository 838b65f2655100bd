import { z } from "zod";
import { limits } from "../limits.ts";
import { cookie, tokens } from "./accounts.ts";
import { recoveryCodes, secondFactorCode } from "./second-factor.ts";
import { jsonObject, text } from "./text.ts";

const challenge = text("challenge", { max: limits.linkTokenUnits }).optional().meta({
  description:
    "As the first step answered it. Absent: it is in the cookie of a browser that came back from Google.",
});

/** What `POST /auth/second-factor` takes, and the end of an enrolment during a sign-in. */
export const secondStep = z
  .object({ challenge, code: secondFactorCode, cookie }, { error: jsonObject })
  .meta({ id: "SecondStep" });

/** What `POST /auth/second-factor/enrolment` takes. */
export const enrolmentChallenge = z
  .object({ challenge }, { error: jsonObject })
  .meta({ id: "EnrolmentChallenge" });

/** The answer to the end of an enrolment during a sign-in. */
export const tokensAndCodes = tokens.extend(recoveryCodes.shape).meta({ id: "TokensAndCodes" });
