import { z } from "zod";
import { type ErrorCode, errorStatus } from "../protocol/errors.ts";
import { challengeProblemBody, problemBody } from "../protocol/rest/problem.ts";

/** A JSON body, required. */
export function jsonRequest<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** A JSON answer. */
export function jsonAnswer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** What any route may answer: to pages of foreign origins, to floods, and when something is wrong here. */
const everywhere = [
  "origin_not_allowed",
  "rate_limited",
  "internal",
  "unavailable",
  "timeout",
] as const satisfies ErrorCode[];

/** The problem answers of a route, by status, each with the codes that it may bear. */
export function problemAnswers(...codes: ErrorCode[]) {
  const byStatus = Map.groupBy(new Set([...codes, ...everywhere]), (code) => errorStatus[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.join(", "),
        content: { "application/problem+json": { schema: problemSchema(group) } },
      },
    ]),
  );
}

/** Of the codes of one status; those of an unfinished sign-in have members of their own. */
function problemSchema(codes: ErrorCode[]) {
  const ofChallenges = challengeProblemBody.shape.error;
  const challenges = codes.filter((code): code is z.infer<typeof ofChallenges> =>
    (ofChallenges.options as ErrorCode[]).includes(code),
  );
  const plain = problemBody.extend({
    error: z.enum(codes.filter((code) => !challenges.includes(code as never))),
  });
  return challenges.length === 0 ? plain : z.union([plain, challengeProblemBody]);
}

/** What every route with a JSON body may refuse it for. */
export const bodyProblems = [
  "invalid_request",
  "validation_failed",
  "unsupported_media_type",
  "payload_too_large",
] as const satisfies ErrorCode[];

/** What every route that asks for a token may refuse one for. */
export const tokenProblems = [
  "unauthenticated",
  "invalid_token",
  "insufficient_scope",
] as const satisfies ErrorCode[];
