import type { Mail } from "../platform/mail.ts";
import { limits } from "../protocol/limits.ts";

/**
 * Tells of an invitation. Of whoever invites it holds their address alone: the names of people and workspaces would be a
 * way to send strangers a text of one's own.
 */
export function invitationMessage(publicUrl: string, to: string, inviter: string, token: string): Mail {
  return {
    to,
    subject: "You are invited to a workspace",
    text: `${inviter} invites you to work on documents together at ${publicUrl}. To see the workspace, open this link, and sign in or make an account:

  ${publicUrl}/invitation#token=${token}

It works once, within ${limits.invitationDays} days.

If you do not know ${inviter}, do nothing.
`,
  };
}
