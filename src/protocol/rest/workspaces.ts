import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { id, jsonObject, line, text, time } from "./text.ts";

const name = line("name", limits.nameUnits);
const role = z
  .enum(["owner", "admin", "editor", "viewer"], "role must be owner, admin, editor or viewer")
  .meta({ description: "An admin is an owner who can neither make nor unmake owners, nor delete." });

/** What `POST /workspaces` takes. */
export const newWorkspace = z.object({ name }, { error: jsonObject }).meta({ id: "NewWorkspace" });

/** What `PATCH /workspaces/{id}` takes. */
export const workspaceChange = z.object({ name }, { error: jsonObject }).meta({ id: "WorkspaceChange" });

export const workspace = z
  .object({
    id,
    name: z.string(),
    personal: z.boolean().meta({ description: "The one that every person has: it has no other members." }),
    role: role.meta({ description: "What you are in it." }),
    created_at: time,
    deleted_at: time
      .nullable()
      .meta({ description: "Set while it waits to be erased; its owners can still bring it back." }),
  })
  .meta({ id: "Workspace" });

export const workspacePage = z
  .object({ items: z.array(workspace), next_cursor: nextCursor })
  .meta({ id: "WorkspacePage" });

export const member = z
  .object({ user_id: id, name: z.string(), email: z.string(), role, created_at: time })
  .meta({ id: "Member" });

export const memberPage = z
  .object({ items: z.array(member), next_cursor: nextCursor })
  .meta({ id: "MemberPage" });

/** What `PATCH /workspaces/{id}/members/{user_id}` takes. */
export const memberChange = z.object({ role }, { error: jsonObject }).meta({ id: "MemberChange" });

/** What `POST /workspaces/{id}/transfer` takes. */
export const transfer = z
  .object(
    { user_id: id.meta({ description: "A member, who becomes owner in your place." }) },
    { error: jsonObject },
  )
  .meta({ id: "Transfer" });

/** What `POST /workspaces/{id}/invitations` takes. */
export const newInvitation = z
  .object(
    {
      email: text("email", { max: limits.emailUnits, trim: true }).pipe(
        z.email("email must be an e-mail address"),
      ),
      role: z.enum(["admin", "editor", "viewer"], "role must be admin, editor or viewer"),
    },
    { error: jsonObject },
  )
  .meta({ id: "NewInvitation" });

export const invitation = z
  .object({
    id,
    email: z.string(),
    role: z.enum(["admin", "editor", "viewer"]),
    invited_by: id,
    created_at: time,
    expires_at: time,
  })
  .meta({ id: "Invitation" });

export const invitationPage = z
  .object({ items: z.array(invitation), next_cursor: nextCursor })
  .meta({ id: "InvitationPage" });

/** What `POST /invitations/accept` takes. */
export const acceptance = z
  .object({ token: text("token", { min: 1, max: limits.refreshTokenUnits }) }, { error: jsonObject })
  .meta({ id: "Acceptance" });

export type WorkspaceBody = z.infer<typeof workspace>;
export type MemberBody = z.infer<typeof member>;
export type InvitationBody = z.infer<typeof invitation>;
