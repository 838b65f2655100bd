import { z } from "zod";
import { limits } from "../limits.ts";
import { id, jsonObject, line, time } from "./text.ts";

/** What a personal access token may be for. Nothing of the account is among it. */
export const scope = z
  .enum(["documents:read", "documents:write"], {
    error: "scopes must be documents:read or documents:write",
  })
  .meta({ id: "Scope" });

export type Scope = z.infer<typeof scope>;

/** What `POST /users/me/tokens` takes. */
export const newPersonalToken = z
  .object(
    {
      name: line("name", limits.nameUnits).meta({ description: "For the person to know it by." }),
      scopes: z
        .array(scope, "scopes must be a list")
        // zod's own `min` and `max` go on to whatever has a `length`, list or not, and throw on one that is no number.
        .refine((scopes) => scopes.length > 0, "scopes must not be empty")
        .refine((scopes) => new Set(scopes).size === scopes.length, "scopes must not be repeated")
        .meta({
          description: "`documents:write` includes `documents:read`.",
          minItems: 1,
          maxItems: scope.options.length,
        }),
      expires_in_days: z
        .int("expires_in_days must be a whole number")
        .min(1, "expires_in_days must be at least 1")
        .max(limits.tokenDays.max, `expires_in_days must be at most ${limits.tokenDays.max}`)
        .default(limits.tokenDays.default),
    },
    { error: jsonObject },
  )
  .meta({ id: "NewPersonalToken" });

/** A personal access token without its text. */
export const personalToken = z
  .object({
    id,
    name: z.string(),
    scopes: z.array(scope),
    created_at: time,
    expires_at: time,
    last_used_at: time.nullable().meta({ description: "To the hour; null: never." }),
  })
  .meta({ id: "PersonalToken" });

export const createdPersonalToken = personalToken
  .extend({ token: z.string().meta({ description: "The token, shown this once: `mat_…`." }) })
  .meta({ id: "CreatedPersonalToken" });

export const personalTokenList = z
  .object({ items: z.array(personalToken) })
  .meta({ id: "PersonalTokenList" });

export type PersonalTokenBody = z.infer<typeof personalToken>;
