import { z } from "zod";

/**
 * One line of text that a person writes for people: trimmed, not empty, of well-formed Unicode (D1 keeps UTF-8, which
 * has no lone surrogates) and without control characters. `maxUnits` counts UTF-16 code units.
 */
export function line(name: string, maxUnits: number) {
  return z
    .string({
      error: (issue) => (issue.input === undefined ? `${name} is required` : `${name} must be a string`),
    })
    .trim()
    .min(1, `${name} is required`)
    .max(maxUnits, `${name} must have at most ${maxUnits} characters`)
    .refine((value) => value.isWellFormed(), `${name} must be well-formed Unicode`)
    .refine((value) => !/\p{Cc}/u.test(value), `${name} must not contain control characters`);
}

/** Any text, as it is, of well-formed Unicode. */
export function text(name: string, maxUnits: number) {
  return z
    .string({
      error: (issue) => (issue.input === undefined ? `${name} is required` : `${name} must be a string`),
    })
    .max(maxUnits, `${name} must have at most ${maxUnits} characters`)
    .refine((value) => value.isWellFormed(), `${name} must be well-formed Unicode`);
}

/** How ids look: UUIDs, in lower case as they are made, so that one thing has one id. */
export const id = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "id must be a UUID in lower case")
  .meta({ format: "uuid" });

/** Times on the wire: ISO 8601 in UTC. */
export const time = z.iso.datetime();
