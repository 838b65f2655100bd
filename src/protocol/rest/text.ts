import { z } from "zod";

const string = (name: string) =>
  z.string({
    error: (issue) => (issue.input === undefined ? `${name} is required` : `${name} must be a string`),
  });

/**
 * One line of text that a person writes for people: trimmed, not empty, of well-formed Unicode (D1 keeps UTF-8, which
 * has no lone surrogates) and without control characters. `maxUnits` counts UTF-16 code units.
 */
export function line(name: string, maxUnits: number) {
  return string(name)
    .trim()
    .refine(...atLeast(1, `${name} is required`))
    .refine(...atMost(maxUnits, name))
    .refine((value) => value.isWellFormed(), `${name} must be well-formed Unicode`)
    .refine((value) => !/\p{Cc}/u.test(value), `${name} must not contain control characters`)
    .meta({ minLength: 1, maxLength: maxUnits });
}

/** Any text of well-formed Unicode: as it is, or without the blanks around it. */
export function text(
  name: string,
  { min = 0, max, trim = false }: { min?: number; max: number; trim?: boolean },
) {
  return (trim ? string(name).trim() : string(name))
    .refine(...atLeast(min, `${name} must have at least ${min} characters`))
    .refine(...atMost(max, name))
    .refine((value) => value.isWellFormed(), `${name} must be well-formed Unicode`)
    .meta({ minLength: min, maxLength: max });
}

// zod's own `min` and `max` go on to whatever has a `length`, string or not, and throw on one that is no number.

const atLeast = (units: number, error: string) => [(value: string) => value.length >= units, error] as const;

const atMost = (units: number, name: string) =>
  [(value: string) => value.length <= units, `${name} must have at most ${units} characters`] as const;

/** How ids look: UUIDs, in lower case as they are made, so that one thing has one id. */
/** The trace id of an operation, as `operationTraceId` of `src/protocol/operation-trace.ts` derives it. */
export const operationTrace = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({
    description: "Trace id of the operation that made the version (law TR-1).",
    example: "de478a154b66d56fe9472016bba19a57",
  });

export const id = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "id must be a UUID in lower case")
  .meta({ format: "uuid" });

/** Times on the wire: ISO 8601 in UTC. */
export const time = z.iso.datetime();

/** What is said of a body that is no JSON object, or that is missing. */
export const jsonObject = (issue: { input: unknown }) =>
  issue.input === undefined ? "a JSON body is required" : "the body must be a JSON object";
