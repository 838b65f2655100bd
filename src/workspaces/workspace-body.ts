import type { WorkspaceBody } from "../protocol/rest/workspaces.ts";
import type { Workspace } from "./workspaces.ts";

/** A workspace as its members are told of it. */
export function workspaceBody({
  id,
  name,
  personalUserId,
  role,
  createdAt,
  deletedAt,
}: Workspace): WorkspaceBody {
  return {
    id,
    name,
    personal: personalUserId !== null,
    role,
    created_at: new Date(createdAt).toISOString(),
    deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
  };
}
