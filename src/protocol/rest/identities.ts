import { z } from "zod";
import { limits } from "../limits.ts";
import { cookie } from "./accounts.ts";
import { jsonObject, text, time } from "./text.ts";

/** A path of this service, for a browser to go to: whatever would lead elsewhere is none. */
const returnTo = text("return_to", { max: limits.pathUnits })
  .refine(isOwnPath, "return_to must be a path of this service that begins with /")
  .meta({
    description: "Where the browser goes afterwards; `error` is added to it if something went wrong.",
  });

/** Asked as browsers ask: `//host` and `/\host` are other hosts, and tabs and newlines in it are none. */
function isOwnPath(path: string): boolean {
  return path.startsWith("/") && URL.parse(path, "https://own.invalid")?.origin === "https://own.invalid";
}

/** What `GET /auth/oauth/google` takes. */
export const signInStart = z
  .object({
    return_to: returnTo.optional(),
    redirect_uri: text("redirect_uri", { max: limits.pathUnits })
      .pipe(z.url("redirect_uri must be a URL"))
      .optional()
      .meta({
        description:
          "For a front end of its own, which presents the code itself (POST /auth/oauth/google): on an allowed origin, or on one's own machine.",
      }),
  })
  .refine(({ return_to, redirect_uri }) => return_to === undefined || redirect_uri === undefined, {
    path: ["return_to"],
    message: "return_to is for a browser that comes back here, redirect_uri for one that does not",
  });

/** What the provider sends a browser back with (RFC 6749 §4.1.2, RFC 9207). */
export const authorizationResponse = z.object({
  state: text("state", { max: limits.oauthUnits }),
  code: text("code", { max: limits.oauthUnits }).optional(),
  error: text("error", { max: limits.oauthUnits }).optional(),
  iss: text("iss", { max: limits.oauthUnits }).optional(),
});

/** What `POST /auth/oauth/google` takes: the authorization response, from who got it on a `redirect_uri` of their own. */
export const googleSignIn = z
  .object(
    {
      code: text("code", { min: 1, max: limits.oauthUnits }),
      state: text("state", { max: limits.oauthUnits }).optional(),
      iss: text("iss", { max: limits.oauthUnits }).optional(),
      cookie,
    },
    { error: jsonObject },
  )
  .meta({ id: "GoogleSignIn" });

/** What `POST /users/me/identities/google` takes. */
export const linkStart = z
  .object({ return_to: returnTo.default("/") }, { error: jsonObject })
  .meta({ id: "LinkStart" });

export const authorization = z
  .object({ authorization_url: z.url().meta({ description: "Where to send the browser." }) })
  .meta({ id: "Authorization" });

/** Another way in than a password, to whom it belongs. */
const identity = z
  .object({
    provider: z.enum(["google"]),
    email: z.string().meta({ description: "As the provider told it when it was linked." }),
    created_at: time,
  })
  .meta({ id: "Identity" });

export const identityList = z.object({ items: z.array(identity) }).meta({ id: "IdentityList" });
