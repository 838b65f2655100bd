/** What a member of a workspace is. An admin is an owner who can neither make nor unmake owners, nor delete. */
export type WorkspaceRole = "owner" | "admin" | "editor" | "viewer";

export const workspaceRoles = ["owner", "admin", "editor", "viewer"] as const satisfies WorkspaceRole[];

/** Whether the role lets its bearer rename the workspace, invite into it, and change who is in it. */
export const manages = (role: WorkspaceRole): boolean => role === "owner" || role === "admin";

/** Whether the role lets its bearer create documents. */
export const writes = (role: WorkspaceRole): boolean => role !== "viewer";

/**
 * Whether somebody may turn a member who is `from` into `to` (null: out of the workspace). Everybody may leave or step
 * down; that the last owner may not is the store's to say, since only the statement itself can know who is the last.
 */
export function mayChangeMember(
  actor: { role: WorkspaceRole; self: boolean },
  from: WorkspaceRole,
  to: WorkspaceRole | null,
): boolean {
  if (actor.role === "owner") return true;
  if (actor.self && to !== "owner" && (to === null || rank[to] <= rank[from])) return true;
  return actor.role === "admin" && from !== "owner" && to !== "owner";
}

const rank: Record<WorkspaceRole, number> = { viewer: 0, editor: 1, admin: 2, owner: 3 };
