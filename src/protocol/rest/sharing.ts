import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { id, text, time } from "./text.ts";

const object = (issue: { input: unknown }) =>
  issue.input === undefined ? "a JSON body is required" : "the body must be a JSON object";

const role = z
  .enum(["editor", "viewer"], "role must be editor or viewer")
  .meta({ description: "Editors write, viewers read." });

/** What `PUT /documents/{id}/grants` takes. */
export const newGrant = z
  .object(
    {
      email: text("email", { max: limits.emailUnits, trim: true })
        .pipe(z.email("email must be an e-mail address"))
        .meta({ description: "Of somebody's account, who has confirmed it." }),
      role,
    },
    { error: object },
  )
  .meta({ id: "NewGrant" });

/** What somebody may do in one document, whatever they are in its workspace. */
export const grant = z
  .object({ user_id: id, name: z.string(), email: z.string(), role, granted_by: id, created_at: time })
  .meta({ id: "Grant" });

export const grantPage = z
  .object({ items: z.array(grant), next_cursor: nextCursor })
  .meta({ id: "GrantPage" });

export type GrantBody = z.infer<typeof grant>;
