import type { Role } from "../protocol/server-frames.ts";
import { manages, type WorkspaceRole } from "../workspaces/roles.ts";

/** By what a person may be in a document: null is not at all. */
export interface Standing {
  workspaceRole: WorkspaceRole | null;
  /** A grant in this document alone. */
  grantedRole: "editor" | "viewer" | null;
}

/**
 * AU-4: what a person is in a document, decided here alone, for REST and for sockets, before its room is touched: the
 * most that their workspace, a grant in the document, or having made it gives them. Who made a document keeps it for as
 * long as they write in its workspace. Undefined: nothing, and it looks to them as if there were no such document.
 */
export function roleIn(
  document: { ownerId: string },
  userId: string,
  { workspaceRole, grantedRole }: Standing,
): Role | undefined {
  if (workspaceRole && manages(workspaceRole)) return "owner";
  if (workspaceRole === "editor") return document.ownerId === userId ? "owner" : "editor";
  if (grantedRole === "editor") return "editor";
  return workspaceRole === "viewer" ? "viewer" : (grantedRole ?? undefined);
}

/** What is asked of whom: reading of every role, writing of editors, the rest of owners. */
export type Need = "read" | "write" | "manage";

/** Whether the role is enough. */
export function suffices(role: Role, need: Need): boolean {
  if (need === "manage") return role === "owner";
  return need === "read" || role !== "viewer";
}
