import { z } from "zod";
import { limits } from "../limits.ts";
import { id, line, text, time } from "./text.ts";

const object = (issue: { input: unknown }) =>
  issue.input === undefined ? "a JSON body is required" : "the body must be a JSON object";

/** A password to be. Which ones are too well known is not a question of form (`weak_password`). */
export const newPassword = (name: string) =>
  text(name, { max: limits.passwordUnits })
    .refine(
      (value) => [...value].length >= limits.passwordPoints,
      `${name} must have at least ${limits.passwordPoints} characters`,
    )
    .meta({ minLength: limits.passwordPoints, maxLength: limits.passwordUnits });

/** What `POST /auth/register` takes. */
export const registration = z
  .object(
    {
      email: text("email", { max: limits.emailUnits, trim: true })
        // ASCII only, so that two addresses which look alike to a person are not two accounts by encoding alone.
        .pipe(z.email("email must be an e-mail address")),
      password: newPassword("password"),
      name: line("name", limits.nameUnits),
    },
    { error: object },
  )
  .meta({ id: "Registration" });

/**
 * What `POST /auth/login` takes. Any address and any password up to the limit are a question that has an answer,
 * yes or `invalid_credentials`; the rules for new passwords are not asked here.
 */
export const login = z
  .object(
    {
      email: text("email", { max: limits.emailUnits, trim: true }),
      password: text("password", { max: limits.passwordUnits }),
    },
    { error: object },
  )
  .meta({ id: "Login" });

const refreshToken = text("refresh_token", { max: limits.refreshTokenUnits });

/** What `POST /auth/refresh` takes. */
export const refresh = z.object({ refresh_token: refreshToken }, { error: object }).meta({ id: "Refresh" });

/** What `POST /auth/logout` takes: nothing ends the session of the access token. */
export const logout = z
  .object({ refresh_token: refreshToken.optional() }, { error: object })
  .meta({ id: "Logout" });

/** A person, to themselves. */
export const user = z
  .object({
    id,
    email: z.string(),
    email_verified: z.boolean(),
    name: z.string(),
    oauth_provider: z.enum(["google"]).nullable().meta({ description: "Another way in than a password." }),
    created_at: time,
  })
  .meta({ id: "User" });

/** The answer to register, login and refresh (names of RFC 6749 §5.1). */
export const tokens = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds until the access token ends." }),
    refresh_token: z.string(),
    user,
  })
  .meta({ id: "Tokens" });

export type UserBody = z.infer<typeof user>;
export type TokensBody = z.infer<typeof tokens>;
