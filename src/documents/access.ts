import type { Role } from "../protocol/server-frames.ts";
import { manages, type WorkspaceRole } from "../workspaces/roles.ts";

/** By what a person may be in a document: null is not at all. */
export interface Standing {
  workspaceRole: WorkspaceRole | null;
  /** A grant in this document alone. */
  grantedRole: "editor" | "viewer" | null;
  /** The most that a link which they opened gives, while it is valid. */
  linkRole: "editor" | "viewer" | null;
  /** Whether one of these links also shows the history. */
  linkHistory: boolean;
}

/**
 * AU-4: what a person is in a document, decided here alone, for REST and for sockets, before its room is touched: the
 * most that their workspace, a grant in the document, or having made it gives them. Who made a document keeps it for as
 * long as they write in its workspace. Undefined: nothing, and it looks to them as if there were no such document.
 */
export function roleIn(
  document: { ownerId: string },
  userId: string,
  { workspaceRole, grantedRole, linkRole }: Omit<Standing, "linkHistory">,
): Role | undefined {
  if (workspaceRole && manages(workspaceRole)) return "owner";
  if (workspaceRole === "editor") return document.ownerId === userId ? "owner" : "editor";
  if (grantedRole === "editor" || linkRole === "editor") return "editor";
  return (workspaceRole ?? grantedRole ?? linkRole) === null ? undefined : "viewer";
}

/** Whether they may read how the text came to be: all but those who are there by a link that does not show it. */
export function readsHistory({ workspaceRole, grantedRole, linkHistory }: Standing): boolean {
  return workspaceRole !== null || grantedRole !== null || linkHistory;
}

/** What is asked of whom: reading of every role, history of who may read it, writing of editors, the rest of owners. */
export type Need = "read" | "history" | "write" | "manage";

/** Whether the role is enough. */
export function suffices(role: Role, need: Need): boolean {
  if (need === "manage") return role === "owner";
  return need === "read" || need === "history" || role !== "viewer";
}
