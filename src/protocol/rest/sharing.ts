import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { id, jsonObject, line, text, time } from "./text.ts";

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
    { error: jsonObject },
  )
  .meta({ id: "NewGrant" });

/** What somebody may do in one document, whatever they are in its workspace. */
export const grant = z
  .object({ user_id: id, name: z.string(), email: z.string(), role, granted_by: id, created_at: time })
  .meta({ id: "Grant" });

export const grantPage = z
  .object({ items: z.array(grant), next_cursor: nextCursor })
  .meta({ id: "GrantPage" });

const linkName = line("name", limits.nameUnits);
const linkFields = {
  name: linkName.meta({ description: "For people to tell links apart." }),
  role,
  history: z
    .boolean("history must be true or false")
    .meta({ description: "Whether those who come by it may read how the text came to be." }),
  guests: z
    .boolean("guests must be true or false")
    .meta({ description: "Whether it lets in people who are not signed in." }),
  expires_at: z.iso
    .datetime("expires_at must be a time in UTC, as 2030-01-31T12:00:00Z")
    .nullable()
    .meta({ description: "When it ends; null: when it is revoked." }),
};

/** What `POST /documents/{id}/share-links` takes. */
export const newShareLink = z
  .object(
    {
      ...linkFields,
      history: linkFields.history.default(false),
      guests: linkFields.guests.default(false),
      expires_at: linkFields.expires_at.default(null),
    },
    { error: jsonObject },
  )
  .meta({ id: "NewShareLink" });

/** What `PATCH /documents/{id}/share-links/{link_id}` takes. */
export const shareLinkChange = z
  .object(linkFields, { error: jsonObject })
  .partial()
  .refine((change) => Object.keys(change).length > 0, "something to change is required")
  .meta({ id: "ShareLinkChange" });

export const shareLink = z
  .object({
    id,
    document_id: id,
    name: z.string(),
    role,
    history: z.boolean(),
    guests: z.boolean(),
    created_by: id,
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "ShareLink" });

export const createdShareLink = shareLink
  .extend({ token: z.string(), url: z.string().meta({ description: "What to give to people." }) })
  .meta({ id: "CreatedShareLink" });

export const shareLinkPage = z
  .object({ items: z.array(shareLink), next_cursor: nextCursor })
  .meta({ id: "ShareLinkPage" });

/** What `POST /share-links/open` takes. */
export const linkOpening = z
  .object(
    {
      token: text("token", { min: 1, max: limits.linkTokenUnits }),
      name: linkName.optional().meta({ description: "How a guest wants to be called; users have a name." }),
    },
    { error: jsonObject },
  )
  .meta({ id: "LinkOpening" });

export const openedLink = z
  .object({
    document_id: id,
    role,
    history: z.boolean(),
    guest: z
      .object({
        user_id: id.meta({ description: "Who you are in this document." }),
        name: z.string(),
        access_token: z.string().meta({
          description: "For this document, over REST and sockets, in the place of an access token.",
        }),
        expires_at: time,
      })
      .nullable()
      .meta({ description: "Null for who is signed in." }),
  })
  .meta({ id: "OpenedLink" });

export type ShareLinkBody = z.infer<typeof shareLink>;
export type GrantBody = z.infer<typeof grant>;
