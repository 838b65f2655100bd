import { z } from "zod";

/** Every error of the REST side (RFC 9457), with the members `error`, `request_id` and `errors` of our own. */
export const problemBody = z
  .object({
    type: z
      .string()
      .meta({ description: "Identifies the kind of problem; a page about it is served there." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    error: z.string().meta({ description: "Stable code; texts may change, codes do not." }),
    request_id: z
      .string()
      .meta({ description: "The same as in the header x-request-id and in the service's log." }),
    reason: z
      .enum(["malformed", "unverified", "expired", "foreign", "ended"])
      .optional()
      .meta({
        description:
          "Of invalid_token: it is no token at all; its signature is not one of this service's keys; its time is over; it was " +
          "issued for something else; its session or it itself was ended.",
      }),
    errors: z
      .array(
        z.object({
          path: z.array(z.union([z.string(), z.number()])),
          message: z.string(),
          code: z.string(),
        }),
      )
      .optional()
      .meta({ description: "What is wrong with which field of the request." }),
  })
  .meta({ id: "Problem" });

/** The problem of a sign-in that is not finished, with what it goes on by. */
export const challengeProblemBody = problemBody
  .extend({
    error: z.enum(["second_factor_required", "second_factor_enrolment_required"]),
    challenge: z.string().meta({ description: "Proves that the first factor was right. Works once." }),
    expires_in: z.int().meta({ description: "Seconds until the challenge ends." }),
  })
  .meta({ id: "SecondFactorChallenge" });

/** Why a token is not valid. */
export type TokenFault = NonNullable<ProblemBody["reason"]>;
export type ProblemBody = z.infer<typeof problemBody>;
export type FieldError = NonNullable<ProblemBody["errors"]>[number];
