import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject, text, time } from "./text.ts";

/** What proves a second factor: the six digits of an authenticator, or a recovery code. */
export const secondFactorCode = text("code", { min: 1, max: limits.codeUnits }).meta({
  description: "Six digits of the authenticator, or a recovery code; blanks and dashes do not matter.",
});

/** The answer to `GET /users/me/second-factor`. */
export const secondFactor = z
  .object({
    enabled_at: time.nullable().meta({ description: "Null: it is off." }),
    recovery_codes_left: z.int(),
  })
  .meta({ id: "SecondFactor" });

/** A second factor that is being set up. */
export const enrolment = z
  .object({
    secret: z.string().meta({ description: "Base32, for people to type. Shown this once." }),
    uri: z.string().meta({ description: "`otpauth://totp/…`, to be shown as a QR code. Shown this once." }),
    expires_at: time.meta({ description: "Until when a code of it has to be given." }),
  })
  .meta({ id: "SecondFactorEnrolment" });

const codes = z
  .array(z.string())
  .meta({ description: "Ten, each of which stands in for the authenticator once. Shown this once." });

export const recoveryCodes = z.object({ recovery_codes: codes }).meta({ id: "RecoveryCodes" });

/** What `POST /users/me/second-factor` takes. */
export const enrolmentStart = z
  .object({ code: secondFactorCode.optional() }, { error: jsonObject })
  .meta({ id: "EnrolmentStart" });

/** What a change of the second factor takes. */
export const codeProof = z
  .object({ code: secondFactorCode }, { error: jsonObject })
  .meta({ id: "CodeProof" });

export type SecondFactorBody = z.infer<typeof secondFactor>;
