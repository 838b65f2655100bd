import type { Webhook } from "../../client/index.ts";

export type WebhookEvent = NonNullable<Webhook["events"]>[number];

/** What a webhook can hear of, and what it is to people. */
export const webhookEvents: Record<WebhookEvent, string> = {
  "documents.created": "a document is made",
  "documents.updated": "a title or a text changes",
  "documents.deleted": "a document goes to the trash",
  "documents.restored": "a document comes back from the trash",
  "documents.erased": "a document is erased for good",
  "documents.shared": "a document is shared, or no longer",
  "workspaces.created": "the workspace is made",
  "workspaces.updated": "the workspace is renamed",
  "workspaces.deleted": "the workspace is deleted",
  "workspaces.restored": "the workspace is brought back",
  "members.invited": "somebody is invited",
  "members.added": "somebody joins",
  "members.changed": "somebody gets another role",
  "members.removed": "somebody leaves or is removed",
};
