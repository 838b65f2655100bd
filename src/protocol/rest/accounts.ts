import { z } from "zod";
import { limits } from "../limits.ts";
import { document } from "./documents.ts";
import { nextCursor } from "./page.ts";
import { secondFactor, secondFactorCode } from "./second-factor.ts";
import { auditEvent, session } from "./sessions.ts";
import { id, jsonObject, line, text, time } from "./text.ts";

/** A password to be. Which ones are too well known is not a question of form (`weak_password`). */
export const newPassword = (name: string) =>
  text(name, { max: limits.passwordUnits })
    .refine(
      (value) => [...value].length >= limits.passwordPoints,
      `${name} must have at least ${limits.passwordPoints} characters`,
    )
    .meta({ minLength: limits.passwordPoints, maxLength: limits.passwordUnits });

export const cookie = z.boolean({ error: "cookie must be true or false" }).optional().meta({
  description:
    "For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there.",
});

/** An address that an account may have. */
export const emailAddress = text("email", { max: limits.emailUnits, trim: true })
  // ASCII only, so that two addresses which look alike to a person are not two accounts by encoding alone.
  .pipe(z.email("email must be an e-mail address"));

/** What `POST /auth/register` takes. */
export const registration = z
  .object(
    {
      email: emailAddress,
      password: newPassword("password"),
      name: line("name", limits.nameUnits),
      cookie,
    },
    { error: jsonObject },
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
      cookie,
    },
    { error: jsonObject },
  )
  .meta({ id: "Login" });

const refreshToken = text("refresh_token", { max: limits.refreshTokenUnits });

const oneToken = [
  ({ refresh_token, cookie }: { refresh_token?: string | undefined; cookie?: boolean | undefined }) =>
    !cookie || refresh_token === undefined,
  {
    path: ["cookie"] as PropertyKey[],
    message: "the refresh token is in the cookie or in the body, not in both",
  },
] as const;

/** What `POST /auth/refresh` takes. */
export const refresh = z
  .object({ refresh_token: refreshToken.optional(), cookie }, { error: jsonObject })
  .refine(({ refresh_token, cookie }) => cookie || refresh_token !== undefined, {
    path: ["refresh_token"],
    message: "refresh_token is required",
  })
  .refine(...oneToken)
  .meta({ id: "Refresh" });

/** What `POST /auth/logout` takes: nothing ends the session of the access token. */
export const logout = z
  .object(
    {
      refresh_token: refreshToken.optional(),
      cookie,
      scope: z
        .enum(["session", "others", "all"], { error: "scope must be session, others or all" })
        .default("session")
        .meta({ description: "Which sessions: this one, the person's others, or all of them." }),
    },
    { error: jsonObject },
  )
  .refine(...oneToken)
  // A refresh token that was rotated away still ends its own session, and must not end more.
  .refine(({ refresh_token, scope }) => refresh_token === undefined || scope === "session", {
    error: "scope needs the access token in place of the refresh token",
    path: ["scope"],
  })
  .meta({ id: "Logout" });

/** What `PATCH /users/me` takes. */
export const userChange = z
  .object({ name: line("name", limits.nameUnits) }, { error: jsonObject })
  .meta({ id: "UserChange" });

/** What `POST /auth/password/forgot` takes: any address, as for login. */
export const forgotPassword = z
  .object({ email: text("email", { max: limits.emailUnits, trim: true }) }, { error: jsonObject })
  .meta({ id: "ForgotPassword" });

const linkToken = text("token", { max: limits.linkTokenUnits }).meta({
  description: "What follows `#token=` in the link of the message.",
});

/** What `POST /auth/password/reset` takes. */
export const passwordReset = z
  .object({ token: linkToken, password: newPassword("password") }, { error: jsonObject })
  .meta({ id: "PasswordReset" });

/** What `POST /auth/password/change` takes. */
export const passwordChange = z
  .object(
    {
      current_password: text("current_password", { max: limits.passwordUnits }),
      new_password: newPassword("new_password"),
      code: secondFactorCode.optional(),
    },
    { error: jsonObject },
  )
  .meta({ id: "PasswordChange" });

/** What `POST /users/me/email` takes. */
export const emailChange = z
  .object({ email: emailAddress }, { error: jsonObject })
  .meta({ id: "EmailChange" });

/** What `POST /users/me/email/confirmation` takes. */
export const emailConfirmation = z
  .object({ token: linkToken }, { error: jsonObject })
  .meta({ id: "EmailConfirmation" });

/** What `POST /users/me/deletion` takes. */
export const accountDeletion = z
  .object(
    {
      documents: z
        .union([z.literal("delete"), z.object({ hand_over_to: emailAddress })], {
          error: 'documents must be "delete", or {"hand_over_to": <e-mail address>}',
        })
        .meta({ description: "What becomes of the documents of one's personal workspace." }),
    },
    { error: jsonObject },
  )
  .meta({ id: "AccountDeletion" });

/** A person, to themselves. */
export const user = z
  .object({
    id,
    email: z.string(),
    email_verified: z.boolean(),
    name: z.string(),
    oauth_provider: z.enum(["google"]).nullable().meta({ description: "Another way in than a password." }),
    second_factor: z.boolean().meta({ description: "Whether signing in takes a code as well." }),
    created_at: time,
  })
  .meta({ id: "User" });

/** The answer to register, login and refresh (names of RFC 6749 §5.1). */
export const tokens = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds until the access token ends." }),
    refresh_token: z.string().optional().meta({ description: "Absent if it went into the cookie." }),
    user,
  })
  .meta({ id: "Tokens" });

/** The answer to `GET /users/me/export`. Without `account` … `audit` where it goes on with an export before. */
export const accountExport = z
  .object({
    exported_at: time,
    account: user.optional(),
    identities: z
      .array(z.object({ provider: z.string(), subject: z.string(), email: z.string(), created_at: time }))
      .optional(),
    second_factor: secondFactor.optional(),
    sessions: z.array(session.omit({ current: true })).optional(),
    personal_tokens: z
      .array(
        z.object({
          id,
          name: z.string(),
          scope: z.string(),
          created_at: time,
          expires_at: time,
          last_used_at: time.nullable(),
        }),
      )
      .optional(),
    workspaces: z.array(z.object({ id, name: z.string(), role: z.string(), member_since: time })).optional(),
    audit: z.array(auditEvent).optional(),
    documents: z.array(document),
    next_cursor: nextCursor,
  })
  .meta({ id: "AccountExport" });

export type LogoutScope = z.infer<typeof logout>["scope"];
export type UserBody = z.infer<typeof user>;
/** The refresh token is absent if it went into a cookie. */
export type TokensAnswer = z.infer<typeof tokens>;
export type TokensBody = TokensAnswer & { refresh_token: string };
export type AccountExport = z.infer<typeof accountExport>;
