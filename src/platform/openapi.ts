import type { z } from "zod";
import { type ErrorCode, errorStatus } from "../protocol/errors.ts";
import { problemBody } from "../protocol/rest/problem.ts";

/** A JSON body, required. */
export function jsonRequest<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** A JSON answer. */
export function jsonAnswer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** The problem answers of a route, by status, each with the codes that it may bear; any may be asked too often. */
export function problemAnswers(...codes: ErrorCode[]) {
  const all: ErrorCode[] = [...codes, "rate_limited"];
  const byStatus = Map.groupBy(all, (code) => errorStatus[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      { description: group.join(", "), content: { "application/problem+json": { schema: problemBody } } },
    ]),
  );
}

/** What every route with a JSON body may refuse it for. */
export const bodyProblems = [
  "invalid_request",
  "validation_failed",
  "unsupported_media_type",
  "payload_too_large",
] as const satisfies ErrorCode[];
